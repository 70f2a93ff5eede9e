"""A consumer of the event stream: counts how many scores each learner was given, and how many still count.

    MASTERY_KAFKA_SERVERS=127.0.0.1:9092 python examples/consumer.py mastery.events

It reads the topic from its beginning to its end, passes over events and fields that it does not know, and over
events that it has seen: the stream repeats some after a fault.
"""

import json
import os
import sys
from collections import Counter

from kafka import KafkaConsumer, TopicPartition


def count_scores(servers: str, topic: str) -> dict[str, int]:
    """Return learner -> scores in force."""
    consumer = KafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    seen: set[str] = set()
    scores: Counter[str] = Counter()
    while any(consumer.position(one) < ends[one] for one in partitions):
        for messages in consumer.poll(timeout_ms=500).values():
            for message in messages:
                header = {name: value.decode() for name, value in message.headers}
                if header["ce_id"] in seen:
                    continue
                seen.add(header["ce_id"])
                match header["ce_type"]:
                    case "score.given.v1":
                        scores[json.loads(message.value)["learner_id"]] += 1
                    case "score.voided.v1":
                        scores[json.loads(message.value)["learner_id"]] -= 1
    consumer.close()
    return dict(scores)


if __name__ == "__main__":
    print(json.dumps(count_scores(os.environ["MASTERY_KAFKA_SERVERS"], sys.argv[1]), indent=1, sort_keys=True))

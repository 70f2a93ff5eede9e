"""The sample consumer builds its own table from the topic, and passes over what it does not know."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from kafka import KafkaProducer

from infra.postgres.event_store import EventStore
from infra.settings import PublisherSettings
from tests.projectors.feeding import append, project, select
from tests.publisher.broker import Broker
from tests.publisher.test_publisher import publishing, wait_for
from tests.query_api.histories import whole_learner

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
EXAMPLE = Path(__file__).parents[2] / "examples/consumer.py"
FUTURE = [("ce_id", b"from-a-later-release"), ("ce_type", b"score.dreamt.v9"), ("ce_mood", b"bright")]
LATER = [("ce_id", b"another"), ("ce_type", b"score.given.v1")]


def consume(servers: str, topic: str) -> dict[str, int]:
    """Run the sample and return its table."""
    command = [sys.executable, str(EXAMPLE), topic]
    own = {**os.environ, "MASTERY_KAFKA_SERVERS": servers}
    table: dict[str, int] = json.loads(subprocess.check_output(command, timeout=60, env=own))
    return table


async def test_the_sample_consumer_equals_the_read_model_and_outlives_what_it_does_not_know(
    database: str, store: EventStore, kafka: Broker, settings: PublisherSettings
) -> None:
    await append(store, *whole_learner())
    project(database)
    topic = settings.kafka_topic_prefix + "events"
    with publishing(database, settings):
        wait_for(database, topic, await store.head())
    producer = KafkaProducer(bootstrap_servers=kafka.address)
    producer.send(topic, key=b"l7", value=b'{"hue": "blue"}', headers=FUTURE)
    producer.send(topic, key=b"l8", value=b'{"learner_id": "l8", "hue": "blue"}', headers=LATER)
    producer.close()
    told = consume(kafka.address, topic)
    in_force = (
        "SELECT learner_id, count(*)::int AS scores FROM read_model.score WHERE ended_by IS DISTINCT FROM 'voided'"
    )
    rows = select(database, f"{in_force} AND revision = 1 GROUP BY 1")
    assert told == {row["learner_id"]: row["scores"] for row in rows} | {"l8": 1}

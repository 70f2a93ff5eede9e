"""A real Apache Kafka for tests, by `scripts/kafka`, in a folder and on ports of its own."""

import os
import random
import shutil
import socket
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, TopicPartition

ROOT = Path(__file__).parents[2]
KAFKA = ROOT / "scripts/kafka"
TIMEOUT_S = 300


@dataclass(frozen=True)
class Broker:
    """One broker."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def do(self, verb: str) -> subprocess.CompletedProcess[str]:
        """Run `scripts/kafka`; output goes to files, for the broker keeps what it inherits open."""
        own = {"MASTERY_KAFKA_DIR": str(self.folder), "MASTERY_KAFKA_PORT": str(self.port)}
        return subprocess.run(
            [KAFKA, verb], check=False, capture_output=True, text=True, env={**os.environ, **own}, timeout=TIMEOUT_S
        )

    def start(self) -> None:
        done = self.do("start")
        assert done.returncode == 0, done.stderr

    def stop(self) -> None:
        assert self.do("stop").returncode == 0

    def messages(self, topic: str) -> list[Any]:
        """Return every message of a topic, each partition in order."""
        consumer = KafkaConsumer(bootstrap_servers=self.address, auto_offset_reset="earliest", consumer_timeout_ms=200)
        try:
            partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
            consumer.assign(partitions)
            ends = consumer.end_offsets(partitions)
            found = []
            while any(consumer.position(one) < ends[one] for one in partitions):
                for batch in consumer.poll(timeout_ms=200).values():
                    found += batch
            return found
        finally:
            consumer.close()

    def by_key(self, topic: str) -> dict[str, list[Any]]:
        """Return the messages of each key, in order."""
        answer = defaultdict(list)
        for message in self.messages(topic):
            answer[message.key.decode()].append(message)
        return dict(answer)


def header(message: Any, name: str) -> str:
    """Return a header of a message."""
    return str(dict(message.headers)[name], "utf-8")


def why_not() -> str | None:
    """Say why there is no broker here; None: there can be one."""
    missing = [program for program in ("java", "mvn") if shutil.which(program) is None]
    if missing:
        return f"{' and '.join(missing)} not installed, so there is no Kafka"
    fetched = Broker(ROOT / ".kafka", 0).do("fetch")
    return f"Maven can't fetch Kafka: {fetched.stdout[-200:]}{fetched.stderr[-200:]}" if fetched.returncode else None


def free_port() -> int:
    """Return a port that is free with the one after it.

    It lies below those that the system gives out: a client that keeps on knocking at a port of those while nobody
    listens may be given that very port, and talk to itself.
    """
    while True:
        port = random.randrange(20_000, 30_000, 2)
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", port))
                other.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


@contextmanager
def broker(folder: Path) -> Iterator[Broker]:
    """Run a broker; its programs are those of the checkout, its data lie in the folder."""
    (folder / "libraries").symlink_to(ROOT / ".kafka/libraries")
    running = Broker(folder, free_port())
    running.start()
    try:
        yield running
    finally:
        running.stop()

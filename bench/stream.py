"""The stream: publisher, projectors that follow it, from an append to a consumer, Parquet export, on a real broker.

Run `python -m bench.stream [--events 1000000]`; needs Java and Maven, as `scripts/kafka`.
"""

import argparse
import asyncio
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import psycopg
import structlog
from adbc_driver_postgresql import dbapi
from kafka import KafkaConsumer, TopicPartition
from psycopg.conninfo import make_conninfo

from bench.common import bench_server, fresh_database, machine, medians, seconds
from bench.lanes import measure_workers
from bench.projectors import fill_log
from bench.visible import WARM_UP_S, Saved, save, waits
from infra.postgres.embedded import EmbeddedServer
from infra.settings import PublisherSettings
from schemas.asyncapi import EVENTS_TOPIC
from services.exporter.parquet import export
from services.exporter.tables import EVENTS
from services.publisher.feeds import Message, read_events
from services.publisher.publisher import COMPACTED, log_feed, open_producer, publish
from tests.publisher.broker import Broker, broker

PUBLISHER: Final = """
import logging, sys, structlog
from infra.settings import PublisherSettings
from services.publisher.publisher import main
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
main(sys.argv[1], PublisherSettings())
"""
ROWS: Final = EVENTS.format(as_of="'infinity'")
WAIT_S: Final = 60
WORKERS_EVENTS_MIN: Final = 200_000
"""Fewer events are done before all workers are at work."""
_NUMBERS = count(1)


def settings_of(kafka: Broker) -> PublisherSettings:
    """Return the settings of a publisher with topics of its own."""
    return PublisherSettings(kafka_servers=kafka.address, kafka_topic_prefix=f"bench{next(_NUMBERS)}.")


class Publishing:
    """A log and a broker that it is published to; every round has topics of its own."""

    def __init__(self, conninfo: str, kafka: Broker, events: int) -> None:
        self._conninfo, self._kafka, self._events = conninfo, kafka, events

    def ours(self) -> float:
        """Return the events a second that the publisher takes from the log to acknowledged messages."""
        settings = settings_of(self._kafka)
        with self._connect() as connection, open_producer(settings, COMPACTED) as producer:
            feed, start = log_feed(settings), time.perf_counter()
            while publish(connection, producer, feed, settings.kafka_topic_prefix):
                pass
            return self._events / (time.perf_counter() - start)

    def client(self) -> float:
        """Return the events a second of the same client with the same messages, all of them in memory already."""
        settings = settings_of(self._kafka)
        with self._connect() as connection, open_producer(settings, COMPACTED) as producer:
            messages = read_events(connection, 0, self._events, settings.stream_source).messages
            topic = settings.kafka_topic_prefix + EVENTS_TOPIC

            def send(one: Message) -> None:
                producer.send(topic, key=one.key, value=one.value, headers=one.headers)

            start = time.perf_counter()
            for message in messages:
                send(message)
            producer.flush()
            return self._events / (time.perf_counter() - start)

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._conninfo, autocommit=True)


class Consumer(threading.Thread):
    """Notes when each position came out of the topic of all events: (position, time)."""

    def __init__(self, settings: PublisherSettings) -> None:
        super().__init__()
        self.seen: list[tuple[int, float]] = []
        self._settings = settings
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Consume until asked to stop."""
        topic = self._settings.kafka_topic_prefix + EVENTS_TOPIC
        consumer = KafkaConsumer(bootstrap_servers=self._settings.servers, auto_offset_reset="earliest")
        while not (numbers := consumer.partitions_for_topic(topic)):
            time.sleep(0.1)
        consumer.assign([TopicPartition(topic, number) for number in numbers])
        while not self._stop_asked.is_set():
            for messages in consumer.poll(timeout_ms=100).values():
                now = time.perf_counter()
                self.seen += [(int(dict(one.headers)["ce_sequence"]), now) for one in messages]
        consumer.close()

    def wait_for(self, events: int) -> None:
        """Return when so many events were seen."""
        given_up_at = time.monotonic() + WAIT_S
        while len(self.seen) < events:
            assert time.monotonic() < given_up_at, f"{len(self.seen)} of {events} events came out"
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask to stop and wait for it."""
        self._stop_asked.set()
        self.join()


def publisher(conninfo: str, settings: PublisherSettings) -> subprocess.Popen[bytes]:
    """Start a publisher's process."""
    own = {
        "MASTERY_KAFKA_SERVERS": str(settings.kafka_servers),
        "MASTERY_KAFKA_TOPIC_PREFIX": settings.kafka_topic_prefix,
    }
    return subprocess.Popen([sys.executable, "-c", PUBLISHER, conninfo], env={**os.environ, **own})  # noqa: S603


def measure_arrival(server: EmbeddedServer, kafka: Broker, seconds_of_load: float) -> dict[str, Any]:
    """Return milliseconds from the beginning of an append until a consumer has it, and what a lost broker costs.

    Appends are measured with the broker up and down, before, between and after one another.
    """
    conninfo, settings = server.conninfo("mastery_app", fresh_database(server)), settings_of(kafka)
    consumer, load_s = Consumer(settings), seconds_of_load / 2
    with publisher(conninfo, settings) as process:
        consumer.start()
        consumer.wait_for(len(asyncio.run(save(conninfo, WARM_UP_S))))
        before = len(consumer.seen)
        up = asyncio.run(save(conninfo, load_s))
        consumer.wait_for(before + len(up))
        taken = sorted(waits(up, sorted(consumer.seen)))
        consumer.stop()
        kafka.stop()
        down = asyncio.run(save(conninfo, load_s))
        kafka.start()
        time.sleep(WARM_UP_S)
        up += asyncio.run(save(conninfo, load_s))
        kafka.stop()
        down += asyncio.run(save(conninfo, load_s))
        process.kill()
    kafka.start()
    figures = {"commands": len(taken), "p50_ms": round(median(taken), 1), "p99_ms": _p99(taken)}
    appends = {"broker_up_p99_ms": _p99(_appends(up)), "broker_down_p99_ms": _p99(_appends(down))}
    times = round(appends["broker_down_p99_ms"] / appends["broker_up_p99_ms"], 2)
    return {"append_to_consumer": figures, "append": appends | {"down_times_up": times}}


def _appends(saved: list[Saved]) -> list[float]:
    return [(one.done - one.begun) * 1000 for one in saved]


def _p99(values: list[float]) -> float:
    return round(quantiles(values, n=100)[98], 1)


def measure_publisher(conninfo: str, kafka: Broker, events: int, rounds: int) -> dict[str, Any]:
    """Return events a second of the publisher and of the client alone, and their ratio."""
    both = Publishing(conninfo, kafka, events)
    figures = medians({"ours": both.ours, "client_from_memory": both.client}, rounds)
    return _told(figures, "client_from_memory")


def measure_export(conninfo: str, events: int, rounds: int) -> dict[str, Any]:
    """Return events a second of the export to Parquet and of a bare fetch of the same rows, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        names = (Path(folder) / str(number) for number in count())

        def fetch() -> None:
            with dbapi.connect(make_conninfo(conninfo)) as connection, connection.cursor() as cursor:
                cursor.execute(ROWS)
                assert len(cursor.fetch_arrow_table()) == events

        contenders = {
            "ours": lambda: events / seconds(lambda: export(conninfo, next(names), None)),
            "adbc_to_arrow": lambda: events / seconds(fetch),
        }
        return _told(medians(contenders, rounds), "adbc_to_arrow")


def _told(figures: dict[str, float], other: str) -> dict[str, Any]:
    times = round(figures["ours"] / figures[other], 2)
    return {"events_per_second": {name: round(value) for name, value in figures.items()}, f"times_{other}": times}


def run(events: int = 30_000, load_s: float = 8.0, rounds: int = 3) -> dict[str, Any]:
    """Measure all."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with bench_server() as server, tempfile.TemporaryDirectory() as folder, broker(Path(folder)) as kafka:
        conninfo = server.conninfo("mastery_app", fresh_database(server))
        fill_log(conninfo, events)
        return {
            "events": events,
            "publisher": measure_publisher(conninfo, kafka, events, rounds),
            "export": measure_export(conninfo, events, rounds),
            "projectors": measure_workers(server, settings_of(kafka), max(events, WORKERS_EVENTS_MIN)),
            **measure_arrival(server, kafka, load_s),
            **machine(),
        }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=30_000)
    parser.add_argument("--seconds", type=float, default=8.0)
    asked = parser.parse_args()
    print(json.dumps(run(asked.events, asked.seconds), indent=2))


if __name__ == "__main__":
    main()

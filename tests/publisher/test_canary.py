"""What is personal stays in the ledger: a canary in every personal field is in no topic, webhook, file or log line."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
import psycopg
import pyarrow.parquet as pq
import pytest

from domain.kernel.ids import WebhookId
from domain.webhook.events import WebhookRegistered
from infra.postgres.event_store import Append, EventStore
from infra.settings import PublisherSettings
from schemas.registry import EVENTS, UPCASTERS
from services.exporter.parquet import export
from services.projectors.models import MODELS
from services.publisher.publisher import COMPACTED
from tests.docs.published import GOLDEN
from tests.docs.test_published import with_canaries
from tests.journeys.receiver import courier, receiving
from tests.projectors.feeding import TEACHER
from tests.publisher.broker import Broker
from tests.publisher.test_publisher import wait_for
from tests.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
CANARY: Final = "CANARY"
META: Final = {"actor": {"id": "t1", "role": "teacher"}, "reason": {"code": "typing-error", "text": CANARY}}
STORE: Final = """
    INSERT INTO ledger.event
        (position, recorded_at, stream, version, type, event_id, learner_id, occurred_at, meta, data)
    VALUES (%s, now(), %s, 1, %s, gen_random_uuid(), %s, now(), %s, %s)
"""
LOGS: Final = "from infra.logs import configure_logs; configure_logs('console')\n"
PUBLISH: Final = """
import sys
from infra.settings import PublisherSettings
from services.publisher.publisher import main
main(sys.argv[1], PublisherSettings())
"""
PROJECT: Final = "import sys; from services.projectors.runner import main; main(*sys.argv[1:])"
PROJECTED: Final = "SELECT count(*) FROM read_model.projector WHERE position >= %s AND generation IS NOT NULL"


@contextmanager
def program(code: str, log: Path, *words: str, **environment: str) -> Iterator[None]:
    """Run a program that writes its log lines to a file."""
    with log.open("ab") as out:
        command = [sys.executable, "-c", LOGS + code, *words]
        with subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **environment}) as process:
            try:
                yield
            finally:
                process.terminate()


def store_canaries(database: str, after: int) -> int:
    """Append every event that was ever stored, with canaries; return the last position."""
    with psycopg.connect(database, autocommit=True) as connection:
        lines = [orjson.loads(line) for line in GOLDEN.read_bytes().splitlines()]
        for position, line in enumerate(lines, after + 1):
            event = EVENTS[UPCASTERS.get(line["type"], (line["type"],))[0]]
            data = with_canaries(line["data"], event, old=line["type"] in UPCASTERS)
            words = (orjson.dumps(META).decode(), orjson.dumps(data).decode())
            about = data.get("learner_id")
            connection.execute(STORE, (position, f"canary-{position}", line["type"], about, *words))
    return after + len(lines)


def count(database: str, query: str, *values: Any) -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_canary_in_every_personal_field_is_in_no_topic_webhook_file_or_log(
    database: str, store: EventStore, kafka: Broker, settings: PublisherSettings, tmp_path: Path
) -> None:
    log, prefix = tmp_path / "log", settings.kafka_topic_prefix
    servers = {"MASTERY_KAFKA_SERVERS": str(settings.kafka_servers), "MASTERY_KAFKA_TOPIC_PREFIX": prefix}
    with receiving() as receiver, ExitStack() as programs:
        hook = WebhookRegistered(webhook_id=WebhookId("own"), url=receiver.url)
        await store.append(Append("webhook-own", 0, [hook], datetime(2026, 1, 1, tzinfo=UTC), TEACHER))
        head = store_canaries(database, 1)
        for name in MODELS:
            programs.enter_context(program(PROJECT, log, database, name))
        until(lambda: count(database, PROJECTED, head) == len(MODELS))
        programs.enter_context(program(PUBLISH, log, database, **servers))
        programs.enter_context(courier(database, tmp_path, log))
        wait_for(database, f"{prefix}events", head)
        until(lambda: len(receiver.messages) >= head - 1)
        export(database, tmp_path / "out", None)
    topics = {name: str(kafka.messages(prefix + name)) for name in COMPACTED}
    told = {**topics, "webhook": str(receiver.messages), "log": log.read_text(), "files": _files(tmp_path / "out")}
    assert [name for name, text in told.items() if CANARY in text] == []
    assert [name for name in ("events", "policies", "webhook", "files") if "policy.drafted.v1" not in told[name]] == []
    assert count(database, "SELECT count(*) FROM ledger.event WHERE data::text LIKE '%%CANARY%%'") > 10


def _files(folder: Path) -> str:
    """Return all that is in the files of an export, as text."""
    manifest = [path.read_text() for path in folder.rglob("*.json")]
    files = [f"{path}\n{pq.read_table(path).to_pylist()}" for path in folder.rglob("*.parquet")]
    return "\n".join([*manifest, *files])

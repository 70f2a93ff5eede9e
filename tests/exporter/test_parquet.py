"""Exports of a real ledger, read by DuckDB."""

import hashlib
import json
import re
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pytest

from domain.kernel.errors import Refused
from infra.postgres.event_store import EventStore
from services.demo.district import fill, generate
from services.exporter.parquet import export
from tests.projectors.feeding import append, project, select
from tests.query_api.histories import fact, whole_learner

pytestmark = pytest.mark.anyio
QUERIES = re.findall(r"```sql\n(.*?)```", (Path(__file__).parents[2] / "docs/warehouse.md").read_text(), re.DOTALL)


def ask(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask DuckDB in a folder."""
    with duckdb.connect(config={"file_search_path": str(folder)}) as warehouse:
        return warehouse.execute(query).fetchall()


async def ledger(store: EventStore, database: str) -> None:
    """Fill a ledger with a learner who has personal words in many events, and project it."""
    words = fact("learner-l9", "2025-12-01", "learner.registered.v1", learner_id="l9", display_name="CANARY")
    await append(store, *whole_learner(), words)
    project(database)


@pytest.mark.need("NEED-83")
async def test_a_warehouse_finds_every_event_and_row_that_the_manifest_tells(
    store: EventStore, database: str, tmp_path: Path
) -> None:
    await ledger(store, database)
    manifest = export(database, tmp_path / "out", None)
    assert manifest == json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["positions"]["log"] == manifest["tables"]["events"]["rows"] == await store.head()
    for told in manifest["tables"].values():
        for file in told["files"]:
            path = tmp_path / "out" / file["path"]
            assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
    counted = ask(tmp_path / "out", "SELECT type, count(*) FROM 'events/*/*.parquet' GROUP BY ALL ORDER BY ALL")
    stored = select(database, 'SELECT type, count(*) FROM ledger.event GROUP BY type ORDER BY type COLLATE "C"')
    assert counted == [tuple(row.values()) for row in stored]


async def test_levels_in_the_warehouse_are_those_of_the_read_model(
    store: EventStore, database: str, tmp_path: Path
) -> None:
    await ledger(store, database)
    export(database, tmp_path / "out", None)
    columns = "learner_id, competency_id, effective_level, value_micro"
    told = ask(tmp_path / "out", f"SELECT {columns} FROM 'mastery/*.parquet' ORDER BY ALL")
    live = "generation = (SELECT generation FROM read_model.live WHERE projector = 'mastery')"
    rows = select(database, f"SELECT {columns} FROM read_model.current_mastery WHERE {live} ORDER BY 1, 2")
    assert told == [tuple(row.values()) for row in rows]
    assert [row[:3] for row in told] == [("l1", "m1", "advanced")]


async def test_nothing_personal_is_in_any_file(store: EventStore, database: str, tmp_path: Path) -> None:
    await ledger(store, database)
    export(database, tmp_path / "out", None)
    assert ask(
        tmp_path / "out", "SELECT data FROM 'events/type=learner.registered.v1/*.parquet' WHERE learner_id = 'l9'"
    ) == [('{"learner_id":"l9"}',)]
    assert ask(tmp_path / "out", "SELECT count(*) FROM 'events/*/*.parquet' WHERE contains(data, 'CANARY')") == [(0,)]


async def test_two_exports_of_one_position_are_equal_byte_for_byte(
    store: EventStore, database: str, tmp_path: Path
) -> None:
    await ledger(store, database)
    assert export(database, tmp_path / "a", None) == export(database, tmp_path / "b", None)


async def test_as_of_a_day_only_what_had_occurred_is_there_and_no_levels(
    store: EventStore, database: str, tmp_path: Path
) -> None:
    await ledger(store, database)
    day = datetime(2025, 11, 15, tzinfo=UTC)
    manifest = export(database, tmp_path / "out", day)
    latest = ask(
        tmp_path / "out", "SELECT max(occurred_at) <= '2025-11-15T00:00:00Z'::timestamptz FROM 'events/*/*.parquet'"
    )
    assert (latest, "mastery" in manifest["tables"]) == ([(True,)], False)
    assert 0 < manifest["tables"]["events"]["rows"] < await store.head()


async def test_an_export_does_not_mix_with_what_is_there(store: EventStore, database: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is there already"):
        export(database, tmp_path, None)


async def test_each_query_of_the_docs_finds_something_in_a_district(
    store: EventStore, database: str, tmp_path: Path
) -> None:
    await fill(store, islice(generate(2026), 6_000), lambda _: None)
    project(database)
    export(database, tmp_path / "out", None)
    answers = [ask(tmp_path / "out", query) for query in QUERIES]
    assert [len(answer) > 0 for answer in answers] == [True] * 4
    assert {kind for kind, *_ in answers[0]} >= {"project", "quiz"}

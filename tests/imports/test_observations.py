from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from domain.evidence.events import ScoreGiven
from domain.kernel.errors import Invalid
from infra.postgres.event_store import Append, EventStore
from services.importers.observations import import_observations
from tests.imports.conftest import IMPORTER, NOW
from tests.sample import FRAMEWORK, META, SCALE

pytestmark = pytest.mark.anyio
GOOD: Final = (
    '{"learner_id":"l-1","competency_id":"4.NF.1","kind":"quiz","value":"3","occurred_at":"2026-03-01T10:00:00Z"}'
)


@pytest.fixture
async def published(store: EventStore) -> EventStore:
    await store.append(Append("scale-four-point", 0, [SCALE], NOW, META))
    await store.append(Append("framework-math-4", 0, [FRAMEWORK], NOW, META))
    return store


async def test_ndjson_lines_become_evidence_with_its_score(published: EventStore, tmp_path: Path) -> None:
    path = tmp_path / "scores.ndjson"
    path.write_text(f"{GOOD}\n\n{GOOD.replace('l-1', 'l-2')}", encoding="utf-8")
    report = await import_observations(published, path, actor=IMPORTER, now=NOW)
    assert dict(report.events) == {"evidence.submitted.v1": 2, "score.given.v1": 2}
    again = await import_observations(published, path, actor=IMPORTER, now=NOW)
    assert (again.added, again.repeated) == (0, 2)


async def test_bad_lines_are_reported_by_line_and_rule_without_losing_the_good_ones(
    published: EventStore, tmp_path: Path
) -> None:
    lines = (
        GOOD,
        "{",
        GOOD.replace('"3"', '"5"'),
        GOOD.replace('"3"', "NaN"),
        GOOD.replace("4.NF.1", "9.X"),
        GOOD.replace("Z", ""),
        GOOD.replace("2026-03-01", "2026-04-01"),
        GOOD.replace("{", '{"actor":"me",'),
        GOOD.replace("{", '{"colour":"red",'),
        GOOD.replace("l-1", "l-9"),
        GOOD.replace("quiz", "x" * 70_000),
    )
    path = tmp_path / "scores.ndjson"
    path.write_text("\n".join(lines), encoding="utf-8")
    report = await import_observations(published, path, actor=IMPORTER, now=NOW)
    assert [(row.line, row.rule) for row in report.bad][:8] == [
        (2, "malformed"),
        (3, "score-outside-scale"),
        (4, "score-not-a-number"),
        (5, "competency-unknown"),
        (6, "occurred-without-zone"),
        (7, "occurred-in-future"),
        (8, "server-sets-it"),
        (9, "malformed"),
    ]
    assert [(row.line, row.rule) for row in report.bad[8:]] == [(11, "too-large")]
    assert report.added == 2


async def test_csv_columns_are_mapped_to_fields_and_others_left_out(published: EventStore, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(
        "student,standard,kind,points,when,teacher,role,note,context\n"
        'l-1,4.NF.1,quiz,2.5,2026-03-01T10:00:00+01:00,t-5,teacher,ignored,"a shop,\nat noon"\n'
        "l-2,4.NF.1,project,,2026-03-01T10:00:00+01:00,,,,\n"
        "l-3,4.NF.1,project,x,2026-03-01T10:00:00+01:00,,,,\n",
        encoding="utf-8",
    )
    columns = {
        "student": "learner_id",
        "standard": "competency_id",
        "points": "value",
        "when": "occurred_at",
        "teacher": "assessor.id",
        "role": "assessor.role",
        "note": "",
    }
    report = await import_observations(published, path, actor=IMPORTER, now=NOW, columns=columns)
    assert dict(report.events) == {"evidence.submitted.v1": 2, "score.given.v1": 1}
    assert [(row.line, row.rule) for row in report.bad] == [(5, "score-not-a-number")]
    [given] = await published.read(0, 10, [ScoreGiven.type])
    assert isinstance(given.event, ScoreGiven)
    assert (given.event.value_micro, given.event.assessor.id) == (2_500_000, "t-5")
    assert given.occurred_at == datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    assert given.meta.source is not None
    assert (given.meta.source.batch, given.meta.source.row) == ("scores.csv", 2)


async def test_bytes_that_are_not_text_spoil_their_line_only(published: EventStore, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    head = b"learner_id,competency_id,kind,value,occurred_at,context\n"
    row = b"l-1,4.NF.1,quiz,3,2026-03-01T10:00:00Z,"
    path.write_bytes(head + row + b"\xff\n" + row + "in the café\n".encode())
    report = await import_observations(published, path, actor=IMPORTER, now=NOW)
    assert [(bad.line, bad.rule) for bad in report.bad] == [(2, "malformed")]
    assert report.added == 1


async def test_a_row_that_is_not_csv_spoils_itself_only(published: EventStore, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    head = "learner_id,competency_id,kind,value,attempt,occurred_at\n"
    rows = (f"l-1,4.NF.1,{kind},3,2,2026-03-01T10:00:00Z\n" for kind in ("q" * 200_000, "quiz"))
    path.write_text(head + "".join(rows), encoding="utf-8")
    report = await import_observations(published, path, actor=IMPORTER, now=NOW)
    assert [(bad.line, bad.rule) for bad in report.bad] == [(2, "malformed")]
    assert report.added == 1


async def test_a_column_that_stands_twice_is_refused(published: EventStore, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("learner_id,learner_id\nl-1,l-2\n", encoding="utf-8")
    with pytest.raises(Invalid, match="column learner_id is listed twice"):
        await import_observations(published, path, actor=IMPORTER, now=NOW)


async def test_a_field_that_is_given_as_a_whole_and_in_parts_is_refused(published: EventStore, tmp_path: Path) -> None:
    path = tmp_path / "scores.ndjson"
    path.write_text(GOOD.replace("{", '{"source":"lms","source.row":1,'), encoding="utf-8")
    report = await import_observations(published, path, actor=IMPORTER, now=NOW)
    assert [(bad.line, bad.rule) for bad in report.bad] == [(1, "malformed")]

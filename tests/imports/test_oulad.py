from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.evidence.events import EvidenceSubmitted, ScoreGiven
from domain.kernel.errors import Invalid
from domain.roster.events import LearnerEnrolled, LearnerRegistered, LearnerWithdrawn
from infra.files.rows import BadRow
from infra.postgres.event_store import EventStore
from schemas.registry import encode
from services.importers.oulad import import_oulad
from tests.imports.conftest import IMPORTER, NOW

pytestmark = pytest.mark.anyio
MADE = {
    "scale.published.v1": 1,
    "framework.published.v1": 1,
    "learner.registered.v1": 2,
    "enrolment.opened.v1": 3,
    "enrolment.closed.v1": 1,
    "evidence.submitted.v1": 3,
    "score.given.v1": 2,
}


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.need("NEED-79")
async def test_every_row_becomes_its_events(store: EventStore, oulad: Path) -> None:
    report = await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    assert dict(report.events) == MADE
    assert (report.added, report.repeated, report.refused) == (11, 0, 0)
    assert await store.head() == 13


async def test_a_score_carries_learner_module_task_kind_and_the_day_counted_from_the_start(
    store: EventStore, oulad: Path
) -> None:
    await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    submitted, given = (await store.load("evidence-oulad-1752-11")).events
    assert isinstance(submitted.event, EvidenceSubmitted)
    assert isinstance(given.event, ScoreGiven)
    assert submitted.event.section_id == "AAA-2013J"
    assert (given.event.learner_id, given.event.competency_id, given.event.task) == ("11", "AAA", "1752")
    assert (given.event.value_micro, given.event.possible_micro, given.event.kind) == (78_000_000, 100_000_000, "TMA")
    assert given.occurred_at == datetime(2013, 10, 19, tzinfo=UTC)
    assert given.meta.source is not None
    assert (given.meta.source.system, given.meta.source.batch) == ("oulad", "studentAssessment.csv")


async def test_a_missing_score_is_evidence_without_a_score(store: EventStore, oulad: Path) -> None:
    await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    history = await store.load("evidence-oulad-1752-12")
    assert [recorded.event.type for recorded in history.events] == ["evidence.submitted.v1"]


async def test_a_banked_score_of_zero_is_carried_over_and_its_source_says_so(store: EventStore, oulad: Path) -> None:
    await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    submitted, given = (await store.load("evidence-oulad-1800-11")).events
    assert isinstance(submitted.event, EvidenceSubmitted)
    assert isinstance(given.event, ScoreGiven)
    assert submitted.event.carried_over
    assert given.event.value_micro == 0
    assert given.meta.source is not None
    assert given.meta.source.batch == "studentAssessment.csv is_banked=1"


async def test_subgroups_are_merged_over_the_modules_of_a_learner(store: EventStore, oulad: Path) -> None:
    await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    [registered] = (await store.load("learner-11")).events
    assert isinstance(registered.event, LearnerRegistered)
    assert registered.event.subgroups == (
        "age_band:55<=",
        "disability:N",
        "disability:Y",
        "gender:M",
        "highest_education:HE Qualification",
        "imd_band:20-30%",
        "region:Scotland",
    )
    assert registered.occurred_at == datetime(2013, 9, 1, tzinfo=UTC)


async def test_a_withdrawal_closes_the_enrolment_at_its_own_day(store: EventStore, oulad: Path) -> None:
    await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    opened, closed = (await store.load("enrolment-oulad-AAA-2013J-12")).events
    assert isinstance(opened.event, LearnerEnrolled)
    assert isinstance(closed.event, LearnerWithdrawn)
    assert (opened.occurred_at, closed.occurred_at) == (
        datetime(2013, 9, 21, tzinfo=UTC),
        datetime(2013, 10, 13, tzinfo=UTC),
    )


async def test_the_second_run_adds_nothing(store: EventStore, oulad: Path) -> None:
    await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    report = await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    assert (report.added, report.repeated, report.refused, dict(report.events)) == (0, 11, 0, {})
    assert await store.head() == 13


async def test_a_dry_run_says_what_would_be_added_and_adds_nothing(store: EventStore, oulad: Path) -> None:
    report = await import_oulad(store, oulad, actor=IMPORTER, now=NOW, dry_run=True)
    assert (report.dry_run, dict(report.events)) == (True, MADE)
    assert await store.head() == 0
    await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    report = await import_oulad(store, oulad, actor=IMPORTER, now=NOW, dry_run=True)
    assert (report.added, report.repeated) == (0, 11)


@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_row_that_stands_in_the_file_again_is_noticed_also_by_a_dry_run(
    store: EventStore, oulad: Path, *, dry_run: bool
) -> None:
    with (oulad / "studentAssessment.csv").open("a", encoding="utf-8") as file:
        file.write("1752,11,18,0,78\n1752,12,22,0,55\n1800,11,-1,1,3\n")
    report = await import_oulad(store, oulad, actor=IMPORTER, now=NOW, dry_run=dry_run)
    assert dict(report.events) == MADE | {"score.given.v1": 3}
    assert (report.added, report.repeated, report.refused) == (12, 1, 1)
    [bad] = report.bad
    assert (bad.line, bad.rule) == (7, "row-changed")
    assert bad.fault.startswith("score.given.v1 differs")


async def test_what_is_stored_is_the_canonical_text_of_its_event(store: EventStore, oulad: Path) -> None:
    await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    recorded = await store.read(0, 100)
    facts = await store.facts({one.stream for one in recorded})
    assert sum(map(len, facts.values())) == 13
    for one in recorded:
        fact = facts[one.stream][one.version - 1]
        assert fact == (one.event.type, one.occurred_at, encode(one.event).decode())


async def test_bad_rows_are_reported_by_line_and_rule_and_the_good_ones_are_kept(
    store: EventStore, oulad: Path
) -> None:
    with (oulad / "studentAssessment.csv").open("a", encoding="utf-8") as file:
        file.write("1752,13,20,0,101\n1752,14,20,0,\uff17\uff18\n9999,11,20,0,50\n1752,15,x,0,50\n1752,16,20\n")
        file.write("1752,17,20,0,64\n1752,18,9999,0,64\n1752,19,20,2,64\n")
    report = await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    name = "studentAssessment.csv"
    assert report.bad == [
        BadRow(name, 5, "score-outside-scale", "score 101 is outside 0..100 (task 1752, learner 13)"),
        BadRow(name, 6, "score-not-a-number", "score '\uff17\uff18' is not a decimal of at most 9 digits and 6 places"),
        BadRow(name, 7, "malformed", "assessment '9999' is not in assessments.csv"),
        BadRow(name, 8, "malformed", "day 'x' is not a whole number"),
        BadRow(name, 9, "malformed", "row has 3 fields, the header 5"),
        BadRow(
            name,
            11,
            "occurred-in-future",
            "time 2041-02-15T00:00:00+00:00 lies in the future (now 2026-03-02T09:00:00+00:00)",
        ),
        BadRow(name, 12, "malformed", "is_banked '2' is neither 0 nor 1"),
    ]
    assert (report.refused, report.events["evidence.submitted.v1"]) == (7, 4)
    assert (await store.load("evidence-oulad-1752-17")).version == 2


async def test_a_changed_score_is_reported_and_the_record_stays(store: EventStore, oulad: Path) -> None:
    await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    replace(oulad / "studentAssessment.csv", "1752,11,18,0,78", "1752,11,18,0,79")
    report = await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    assert report.bad == [
        BadRow(
            "studentAssessment.csv",
            2,
            "row-changed",
            "score.given.v1 differs in value_micro (stream evidence-oulad-1752-11)",
        )
    ]
    assert (report.added, report.repeated) == (0, 10)


async def test_a_score_that_came_in_since_is_added(store: EventStore, oulad: Path) -> None:
    await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    replace(oulad / "studentAssessment.csv", "1752,12,22,0,\n", "1752,12,22,0,55\n")
    report = await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    assert dict(report.events) == {"score.given.v1": 1}
    assert (await store.load("evidence-oulad-1752-12")).version == 2


async def test_changed_demographics_and_a_late_withdrawal_are_added(store: EventStore, oulad: Path) -> None:
    await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    replace(oulad / "studentInfo.csv", "0-35,N", "0-35,Y")
    replace(oulad / "studentRegistration.csv", "AAA,2013J,11,-30,\n", "AAA,2013J,11,-30,60\n")
    for expected in ({"learner.subgroups_changed.v1": 1, "enrolment.closed.v1": 1}, {}):
        report = await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
        assert (dict(report.events), report.refused) == (expected, 0)


async def test_another_module_makes_another_edition_of_the_framework(store: EventStore, oulad: Path) -> None:
    await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    with (oulad / "assessments.csv").open("a", encoding="utf-8") as file:
        file.write("CCC,2014J,1900,Exam,,100\n")
    report = await import_oulad(store, oulad, actor=IMPORTER, now=NOW)
    assert dict(report.events) == {"framework.published.v1": 1}


async def test_a_file_without_a_needed_column_is_refused_as_a_whole(store: EventStore, oulad: Path) -> None:
    replace(oulad / "studentAssessment.csv", "is_banked", "banked")
    with pytest.raises(Invalid, match="column is_banked is missing"):
        await import_oulad(store, oulad, actor=IMPORTER, now=NOW)


async def test_a_slice_of_the_real_data_is_repeatable(store: EventStore, oulad_slice: Path) -> None:
    first = await import_oulad(store, oulad_slice, actor=IMPORTER, now=NOW)
    again = await import_oulad(store, oulad_slice, actor=IMPORTER, now=NOW)
    assert (first.events["learner.registered.v1"], first.refused) == (200, 0)
    assert (again.added, again.repeated) == (0, first.added)


@pytest.mark.slow
async def test_the_whole_data_is_imported_as_its_description_counts(store: EventStore, shared: Path) -> None:
    seen: list[int] = []
    folder = shared / "data" / "oulad"
    report = await import_oulad(store, folder, actor=IMPORTER, now=NOW, progress=lambda done, _total: seen.append(done))
    assert dict(report.events) == {
        "scale.published.v1": 1,
        "framework.published.v1": 1,
        "learner.registered.v1": 28_785,
        "enrolment.opened.v1": 32_593,
        "enrolment.closed.v1": 10_072,
        "evidence.submitted.v1": 173_912,
        "score.given.v1": 173_739,
    }
    assert (report.refused, await store.head()) == (0, 419_103)
    assert seen == sorted(seen)
    assert seen[-1] == 245_364

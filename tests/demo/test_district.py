from collections import Counter
from itertools import islice, pairwise
from statistics import mean

import pytest

from domain.evidence.events import EvidenceSubmitted, ScoreCorrected, ScoreGiven
from domain.framework.events import FrameworkPublished
from infra.postgres.append import Append
from infra.postgres.event_store import EventStore
from schemas.registry import EVENTS, encode
from services.demo.district import fill, generate
from services.demo.policies import MEAN_OF_ALL, RECENT_AND_VARIED
from services.demo.story import COMPETENCY, CORRECTED_SCORE, LEARNER

ACTS = {"advancement", "credit", "report_card", "review", "labels", "webhook"}
LATER = {"policy", "simulation", "projector", "calendar", "learner.subgroups_changed.v1", "evidence.aligned.v1"} | ACTS
"""What the generator leaves to the demo, to operators, and to whoever tries the API."""


@pytest.fixture(scope="module")
def district() -> list[Append]:
    return list(generate(seed=7))


def said(append: Append) -> tuple[object, ...]:
    return append.stream, append.expected_version, append.occurred_at, append.meta, [encode(e) for e in append.events]


def test_the_district_has_the_promised_size_and_every_kind_of_event(district: list[Append]) -> None:
    counts = Counter(event.type for append in district for event in append.events)
    assert 55_000 < counts.total() < 65_000
    assert counts["learner.registered.v1"] == 600
    missing = {name for name in EVENTS if name not in counts}
    assert all(name in LATER or name.split(".")[0] in LATER for name in missing), missing


def test_the_same_seed_gives_the_same_district_event_for_event(district: list[Append]) -> None:
    again = generate(seed=7)
    assert all(said(before) == said(after) for before, after in zip(district, again, strict=True))


def test_another_seed_gives_another_district(district: list[Append]) -> None:
    other = list(islice(generate(seed=8), 1_000))
    assert [said(append) for append in other] != [said(append) for append in district[:1_000]]


def test_learners_improve_from_the_first_half_year_to_the_last(district: list[Append]) -> None:
    scores = [
        (append.occurred_at, event.value_micro)
        for append in district
        for event in append.events
        if isinstance(event, ScoreGiven)
    ]
    first = mean(value for at, value in scores if (at.year, at.month) < (2025, 1))
    last = mean(value for at, value in scores if (at.year, at.month) > (2026, 1))
    assert last - first > 400_000


def test_some_entries_are_late_and_corrections_have_a_reason(district: list[Append]) -> None:
    times = [append.occurred_at for append in district]
    assert sum(before > after for before, after in pairwise(times)) > 500
    corrections = [one for one in district if isinstance(one.events[0], ScoreCorrected)]
    assert all(one.meta.reason is not None and one.meta.reason.is_given() for one in corrections)


def test_the_framework_has_about_40_competencies_with_prerequisites(district: list[Append]) -> None:
    framework = district[1].events[0]
    assert isinstance(framework, FrameworkPublished)
    assert len(framework.competencies) == 42
    known = {one.competency_id for one in framework.competencies}
    assert all({edge.from_id, edge.to_id} <= known for edge in framework.associations)


def test_the_story_is_in_the_district(district: list[Append]) -> None:
    events = [event for append in district for event in append.events]
    forms = {
        event.kind
        for event in events
        if isinstance(event, EvidenceSubmitted) and event.learner_id == LEARNER and COMPETENCY in event.competency_ids
    }
    assert {"test", "project", "conversation", "performance"} <= forms
    [correction] = [one for one in events if isinstance(one, ScoreCorrected) and one.score_id == CORRECTED_SCORE]
    assert (correction.before_micro, correction.value_micro) == (2_000_000, 3_000_000)


def test_the_two_policies_differ() -> None:
    assert MEAN_OF_ALL.version != RECENT_AND_VARIED.version
    assert MEAN_OF_ALL.level_codes == RECENT_AND_VARIED.level_codes


@pytest.mark.anyio
async def test_a_district_fills_an_empty_ledger_in_order(store: EventStore, district: list[Append]) -> None:
    seen: list[int] = []
    count = await fill(store, iter(district), seen.append)
    assert count == await store.head() == sum(len(append.events) for append in district)
    assert seen == sorted(seen)

"""A replay made later than its simulation follows from it, whatever the policy depends on and whatever came between."""

from datetime import timedelta
from typing import Any, Final, NamedTuple

import psycopg
import pytest

from domain.kernel.event import Event
from domain.kernel.ids import (
    CompetencyId,
    EnrolmentId,
    FrameworkId,
    LearnerId,
    PolicyId,
    PolicyVersion,
    SchoolId,
    SectionId,
    SimulationId,
)
from domain.operations.events import DayBegun
from domain.policy.document import PolicyDocument
from domain.policy.events import HoldHarmless, PolicyPublished, PolicySimulated, Reach, Scope, ScopedPolicy, Terms
from domain.policy.starters import CUTS, starter
from domain.roster.events import LearnerEnrolled, LearnerWithdrawn
from infra.postgres.event_store import Append, BlockingEventStore
from services.projectors.publishing.publishing import publish_next
from services.projectors.rebuilding.rebuild import rebuild
from services.projectors.what_if.evaluate import Draft, simulate
from tests.laws.test_mastery_relations import BOTH_PARTS
from tests.laws.test_mastery_relations import published as tree_published
from tests.projectors.feeding import follow
from tests.projectors.fold import HIGHEST, LATEST_OF_TWO
from tests.projectors.history import META, START, Log, corrected, drafted, given, judged

Connection = psycopg.Connection[Any]
LEARNERS: Final = [f"l{number}" for number in range(6)]
TIMED: Final = starter("average", **CUTS["four-levels"], validity={"days": 5})
GATED: Final = starter("latest", **CUTS["four-levels"], prerequisites=[{"competency": "b", "at": "3"}])
STATE: Final = "SELECT state, is_verified, fault, cells_done, at_position FROM read_model.replay"


class Case(NamedTuple):
    """What is published where on which terms, and an event more that comes between, if one does."""

    document: PolicyDocument
    scope: Scope = Scope()
    terms: Terms = Terms()
    between: Event | None = None


CASES: Final = {
    "district": Case(HIGHEST),
    "never lower": Case(LATEST_OF_TWO, terms=Terms(hold_harmless=HoldHarmless.NEVER_LOWER)),
    "after next evidence": Case(LATEST_OF_TWO, terms=Terms(hold_harmless=HoldHarmless.AFTER_NEXT_EVIDENCE)),
    "new learners": Case(HIGHEST, terms=Terms(reach=Reach.NEW_LEARNERS)),
    "evidence since": Case(HIGHEST, terms=Terms(reach=Reach.EVIDENCE_SINCE, evidence_since="2026-09-01")),
    "school": Case(HIGHEST, Scope(school_id=SchoolId("north"))),
    "subtree": Case(HIGHEST, Scope(framework_id=FrameworkId("f1"), competency_id=CompetencyId("whole"))),
    "parts": Case(BOTH_PARTS, Scope(framework_id=FrameworkId("f1"))),
    "gate": Case(GATED),
    "a day between": Case(TIMED, between=DayBegun(day="2026-09-08")),
    "an edition between": Case(BOTH_PARTS, Scope(framework_id=FrameworkId("f1")), between=tree_published(1, 2)),
}


def enrolled(name: str, learner: str, school: str) -> LearnerEnrolled:
    ids = {"enrolment_id": EnrolmentId(name), "learner_id": LearnerId(learner), "section_id": SectionId("s")}
    return LearnerEnrolled(**ids, school_id=SchoolId(school))


def begin(store: BlockingEventStore, log: Log, case: Case) -> None:
    """Six learners in two schools have two scores in each part of a competency; the policy is drafted."""
    store.append(log.append("framework-f1", tree_published(0, 1)))
    for number, learner in enumerate(LEARNERS):
        store.append(
            log.append(f"enrolment-n{number}", enrolled(f"n{number}", learner, ("north", "south")[number % 2]))
        )
        scores = [
            given(f"s{number}{part}{turn}", (number + turn * 3) % 5, learner, part) for part in "ab" for turn in (0, 1)
        ]
        store.append_many([log.append(f"evidence-{score.evidence_id}", score, day=number) for score in scores])
    draft = drafted("p1", case.document).model_copy(update=case.scope.model_dump())
    store.append(log.append("policy-p1", draft))


def happen(store: BlockingEventStore, log: Log, case: Case) -> None:
    """Scores, a correction, a judgement, a newcomer and one who changes school; and what the case adds."""
    facts: list[tuple[str, Event]] = [
        ("evidence-late", given("late", 4, "l0", "a")),
        ("evidence-fix", corrected(given("s1a0", 1, "l1", "a"), 4)),
        ("judgement-j", judged("j", "advanced", "l2", "b")),
        ("evidence-new", given("new", 1, "newcomer", "a")),
        (
            "enrolment-n4",
            LearnerWithdrawn(enrolment_id=EnrolmentId("n4"), learner_id=LearnerId("l4"), section_id=SectionId("s")),
        ),
        ("enrolment-n9", enrolled("n9", "l4", "south")),
    ]
    store.append_many([log.append(stream, event, day=6) for stream, event in facts])
    if case.between is not None:
        stream = "framework-f1" if case.between.type == "framework.published.v1" else "calendar"
        store.append(log.append(stream, case.between, day=7))


@pytest.mark.parametrize("name", CASES)
def test_levels_made_after_more_events_are_verified_and_come_into_force(
    name: str, connection: Connection, database: str, blocking: BlockingEventStore
) -> None:
    log, case = Log(), CASES[name]
    begin(blocking, log, case)
    for model in ("mastery", "learner_profile"):
        rebuild(connection, model)
    version = PolicyVersion(case.document.version)
    names: dict[str, Any] = {"policy_id": PolicyId("p1"), "version": version, "terms": case.terms}
    found = simulate(connection, Draft(ScopedPolicy(**names, **case.scope.model_dump()), case.document))
    words = {"at_position": found.at_position, "digest": found.digest.text, "cells": 1, "moved": 0, "matrix": {}}
    simulated = PolicySimulated(**names, revision=1, simulation_id=SimulationId("w1"), scope=case.scope, **words)
    publication = PolicyPublished(**names, revision=1, simulation_id=SimulationId("w1"), **case.scope.model_dump())
    happen(blocking, log, case)
    blocking.append(Append("policy-p1", 1, [simulated, publication], START + timedelta(days=8), META))
    follow(connection)
    assert publish_next(connection, database)
    follow(connection)
    [(state, is_verified, fault, cells_done, at_position)] = connection.execute(STATE).fetchall()
    assert (state, is_verified, fault) == ("done", True, None)
    assert cells_done >= 13
    assert at_position > found.at_position
    assert rebuild(connection, "mastery").digest is not None

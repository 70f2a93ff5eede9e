"""The official acts of the sandbox district's first learners, given on the levels that they have."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from typing import Final

from psycopg import AsyncConnection, IsolationLevel

from domain.framework.catalogue import EMPTY, Catalogue
from domain.framework.events import FrameworkEvent
from domain.kernel.envelope import Meta
from domain.kernel.errors import LedgerError
from domain.kernel.ids import ActId
from domain.progression.decider import (
    INITIAL,
    AwardCredit,
    Giving,
    IssueReportCard,
    RequestAdvancement,
    give,
    stream_of,
)
from domain.progression.standing import Stood
from infra.postgres.event_store import Append, open_event_store
from infra.postgres.standing import read_standing
from services.demo.people import END_YEAR, Learner, make_learners, school_days

LEARNERS_WITH_ACTS: Final = 60
_FOR_CREDIT: Final = 3
"""Mastered competencies that make a credit."""
_ASKING: Final = frozenset("c")
"""Sections whose learners ask for the advancement themselves, and wait for an answer."""
_REPORTED: Final = frozenset("a")
"""Sections whose learners get a report card."""


async def give_acts(conninfo: str, seed: int) -> int:
    """Give advancements, credit and report cards on the levels of now, at the school year's end; return how many."""
    given_at = datetime.combine(school_days(END_YEAR)[-1], time(14), UTC)
    learners = make_learners(seed)[:LEARNERS_WITH_ACTS]
    async with await AsyncConnection.connect(conninfo) as connection, open_event_store(conninfo) as store:
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        catalogue = EMPTY
        for recorded in await store.read(0, 2):
            if isinstance(recorded.event, FrameworkEvent):
                catalogue = catalogue.evolve(recorded.event)
        appends = []
        for learner in learners:
            stood = await read_standing(connection, learner.id)
            appends += list(_acts(learner, stood, catalogue, given_at))
        for outcome in await store.append_many(appends):
            if isinstance(outcome, LedgerError):
                raise outcome
    return len(appends)


def _acts(learner: Learner, stood: Stood, catalogue: Catalogue, given_at: datetime) -> Iterator[Append]:
    teacher, asks = learner.teacher("math"), learner.section in _ASKING
    for command in _commands(learner, stood):
        actor = learner.actor if asks and isinstance(command, RequestAdvancement) else teacher
        events = give(INITIAL, command, actor, stood, catalogue)
        yield Append(stream_of(command.act_id), 0, events, given_at, Meta(actor=actor))


def _commands(learner: Learner, stood: Stood) -> Sequence[Giving]:
    """Return a report card for some, an advancement if something is mastered, and credit for three that are."""
    about = {"learner_id": learner.id}
    mastered = [one.basis.competency_id for one in stood.standings.values() if one.is_mastered]
    commands: list[Giving] = []
    if learner.section in _REPORTED:
        commands.append(IssueReportCard(act_id=ActId(f"r-{learner.id}"), period="spring 2026", **about))
    if mastered:
        commands.append(RequestAdvancement(act_id=ActId(f"a-{learner.id}"), competency_id=mastered[0], **about))
    if len(mastered) >= _FOR_CREDIT:
        told = {"title": "First steps of the graduate", "credits": "0.5", "competency_ids": mastered[:_FOR_CREDIT]}
        commands.append(AwardCredit.model_validate({"act_id": f"c-{learner.id}", **told, **about}))
    return commands

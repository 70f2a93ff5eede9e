"""The sandbox district: about 60,000 events of two school years, from a seed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Final

from domain.framework.decider import framework_stream, scale_stream
from domain.kernel.errors import LedgerError
from domain.kernel.ids import EnrolmentId
from domain.roster.decider import EnrolLearner, RegisterLearner, WithdrawLearner, enrolment_stream, learner_stream
from infra.garbage import uncollected
from infra.postgres.append import Append
from infra.postgres.event_store import EventStore
from services.demo.acts import Act, decide_all
from services.demo.framework import FRAMEWORK, SCALE, publish_framework, publish_scale
from services.demo.help_given import supports
from services.demo.people import END_YEAR, REGISTRAR, SUBJECTS, Learner, make_learners, school_days
from services.demo.plans import plans
from services.demo.story import LEARNER, story
from services.demo.work import Worker

_BATCH: Final = 5_000
"""Appends in one transaction."""


def generate(seed: int, end_year: int = END_YEAR) -> Iterator[Append]:
    """Yield what the people of the district append in the two school years up to June of `end_year`, in order.

    The same seed and year give the same streams, versions, data, envelopes and times of occurrence.
    """
    return decide_all(_acts(seed, end_year))


async def fill(store: EventStore, appends: Iterator[Append], progress: Callable[[int], None]) -> int:
    """Append everything; return the number of events. `progress` is told how many there are so far.

    Raises:
        LedgerError: when the ledger holds a part of the district already.
    """
    count = 0
    with uncollected():
        while batch := list(islice(appends, _BATCH)):
            for outcome in await store.append_many(batch):
                if isinstance(outcome, LedgerError):
                    raise outcome
                count += outcome.events_count
            progress(count)
    return count


def _acts(seed: int, end_year: int) -> Iterator[Act]:
    opening = datetime.combine(school_days(end_year - 1)[0], time(7), UTC)
    before = opening - timedelta(days=30)
    yield Act(before, scale_stream(SCALE), REGISTRAR, publish_scale())
    yield Act(before, framework_stream(FRAMEWORK), REGISTRAR, publish_framework())
    for learner in make_learners(seed):
        register = RegisterLearner(learner_id=learner.id, display_name=learner.name, subgroups=learner.subgroups)
        yield Act(before + timedelta(days=1), learner_stream(learner.id), REGISTRAR, register)
        yield from _enrolments(learner, end_year)
        yield from Worker(seed, learner, end_year).acts()
        yield from plans(seed, learner, end_year)
        yield from supports(seed, learner, end_year)
        if learner.id == LEARNER:
            yield from story(seed, learner, end_year)


def _enrolments(learner: Learner, end_year: int) -> Iterator[Act]:
    for year, days in enumerate((school_days(end_year - 1), school_days(end_year))):
        first, last = (datetime.combine(day, time(7), UTC) for day in (days[0], days[-1]))
        for subject in SUBJECTS:
            section_id = learner.section_id(subject, year)
            enrolment_id = EnrolmentId(f"{section_id}-{learner.id}")
            enrol = EnrolLearner(
                enrolment_id=enrolment_id,
                learner_id=learner.id,
                section_id=section_id,
                school_id=learner.school.id,
                grade=str(learner.grade + year),
            )
            yield Act(first, enrolment_stream(enrolment_id), REGISTRAR, enrol)
            yield Act(
                last + timedelta(hours=10),
                enrolment_stream(enrolment_id),
                REGISTRAR,
                WithdrawLearner(enrolment_id=enrolment_id),
            )

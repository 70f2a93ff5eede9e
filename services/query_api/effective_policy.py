"""Which policy answers, in a place and on a date: the most specific one in force, with all that stand behind it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from typing import Any, Final, NamedTuple

from domain.kernel.envelope import Day
from domain.kernel.errors import Invalid, Unknown
from domain.kernel.ids import CompetencyId, CourseId, FrameworkId, LearnerId, PolicyId, SchoolId
from domain.kernel.times import microseconds, time_of
from domain.policy.decider import INITIAL, Drafted, evolve
from domain.policy.events import PolicyDrafted, PolicyEvent, PolicyPublished, Scope, ScopedPolicy, Terms
from domain.policy.plan import plan, stretch_of, with_plan
from domain.policy.rulings import BUILT_IN, Rulings, Seat, Standing
from domain.policy.succession import Succession
from domain.policy.timeline import Epoch, Timeline
from domain.policy.words.sentences import Sentence, tell
from infra.identity import utc_now
from services.query_api.answers import Answer, Connection, Part, Time, rows
from services.query_api.known import Name, require_known
from services.query_api.levels.rulings import FIRST, SEATS, timeline_after
from services.query_api.policies import PolicyFact, read_policy_facts
from services.query_api.policy_words import Told

HOME: Final = """
    SELECT data->>'framework_id' AS framework_id
      FROM ledger.event, json_array_elements(data->'competencies') AS competency
     WHERE type = 'framework.published.v1' AND learner_id IS NULL
       AND competency->>'competency_id' = %(competency)s
       AND (%(framework)s::text IS NULL OR data->>'framework_id' = %(framework)s)
     ORDER BY position DESC
     LIMIT 1
"""
FRAMEWORKS: Final = """
    SELECT DISTINCT data->>'framework_id' AS framework_id
      FROM ledger.event
     WHERE type = 'framework.published.v1' AND learner_id IS NULL
     ORDER BY framework_id
"""


class Where(Told):
    """The place that is asked about, or a learner's places; the date (absent: now), and as known when (absent: now).

    A framework, or a competency of it, is named where frameworks have policies of their own.
    """

    learner: LearnerId | None = None
    school: SchoolId | None = None
    course: CourseId | None = None
    framework: FrameworkId | None = None
    competency: CompetencyId | None = None
    on: Day | None = None
    known_at: Time | None = None


class Candidate(Part):
    """A policy in force that reaches the place; `position` is where it came into force, null for what is planned."""

    policy_id: str
    version: str
    revision: int | None
    name: str
    scope: Scope
    terms: Terms
    locked: tuple[str, ...]
    in_force_from: datetime | None
    """Null for the built-in policy, which always was."""
    in_force_to: datetime | None
    position: int | None
    published_position: int | None
    ended_position: int | None


class Lock(Part):
    """A stage that the deciding policy takes from one above it."""

    stage: str
    policy_id: str


class EffectivePolicy(Answer):
    """The policy that answers at a moment, as it reads with what is locked above it; all candidates, it first."""

    at: datetime
    policy_id: str
    version: str
    document: dict[str, Any]
    in_words: tuple[Sentence, ...]
    locks: tuple[Lock, ...]
    candidates: tuple[Candidate, ...]


class _Known(NamedTuple):
    """What was known: the events of all policies, and the timeline that follows from them and their dates."""

    facts: Sequence[PolicyFact]
    timeline: Timeline
    head: int
    """The last position on record; what lies beyond is planned."""


async def read_effective(connection: Connection, where: Where) -> EffectivePolicy:
    """Return which policy answers.

    Raises:
        Unknown: framework-unknown; competency-unknown, if no framework, or not the one named, holds the competency;
            not-found, for a school or course that nobody learns at.
        Invalid: framework-needed, if none is named and the answer depends on it.
    """
    await require_known(connection, Name.FRAMEWORK, where.framework)
    await require_known(connection, Name.SCHOOL, where.school)
    await require_known(connection, Name.COURSE, where.course)
    now = utc_now()
    at = _moment(where.on, now)
    known = await _known(connection, where.known_at or now)
    epochs = known.timeline.epochs
    number = max(place for place, one in enumerate(epochs) if one.recorded_us <= microseconds(at))
    rulings, asked = epochs[number].rulings, await _place(connection, where, at, now)
    if asked.framework is None:
        asked = asked._replace(framework=await _only_framework(connection, rulings, asked))
    standings, ruling = rulings.candidates(*asked), rulings.ruling(*asked)
    locks = {stage: one.scoped.policy_id for one in standings[1:] for stage in one.locked}
    return EffectivePolicy(
        at=at,
        policy_id=ruling.policy_id,
        version=ruling.version,
        document=ruling.document.model_dump(mode="json", exclude_none=True),
        in_words=tell(ruling.document, where.lang),
        locks=tuple(Lock(stage=stage, policy_id=locks[stage]) for stage in sorted(locks)),
        candidates=(*(_candidate(known, number, one) for one in standings), _BUILT_IN),
    )


def _moment(on: str | None, now: datetime) -> datetime:
    """Return the end of a day, in UTC; now for today."""
    if on is None or date.fromisoformat(on) == now.date():
        return now
    return datetime.combine(date.fromisoformat(on) + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)


async def _known(connection: Connection, known_at: datetime) -> _Known:
    facts = [fact for fact in await read_policy_facts(connection) if fact.recorded_at <= known_at]
    succession = Succession()
    of_policy: dict[PolicyId, list[PolicyEvent]] = {}
    for fact in facts:
        succession = succession.evolve(fact.event)
        of_policy.setdefault(fact.event.policy_id, []).append(fact.event)
    awaited: dict[PolicyPublished, PolicyDrafted] = {}
    for policy_id, events in of_policy.items():
        state = reduce(evolve, events, INITIAL)
        if isinstance(state, Drafted) and state.awaited is not None:
            awaited[state.awaited] = succession.published[policy_id, state.awaited.version]
    published = [_publication(facts, one) for one in succession.policies]
    changes = plan(awaited, [event for _, event in filter(None, published)], known_at)
    head = facts[-1].position if facts else 0
    return _Known(facts, with_plan(await timeline_after(connection, facts), changes, head), head)


def _publication(facts: Sequence[PolicyFact], scoped: ScopedPolicy) -> tuple[int, PolicyPublished] | None:
    """Return the position of the last publication of a policy on its terms, and the publication."""
    published = [(fact.position, fact.event) for fact in facts if isinstance(fact.event, PolicyPublished)]
    return next((one for one in reversed(published) if one[1].scoped == scoped), None)


class _Cell(NamedTuple):
    """What is asked about: a framework, a competency of it, where learners learn, and the first event about them."""

    framework: str | None
    competency: CompetencyId | None
    seats: Sequence[Seat]
    first: int | None


async def _only_framework(connection: Connection, rulings: Rulings, asked: _Cell) -> str | None:
    """Return a framework that stands for all, since the same policy answers in each; None before there is one.

    Raises:
        Invalid: framework-needed.
    """
    answers = {
        row["framework_id"]: rulings.ruling(*asked._replace(framework=row["framework_id"]))
        for row in await rows(connection, FRAMEWORKS, {})
    }
    if len({(one.policy_id, one.version) for one in answers.values()}) > 1:
        told = ", ".join(f"{one.policy_id} in {name}" for name, one in answers.items())
        raise Invalid("framework-needed", f"the answer depends on the framework: {told}")
    return next(iter(answers), None)


async def _place(connection: Connection, where: Where, at: datetime, now: datetime) -> _Cell:
    framework: str | None = where.framework
    if where.competency is not None:
        found = await rows(connection, HOME, where.model_dump(include={"competency", "framework"}))
        if not found:
            raise Unknown("competency-unknown", f"competency {where.competency} is in no such framework")
        framework = found[0]["framework_id"]
    if where.learner is None:
        return _Cell(framework, where.competency, [Seat(where.school, where.course)], None)
    asked = {"learner_id": where.learner, "as_of": at, "known_at": where.known_at or now}
    seats = [Seat(**row) for row in await rows(connection, SEATS, asked)]
    first = (await rows(connection, FIRST, asked))[0]["position"]
    return _Cell(framework, where.competency, seats, first)


def _candidate(known: _Known, number: int, standing: Standing) -> Candidate:
    scoped = standing.scoped
    begun, ended = stretch_of(known.timeline, number, scoped)
    position, published = _publication(known.facts, scoped) or (None, None)
    return Candidate(
        policy_id=scoped.policy_id,
        version=scoped.version,
        revision=published.revision if published else None,
        name=standing.document.name,
        scope=scoped.scope,
        terms=scoped.terms,
        locked=standing.locked,
        in_force_from=time_of(begun.recorded_us),
        in_force_to=time_of(ended.recorded_us) if ended else None,
        position=_on_record(known, begun),
        published_position=position,
        ended_position=_on_record(known, ended) if ended else None,
    )


def _on_record(known: _Known, epoch: Epoch) -> int | None:
    return epoch.position if epoch.position <= known.head else None


_BUILT_IN: Final = Candidate(
    policy_id=BUILT_IN.policy_id,
    version=BUILT_IN.version,
    revision=None,
    name=BUILT_IN.document.name,
    scope=Scope(),
    terms=Terms(),
    locked=(),
    in_force_from=None,
    in_force_to=None,
    position=None,
    published_position=None,
    ended_position=None,
)

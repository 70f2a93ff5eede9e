"""The rules of official acts: each given once, on what was mastered then. Stream: `act-<act_id>`, whatever the kind.

A decider is given where the learner stood, read at one position; the act names that position.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, assert_never

from pydantic import Field

from domain.framework.catalogue import Catalogue
from domain.framework.events import CompetencyKind
from domain.kernel.envelope import Actor, Command, Text
from domain.kernel.errors import Invalid, Refused, Unknown
from domain.kernel.ids import ActId, CompetencyId, CourseId, LearnerId
from domain.kernel.permissions import FAMILY
from domain.kernel.scores import ScoreInput
from domain.progression.events import (
    AdvancementDeclined,
    AdvancementGranted,
    AdvancementRequested,
    CreditAwarded,
    CreditRevoked,
    ProgressionEvent,
    ReportCardIssued,
    ReportLine,
    ReviewOutcome,
    ReviewSettled,
)
from domain.progression.standing import Stood

Title = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
CompetencyIds = Annotated[tuple[CompetencyId, ...], Field(min_length=1, max_length=500)]


class RequestAdvancement(Command):
    """Ask to move on from a mastered competency; of an educator, it is granted at once."""

    act_id: ActId
    learner_id: LearnerId
    competency_id: CompetencyId


class GrantAdvancement(Command):
    """Grant what was asked for, if the competency is mastered still."""

    act_id: ActId


class DeclineAdvancement(Command):
    """Decline what was asked for; needs a reason."""

    act_id: ActId


class AwardCredit(Command):
    """Award credit for competencies that are all mastered."""

    act_id: ActId
    learner_id: LearnerId
    title: Title
    course_id: CourseId | None = None
    credits: ScoreInput
    competency_ids: CompetencyIds


class RevokeCredit(Command):
    """Take credit back; needs a reason."""

    act_id: ActId


class IssueReportCard(Command):
    """Report a learner's levels as they are: of the competencies named, else of all with evidence."""

    act_id: ActId
    learner_id: LearnerId
    period: Title
    comment: Text | None = None
    competency_ids: CompetencyIds | None = None


class SettleReview(Command):
    """Uphold or revoke an act whose basis has changed; needs a reason."""

    act_id: ActId
    outcome: ReviewOutcome


@dataclass(frozen=True, slots=True)
class Absent:
    """No act is on record under this id."""


@dataclass(frozen=True, slots=True)
class Requested:
    """An advancement that waits for an answer."""

    learner_id: LearnerId
    competency_id: CompetencyId


@dataclass(frozen=True, slots=True)
class Given:
    """An act that counts."""

    learner_id: LearnerId
    is_credit: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """An act that takes no further act: declined or revoked."""


Act = Absent | Requested | Given | Closed
INITIAL: Final[Act] = Absent()
Giving = RequestAdvancement | AwardCredit | IssueReportCard
"""Commands that begin an act."""


def stream_of(act_id: ActId) -> str:
    """Return the name of the stream of an act."""
    return f"act-{act_id}"


def evolve(state: Act, event: ProgressionEvent) -> Act:
    """Return the state after an event."""
    match event:
        case AdvancementRequested():
            return Requested(event.learner_id, event.competency_id)
        case AdvancementGranted() | ReportCardIssued():
            return Given(event.learner_id)
        case CreditAwarded():
            return Given(event.learner_id, is_credit=True)
        case AdvancementDeclined() | CreditRevoked():
            return Closed()
        case ReviewSettled():
            return Closed() if event.outcome is ReviewOutcome.REVOKED else state
        case _:
            assert_never(event)


def give(state: Act, command: Giving, actor: Actor, stood: Stood, catalogue: Catalogue) -> list[ProgressionEvent]:
    """Return what a command that begins an act makes happen.

    Raises:
        Refused: act-exists, advancement-exists, credit-exists, not-mastered, competency-unknown, nothing-to-report.
        Invalid: malformed, for credit of nothing.
    """
    if not isinstance(state, Absent):
        raise Refused("act-exists", f"act {command.act_id} is on record already")
    match command:
        case RequestAdvancement():
            catalogue.check_held([command.competency_id])
            return _request(command, actor, stood)
        case AwardCredit():
            catalogue.check_held(command.competency_ids)
            return [_award(command, stood)]
        case IssueReportCard():
            return [_issue(command, stood, catalogue)]
        case _:
            assert_never(command)


def grant(state: Act, command: GrantAdvancement, stood: Stood | None) -> list[ProgressionEvent]:
    """Return what granting a request makes happen; where the learner stood is known if a request waits.

    Raises:
        Refused: advancement-exists, not-mastered, act-closed.
        Unknown: act-unknown.
    """
    requested = _requested(state, command.act_id)
    assert stood is not None, "a request waits"
    stood.require_first(requested.competency_id, command.act_id)
    return [_grant(command.act_id, requested.competency_id, stood)]


def decline(state: Act, command: DeclineAdvancement) -> list[ProgressionEvent]:
    """Return what declining a request makes happen.

    Raises:
        Refused: act-closed.
        Unknown: act-unknown.
        Invalid: reason-required.
    """
    command.require_reason("declining an advancement")
    requested = _requested(state, command.act_id)
    about = {"learner_id": requested.learner_id, "competency_id": requested.competency_id}
    return [AdvancementDeclined(act_id=command.act_id, **about)]


def revoke(state: Act, command: RevokeCredit) -> list[ProgressionEvent]:
    """Return what taking credit back makes happen.

    Raises:
        Unknown: act-unknown.
        Refused: act-closed.
        Invalid: reason-required.
    """
    command.require_reason("revoking credit")
    given = _given(state, command.act_id)
    if not given.is_credit:
        raise Unknown("act-unknown", f"act {command.act_id} is no credit")
    return [CreditRevoked(act_id=command.act_id, learner_id=given.learner_id)]


def settle(state: Act, command: SettleReview, causes: Sequence[int]) -> list[ProgressionEvent]:
    """Return what settling a review makes happen; `causes` are the changes that took the act's basis away.

    Raises:
        Unknown: act-unknown.
        Refused: act-closed, review-not-open.
        Invalid: reason-required.
    """
    command.require_reason("settling a review")
    given = _given(state, command.act_id)
    if not causes:
        raise Refused("review-not-open", f"act {command.act_id} has its basis")
    settled = ReviewSettled(
        act_id=command.act_id,
        learner_id=given.learner_id,
        outcome=command.outcome,
        cause_positions=tuple(sorted(set(causes))),
    )
    return [settled]


def _requested(state: Act, act_id: ActId) -> Requested:
    if isinstance(state, Absent):
        raise Unknown("act-unknown", f"act {act_id} is not on record")
    if not isinstance(state, Requested):
        raise Refused("act-closed", f"request {act_id} is answered already")
    return state


def _given(state: Act, act_id: ActId) -> Given:
    if isinstance(state, Absent | Requested):
        raise Unknown("act-unknown", f"act {act_id} is not given")
    if isinstance(state, Closed):
        raise Refused("act-closed", f"act {act_id} is declined or revoked")
    return state


def _request(command: RequestAdvancement, actor: Actor, stood: Stood) -> list[ProgressionEvent]:
    stood.require_first(command.competency_id)
    granted = _grant(command.act_id, command.competency_id, stood)
    about = {"learner_id": command.learner_id, "competency_id": command.competency_id}
    requested = AdvancementRequested(act_id=command.act_id, **about)
    return [requested] if actor.role in FAMILY else [requested, granted]


def _grant(act_id: ActId, competency_id: CompetencyId, stood: Stood) -> AdvancementGranted:
    return AdvancementGranted(
        act_id=act_id,
        learner_id=stood.learner_id,
        competency_id=competency_id,
        basis=stood.mastered(competency_id),
        decided_position=stood.position,
    )


def _award(command: AwardCredit, stood: Stood) -> CreditAwarded:
    if command.credits <= 0:
        raise Invalid("malformed", "credits are not above 0", field="credits")
    stood.require_new_title(command.title)
    return CreditAwarded(
        act_id=command.act_id,
        learner_id=command.learner_id,
        title=command.title,
        course_id=command.course_id,
        credits_micro=command.credits,
        bases=tuple(stood.mastered(competency_id) for competency_id in dict.fromkeys(command.competency_ids)),
        decided_position=stood.position,
    )


def _issue(command: IssueReportCard, stood: Stood, catalogue: Catalogue) -> ReportCardIssued:
    wanted = command.competency_ids or tuple(sorted(stood.standings))
    catalogue.check_held(wanted)
    lines = [_line(competency_id, stood, catalogue) for competency_id in dict.fromkeys(wanted)]
    if not lines:
        raise Refused("nothing-to-report", "there is no evidence yet", learner=command.learner_id)
    return ReportCardIssued(
        act_id=command.act_id,
        learner_id=command.learner_id,
        period=command.period,
        comment=command.comment,
        lines=tuple(lines),
        decided_position=stood.position,
    )


def _line(competency_id: CompetencyId, stood: Stood, catalogue: Catalogue) -> ReportLine:
    standing = stood.standings.get(competency_id)
    if standing is None:
        fault = "there is no evidence yet"
        raise Refused("nothing-to-report", fault, learner=stood.learner_id, competency=competency_id)
    kinds = {one.competency_id: one.kind for one in catalogue.home(competency_id).competencies}
    kind: CompetencyKind = kinds[competency_id]
    return ReportLine(basis=standing.basis, kind=kind, mark=standing.mark)

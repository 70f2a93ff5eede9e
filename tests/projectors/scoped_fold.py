"""The fold of `fold.py` with scopes, moves between schools, reaches and hold-harmless modes.

What stood when a policy came into force is remembered here, where the projector derives it anew.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from domain.framework.events import FrameworkPublished
from domain.kernel.event import Event
from domain.policy.events import HoldHarmless, PolicyActivated, PolicyRolledBack, PolicySwitch, Reach, ScopedPolicy
from domain.policy.starters import DEFAULT
from domain.roster.events import LearnerEnrolled, LearnerWithdrawn
from schemas.envelope import Recorded
from schemas.registry import EVENTS
from tests.projectors.fold import Cell, Fold, Key, Said, say

RANK: Final[dict[str | None, int]] = {
    level: rank for rank, level in enumerate((None, "beginning", "developing", "proficient", "advanced"))
}
KEEPS: Final = {HoldHarmless.NEVER_LOWER, HoldHarmless.AFTER_NEXT_EVIDENCE}


class Prevailing(NamedTuple):
    """A policy in force since a position, and the levels that stood then."""

    scoped: ScopedPolicy
    since: int
    levels: dict[Key, str | None]


class Enrolment(NamedTuple):
    opened_at: datetime
    enrolment_id: str
    learner_id: str
    school_id: str
    course_id: str | None


class ScopedFold(Fold):
    """Takes every event; what an event changes is found by looking at all cells."""

    in_force: Sequence[Prevailing] = ()

    def __init__(self, frameworks: dict[str, str]) -> None:
        super().__init__([], frameworks)
        self._stack: list[Sequence[Prevailing]] = []
        self._enrolments: dict[str, Enrolment] = {}
        self._first: dict[str, int] = {}
        self._parts: dict[str, set[str]] = {}

    def play(self, recorded: Recorded[Event]) -> None:
        learner = getattr(recorded.event, "learner_id", None)
        if learner is not None and recorded.event.type in EVENTS:
            self._first.setdefault(learner, recorded.position)
        super().play(recorded)

    def switch(self, recorded: Recorded[Event]) -> None:
        event = recorded.event
        if isinstance(event, PolicyRolledBack):
            self._stack.pop()
            self.in_force = self._stack[-1] if self._stack else ()
            return
        assert isinstance(event, PolicySwitch)
        known = {one.scoped: one for one in self.in_force}
        if isinstance(event, PolicyActivated):
            levels = {key: self.standing(cell) for key, cell in self.cells.items()}
            known[event.policies[-1]] = Prevailing(event.policies[-1], recorded.position, levels)
        self.in_force = [known[scoped] for scoped in event.policies]
        self._stack.append(self.in_force)

    def decides(self, cell: Cell) -> Prevailing | None:
        """Return the policy that decides on a cell; None: what is built in."""
        learner, competency = cell.key
        seats = sorted((one for one in self._enrolments.values() if one.learner_id == learner), reverse=True)
        found: list[tuple[bool, bool, bool, bool, int, int]] = []
        for number, one in enumerate(self.in_force):
            scope = one.scoped
            if scope.framework_id not in {None, cell.framework_id}:
                continue
            if scope.competency_id is not None and competency not in self._parts.get(scope.competency_id, set()):
                continue
            fitting = [
                -place
                for place, seat in enumerate(seats)
                if scope.school_id in {None, seat.school_id} and scope.course_id in {None, seat.course_id}
            ]
            if not fitting and (scope.school_id or scope.course_id):
                continue
            if scope.terms.reach is Reach.NEW_LEARNERS and self._first.get(learner, 0) <= one.since:
                continue
            rank = (scope.competency_id, scope.course_id, scope.school_id, scope.framework_id)
            seat = fitting[0] if scope.school_id or scope.course_id else 0
            a, b, c, d = (part is not None for part in rank)
            found.append((a, b, c, d, seat, number))
        return self.in_force[max(found)[-1]] if found else None

    def version(self, cell: Cell) -> str:
        one = self.decides(cell)
        return DEFAULT.version if one is None else one.scoped.version

    def said(self, cell: Cell) -> Said:
        one, scores = self.decides(cell), cell.in_order()
        if one is not None and one.scoped.terms.evidence_since is not None:
            since = one.scoped.terms.evidence_since
            days = {given.event.score_id: f"{given.occurred_at:%Y-%m-%d}" for given, _ in cell.scores.values()}
            scores = [(given, value) for given, value in scores if days[given.score_id] >= since]
        return say(self.version(cell), scores)

    def held(self, cell: Cell) -> str | None:
        """Return the level of before that stands over the computed one."""
        one = self.decides(cell)
        if one is None or one.scoped.terms.hold_harmless not in KEEPS:
            return None
        before = one.levels.get(cell.key)
        has_new = any(given.position > one.since for given, _ in cell.scores.values())
        if one.scoped.terms.hold_harmless is HoldHarmless.AFTER_NEXT_EVIDENCE and has_new:
            return None
        return before if RANK[before] > RANK[self.said(cell).level] else None

    def standing(self, cell: Cell) -> str | None:
        """Return the level that holds where nobody judged."""
        return self.held(cell) or self.said(cell).level

    def effective(self, cell: Cell) -> str | None:
        return cell.judged_level or self.standing(cell)

    def _touched(self, event: Event) -> list[Key]:
        match event:
            case LearnerEnrolled() | LearnerWithdrawn() | FrameworkPublished():
                return list(self.cells)
            case _:
                return super()._touched(event)

    def _take(self, recorded: Recorded[Event], touched: Sequence[Key]) -> None:
        match recorded.event:
            case LearnerEnrolled() as event:
                where = (event.enrolment_id, event.learner_id, event.school_id, event.course_id)
                self._enrolments[event.enrolment_id] = Enrolment(recorded.occurred_at, *where)
            case LearnerWithdrawn() as event:
                del self._enrolments[event.enrolment_id]
            case FrameworkPublished() as event:
                for top in {"top"} & {one.competency_id for one in event.competencies}:
                    self._parts[top] = {top, *(one.from_id for one in event.associations if one.to_id == top)}
            case _:
                super()._take(recorded, touched)

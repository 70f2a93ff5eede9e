"""Models that climb and fall between states with each score; a state is a value: 0, 1, 2 ... in micro-units."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from domain.kernel.scores import MICRO, to_micro
from domain.mastery.arranged import Piece
from domain.mastery.curves import DAY_US, Folded
from domain.policy.models import DurableMastery, KhanLadder, MoodleCompetency


class Khan(IntEnum):
    """Khan Academy's states of a skill."""

    NOT_STARTED = 0
    ATTEMPTED = 1
    FAMILIAR = 2
    PROFICIENT = 3
    MASTERED = 4


PERFECT: Final = 100 * MICRO
GOOD: Final = 70 * MICRO


def _after_exercise(state: Khan, percent: int) -> Khan:
    if percent >= PERFECT:
        return max(state, Khan.PROFICIENT)
    if state == Khan.MASTERED and percent >= GOOD:
        return Khan.PROFICIENT
    if state >= Khan.PROFICIENT or percent >= GOOD:
        return Khan.FAMILIAR
    return Khan.ATTEMPTED


def _after_question(state: Khan, *, right: bool) -> Khan:
    if right:
        return Khan(min(max(state, Khan.ATTEMPTED) + 1, Khan.MASTERED))
    return Khan(max(state - 1, Khan.ATTEMPTED))


def climb(model: KhanLadder, pieces: Sequence[Piece]) -> Folded:
    """Return the state after all exercises and questions."""
    state = Khan.NOT_STARTED
    for piece in pieces:
        if piece.kind in model.exercises:
            state = _after_exercise(state, piece.value)
        else:
            state = _after_question(state, right=piece.value >= MICRO)
    return Folded(state * MICRO)


class Durable(IntEnum):
    """How far the evidence of a skill has been shown to last."""

    NOT_OBSERVED = 0
    DEVELOPING = 1
    PROVISIONAL = 2
    REVIEW_DUE = 3
    STRONG = 4


def endure(model: DurableMastery, pieces: Sequence[Piece], at_us: int | None) -> Folded:
    """Return the state at a time; without one, at that of the youngest piece. A piece without a time is the oldest."""
    if not pieces:
        return Folded(Durable.NOT_OBSERVED)
    now = max(piece.at_us or 0 for piece in pieces) if at_us is None else at_us
    shown = {piece.kind: piece for piece in pieces}
    right = {kind for kind, piece in shown.items() if piece.value >= MICRO}
    due = review_due(model, pieces)
    needed = {model.independent, model.transfer, model.delayed} | (shown.keys() & {model.review})
    if needed <= right and due is not None:
        return Folded((Durable.REVIEW_DUE if now >= due else Durable.STRONG) * MICRO)
    types = right & {model.independent, model.transfer, model.delayed}
    return Folded((Durable.PROVISIONAL if len(types) > 1 else Durable.DEVELOPING) * MICRO)


def review_due(model: DurableMastery, pieces: Sequence[Piece]) -> int | None:
    """Return when a skill that was shown to last is to be shown again; None before it was."""
    checks, waits = _checks(model, pieces), model.review_days
    return checks[-1] + waits[min(len(checks), len(waits)) - 1] * DAY_US if checks else None


def _checks(model: DurableMastery, pieces: Sequence[Piece]) -> list[int]:
    """Return the times of the right delayed and review scores that came late enough after the first independent one."""
    first = min((p.at_us or 0 for p in pieces if p.kind == model.independent and p.value >= MICRO), default=None)
    if first is None:
        return []
    earliest = first + model.delay_days * DAY_US
    late = (p for p in pieces if p.kind in (model.delayed, model.review) and p.value >= MICRO)
    return sorted(p.at_us for p in late if p.at_us is not None and p.at_us >= earliest)


def complete(model: MoodleCompetency, pieces: Sequence[Piece]) -> Folded | None:
    """Return the grade that the acts leave; None: not rated."""
    grade: int | None = None
    for piece in pieces:
        match piece.kind:
            case "complete" if grade is None:
                grade = to_micro(model.default_grade)
            case "complete_override":
                grade = to_micro(model.default_grade)
            case "override":
                grade = piece.value
            case "unrate":
                grade = None
            case _:
                pass
    return None if grade is None else Folded(grade)

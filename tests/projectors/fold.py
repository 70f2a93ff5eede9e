"""What current mastery and its changes must be: a plain fold, event by event, with fractions.

Written for the policies of these tests and without any code of the projector or the kernel.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Final, NamedTuple

from domain.evidence.events import EvidenceWithdrawn, ScoreCorrected, ScoreGiven, ScoreVoided
from domain.kernel.event import Event
from domain.mastery.events import JudgementLifted, JudgementRecorded
from domain.policy.document import PolicyDocument
from domain.policy.events import PolicySwitch
from domain.policy.starters import CUTS, DEFAULT, starter
from schemas.envelope import Recorded

HIGHEST: Final = starter("highest", **CUTS["percent"])
LATEST_OF_TWO: Final = starter("latest", **CUTS["four-levels"], require=[{"count_at_least": 2}])
PERCENT_CUTS: Final = ((85, "advanced"), (70, "proficient"), (50, "developing"), (0, "beginning"))
FOUR_CUTS: Final = (
    (Fraction(7, 2), "advanced"),
    (Fraction(5, 2), "proficient"),
    (Fraction(3, 2), "developing"),
    (0, "beginning"),
)
Key = tuple[str, str]


class Said(NamedTuple):
    """What a policy says of a cell."""

    value_micro: int | None
    level: str | None
    status: str
    counted: int


class Change(NamedTuple):
    learner_id: str
    competency_id: str
    before_level: str | None
    after_level: str | None
    before_value_micro: int | None
    after_value_micro: int | None
    cause: str
    cause_position: int
    policy_version: str


class Row(NamedTuple):
    """A row of current mastery, less the digest of its evidence."""

    learner_id: str
    competency_id: str
    framework_id: str | None
    said: Said
    judged_level: str | None
    effective_level: str | None
    scores: int
    policy_version: str
    position: int


class _Given(NamedTuple):
    event: ScoreGiven
    occurred_at: datetime
    position: int


@dataclass
class Cell:
    key: Key = ("", "")
    scores: dict[str, tuple[_Given, int]] = field(default_factory=dict)
    """Scores in force: as given, and the value now."""
    framework_id: str | None = None
    judged_level: str | None = None
    position: int = 0

    def in_order(self) -> list[tuple[ScoreGiven, int]]:
        ordered = sorted(self.scores.values(), key=lambda score: (score[0].occurred_at, score[0].position))
        return [(given.event, value) for given, value in ordered]


def _rounded(value: Fraction) -> int:
    """Two places, half up, in micro-units."""
    return int((value * 100 + Fraction(1, 2)) // 1) * 10_000


def _level(value_micro: int, cuts: Sequence[tuple[Fraction | int, str]]) -> str:
    return next(level for cut, level in cuts if value_micro >= cut * 1_000_000)


def say(version: str, scores: Sequence[tuple[ScoreGiven, int]]) -> Said:
    """Return what one of the three policies says of scores in order."""
    if not scores:
        return Said(None, None, "no_evidence", 0)
    shares = [Fraction(100 * value, given.possible_micro) for given, value in scores]
    if version == LATEST_OF_TWO.version:
        if len(scores) < 2:
            return Said(None, None, "insufficient", len(scores))
        value = _rounded(Fraction(scores[-1][1], 1_000_000))
        return Said(value, _level(value, FOUR_CUTS), "determined", len(scores))
    if version == HIGHEST.version:
        value = _rounded(max(shares))
        return Said(value, _level(value, PERCENT_CUTS), "determined", len(scores))
    assert version == DEFAULT.version
    kept = {given.task or given.score_id: share for (given, _), share in zip(scores, shares, strict=True)}
    value = _rounded(sum(kept.values(), Fraction(0)) / len(kept))
    return Said(value, _level(value, PERCENT_CUTS), "determined", len(kept))


class Fold:
    """The state after some events, and the changes that led to it."""

    def __init__(self, documents: Sequence[PolicyDocument], frameworks: dict[str, str]) -> None:
        self._known = {document.version for document in documents} | {DEFAULT.version}
        self._frameworks = frameworks
        self.cells: dict[Key, Cell] = {}
        self.policies: dict[str | None, str] = {}
        self.changes: list[Change] = []

    def version(self, cell: Cell) -> str:
        version = self.policies.get(cell.framework_id) or self.policies.get(None, DEFAULT.version)
        assert version in self._known
        return version

    def said(self, cell: Cell) -> Said:
        return say(self.version(cell), cell.in_order())

    def effective(self, cell: Cell) -> str | None:
        return cell.judged_level or self.said(cell).level

    def play(self, recorded: Recorded[Event]) -> None:
        """Take one event."""
        event = recorded.event
        if isinstance(event, PolicySwitch):
            touched, cause = list(self.cells), "policy"
        else:
            touched, cause = self._touched(event), "event"
        before = {key: self._shown(key) for key in touched}
        if cause == "policy":
            self.switch(recorded)
        else:
            self._take(recorded, touched)
        for key in touched:
            after = self._shown(key)
            if before[key] != after:
                (level, value, _), (level_now, value_now, _) = before[key], after
                version = self.version(self.cells[key])
                self.changes.append(Change(*key, level, level_now, value, value_now, cause, recorded.position, version))

    def switch(self, recorded: Recorded[Event]) -> None:
        """Take another policy set."""
        assert isinstance(recorded.event, PolicySwitch)
        self.policies = {policy.framework_id: policy.version for policy in recorded.event.policies}

    def rows(self) -> list[Row]:
        """Return current mastery."""
        return sorted(
            Row(
                *key, cell.framework_id, self.said(cell), cell.judged_level, self.effective(cell),
                len(cell.scores), self.version(cell), cell.position,
            )
            for key, cell in self.cells.items()
        )  # fmt: skip

    def _shown(self, key: Key) -> tuple[str | None, int | None, str]:
        cell = self.cells.get(key, Cell(key))
        said = self.said(cell)
        return self.effective(cell), said.value_micro, said.status

    def _touched(self, event: Event) -> list[Key]:
        match event:
            case ScoreGiven() | ScoreCorrected() | ScoreVoided() | JudgementRecorded() | JudgementLifted():
                return [(event.learner_id, event.competency_id)]
            case EvidenceWithdrawn():
                return [key for key, cell in self.cells.items() if set(cell.scores) & set(event.score_ids)]
            case _:
                return []

    def _take(self, recorded: Recorded[Event], touched: Sequence[Key]) -> None:
        for key in touched:
            cell = self.cells.setdefault(key, Cell(key, framework_id=self._frameworks.get(key[1])))
            cell.position = recorded.position
            match recorded.event:
                case ScoreGiven() as event:
                    cell.framework_id = event.framework_id
                    cell.scores[event.score_id] = (
                        _Given(event, recorded.occurred_at, recorded.position),
                        event.value_micro,
                    )
                case ScoreCorrected() as event:
                    cell.scores[event.score_id] = cell.scores[event.score_id][0], event.value_micro
                case ScoreVoided() as event:
                    del cell.scores[event.score_id]
                case EvidenceWithdrawn() as event:
                    for score_id in event.score_ids:
                        cell.scores.pop(score_id, None)
                case JudgementRecorded() as event:
                    cell.judged_level = event.level
                case JudgementLifted():
                    cell.judged_level = None
                case _:
                    raise AssertionError(recorded.event)

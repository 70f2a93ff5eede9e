"""The work of a learner over two school years, and what assessors made of it.

Learners grow at their own pace, assessors lean up or down, days are missed, some work is entered late, tried again,
corrected, voided or withdrawn.
"""

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from domain.evidence.decider import (
    CorrectScore,
    GiveScore,
    ResubmitEvidence,
    SubmitEvidence,
    VoidScore,
    WithdrawEvidence,
    stream_of,
)
from domain.evidence.events import Form
from domain.evidence.making import score_id_of
from domain.evidence.observation import Observation
from domain.kernel.envelope import Actor, Reason, Source
from domain.kernel.ids import Code, CompetencyId, EvidenceId
from domain.kernel.scores import MICRO
from services.demo.acts import Act
from services.demo.framework import DURABLE, lines_for
from services.demo.help_given import feedback
from services.demo.people import (
    LEARNING_SYSTEM,
    SUBJECTS,
    Learner,
    at_work,
    happens,
    later,
    leaning,
    random,
    school_days,
    teacher,
)

_FORMS: Final[dict[Code, tuple[Form, ...]]] = {
    "project": (Form.PROJECT, Form.VIDEO, Form.IMAGE, Form.TEXT),
    "performance": (Form.PERFORMANCE, Form.AUDIO, Form.VIDEO),
    "conversation": (Form.CONVERSATION,),
    "observation": (Form.OBSERVATION,),
    "portfolio": (Form.TEXT, Form.IMAGE, Form.LINK),
    "practice": (Form.TEXT, Form.TEST),
    "self-assessment": (Form.TEXT,),
}
_KINDS: Final = {"academic": (30, 12, 10, 10, 8, 14, 8), "durable": (25, 15, 20, 25, 8, 0, 7)}
"""How often each kind of `_FORMS` is chosen."""
_CONTEXTS: Final = (
    "the class garden",
    "a visit to the water works",
    "the school newspaper",
    "a retail internship",
    "the robotics club",
    "helping at the food bank",
    "the spring exhibition",
    "a family shop",
)
_CORRECTIONS: Final = (
    Reason(code="data-entry", text="Entered in the wrong column"),
    Reason(code="wrong-criterion", text="The row of another criterion was read"),
    Reason(code="second-look", text="Looked at again with the learner; the work shows more than was seen"),
    Reason(code="moderation", text="Agreed with a colleague in moderation"),
)
_VOIDS: Final = (
    Reason(code="wrong-learner", text="Given to the wrong learner"),
    Reason(code="task-flawed", text="The task had an error, no score of it stands"),
)
_WITHDRAWAL: Final = Reason(code="academic-integrity", text="The work is not the learner's own; to be shown again")
_HALVES_PER_POINT: Final = 2
_GOOD_HALVES: Final = 5
_LOWEST: Final = 1
_HIGHEST: Final = 4


class _Piece(NamedTuple):
    """A piece of work: when it was done, entered, how far along the learner was, and by whom it is seen."""

    id: EvidenceId
    kind: Code
    competency_ids: tuple[CompetencyId, ...]
    task: Code
    subject: str
    occurred_at: datetime
    entered_at: datetime
    expected: float
    """What an assessor without a leaning would see, in points of the scale."""
    assessor: Actor


class Worker:
    """Makes the acts about one learner's work.

    Args:
        seed: of the district.
        learner: whose work it is.
        end_year: the year in which the second school year ends.
    """

    def __init__(self, seed: int, learner: Learner, end_year: int) -> None:
        self._seed = seed
        self._learner = learner
        self._days = (*school_days(end_year - 1), *school_days(end_year))
        self._second_year = school_days(end_year)[0]
        self._chance = random(seed, "work", learner.id)
        self._durable = tuple(self._chance.sample(DURABLE, 3))
        self._pieces = 0

    def acts(self) -> Iterator[Act]:
        """Yield all acts about the learner's work, not yet in the order of time."""
        for subject in SUBJECTS:
            lines = self._durable if subject == "durable" else lines_for(subject, self._learner.school.band)
            for place, line in enumerate(lines):
                count = self._chance.choice((2, 2, 3))
                for number in range(count):
                    within = (number + self._chance.random()) / count
                    along = (place + 1.5 * within) / (len(lines) + 0.5)
                    yield from self._work_on(subject, CompetencyId(line.id), within, along)

    def _work_on(self, subject: str, competency_id: CompetencyId, within: float, along: float) -> Iterator[Act]:
        chance, learner = self._chance, self._learner
        occurred_at = entered_at = at_work(chance, self._days[int(along * len(self._days))])
        if happens(chance, learner.absence):
            if happens(chance, 0.5):  # half of what is missed is never made up
                return
            occurred_at = entered_at = later(chance, occurred_at, 2, 9)
        if happens(chance, 0.05):
            entered_at = later(chance, occurred_at, 6, 21)
        self._pieces += 1
        kind = self._kind(subject)
        durable = CompetencyId(chance.choice(self._durable).id)
        both = kind == "project" and subject != "durable" and happens(chance, 0.4)
        piece = _Piece(
            id=EvidenceId(f"e-{learner.id}-{self._pieces:03d}"),
            kind=kind,
            competency_ids=(competency_id, durable) if both else (competency_id,),
            task=f"{competency_id}-{kind}-{self._pieces}",
            subject=subject,
            occurred_at=occurred_at,
            entered_at=entered_at,
            expected=1.6 + learner.ability + learner.growth * (0.4 * along + 0.6 * within),
            assessor=learner.actor if kind == "self-assessment" else learner.teacher(subject),
        )
        yield from self._quiz(piece) if kind == "quiz" else self._show(piece)

    def _kind(self, subject: str) -> Code:
        if subject != "durable" and happens(self._chance, 0.4):
            return "quiz"
        weights = _KINDS["durable" if subject == "durable" else "academic"]
        return self._chance.choices(tuple(_FORMS), weights)[0]

    def _value(self, expected: float, assessor: Actor) -> str:
        seen = expected + leaning(self._seed, assessor.id) + self._chance.gauss(0, 0.3)
        halves = math.floor(seen * _HALVES_PER_POINT + 0.5)
        return _text(halves)

    def _quiz(self, piece: _Piece) -> Iterator[Act]:
        learner = self._learner
        batch = f"{piece.occurred_at:%Y-%m-%d}"
        observation = Observation(
            occurred_at=piece.occurred_at,
            source=Source(system="quiz-system", batch=batch, row=self._pieces),
            evidence_id=piece.id,
            learner_id=learner.id,
            competency_id=piece.competency_ids[0],
            kind=piece.kind,
            value=self._value(piece.expected, piece.assessor),
            assessor=piece.assessor,
            form=Form.TEST,
            task=piece.task,
            section_id=learner.section_id(piece.subject, self._year(piece)),
        )
        yield Act(piece.entered_at, stream_of(piece.id), LEARNING_SYSTEM, observation)
        yield from self._what_follows(piece, observation.value)

    def _show(self, piece: _Piece) -> Iterator[Act]:
        chance, learner, stream = self._chance, self._learner, stream_of(piece.id)
        is_own_choice = happens(chance, 0.4)
        submit = SubmitEvidence(
            occurred_at=piece.occurred_at,
            evidence_id=piece.id,
            learner_id=learner.id,
            competency_ids=piece.competency_ids,
            kind=piece.kind,
            form=chance.choice(_FORMS[piece.kind]),
            task=piece.task,
            section_id=learner.section_id(piece.subject, self._year(piece)),
            context=chance.choice(_CONTEXTS) if happens(chance, 0.1) else None,
            chosen_by="learner" if is_own_choice else "teacher",
            purpose="practice" if piece.kind == "practice" else "assessment",
        )
        yield Act(piece.entered_at, stream, learner.actor if is_own_choice else piece.assessor, submit)
        if happens(chance, 0.03):  # nobody came to score it
            return
        assessors = [piece.assessor]
        if piece.kind == "project" and happens(chance, 0.15):
            assessors.append(teacher(learner.school, piece.subject, 3))
        for assessor in assessors:
            for competency_id in piece.competency_ids:
                give = self._give(piece, competency_id, piece.expected, assessor, piece.occurred_at)
                yield Act(piece.entered_at, stream, assessor, give)
        yield from feedback(self._seed, piece.id, learner.teacher(piece.subject), piece.entered_at)
        if len(assessors) == len(piece.competency_ids) == 1:
            yield from self._what_follows(piece, give.value)

    def _give(
        self, piece: _Piece, competency_id: CompetencyId, expected: float, assessor: Actor, occurred_at: datetime
    ) -> GiveScore:
        value = self._value(expected, assessor)
        return GiveScore(occurred_at=occurred_at, evidence_id=piece.id, competency_id=competency_id, value=value)

    def _what_follows(self, piece: _Piece, value_micro: int | None) -> Iterator[Act]:
        """Yield what becomes of some scores: tried again, corrected, voided, withdrawn."""
        chance, stream, score_id, assessor = self._chance, stream_of(piece.id), score_id_of(piece.id, 1), piece.assessor
        then, halves = later(chance, piece.entered_at, 2, 12), (value_micro or 0) * _HALVES_PER_POINT // MICRO
        if halves < _GOOD_HALVES and happens(chance, 0.25):
            again = ResubmitEvidence(occurred_at=then, evidence_id=piece.id, form=Form.TEXT)
            yield Act(then, stream, self._learner.actor, again)
            better = self._give(piece, piece.competency_ids[0], piece.expected + 0.7, assessor, then)
            yield Act(then, stream, assessor, better)
        elif happens(chance, 0.02):
            value = _text(halves + 1 if halves < _HIGHEST * _HALVES_PER_POINT else halves - 1)
            right = CorrectScore(score_id=score_id, value=value, reason=chance.choice(_CORRECTIONS))
            yield Act(then, stream, assessor, right)
        elif happens(chance, 0.007):
            yield Act(then, stream, assessor, VoidScore(score_id=score_id, reason=chance.choice(_VOIDS)))
        elif happens(chance, 0.003):
            yield Act(then, stream, assessor, WithdrawEvidence(evidence_id=piece.id, reason=_WITHDRAWAL))

    def _year(self, piece: _Piece) -> int:
        return int(piece.occurred_at.date() >= self._second_year)


def _text(halves: int) -> str:
    """Return a value in half points as a decimal, kept on the scale."""
    kept = min(max(halves, _LOWEST * _HALVES_PER_POINT), _HIGHEST * _HALVES_PER_POINT)
    return f"{kept // _HALVES_PER_POINT}.5" if kept % _HALVES_PER_POINT else str(kept // _HALVES_PER_POINT)

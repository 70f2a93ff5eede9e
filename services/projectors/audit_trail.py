"""The read model `audit_trail`: one searchable row for each event of the ledger."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Optional

import msgspec
import psycopg

from domain.kernel.scores import from_micro
from services.projectors.audit_given import COMPETENCY_COLUMNS, EVENT_COLUMNS, GIVEN, copy_given
from services.projectors.generations import partition
from services.projectors.parts import Part
from services.projectors.read_model import Gather, Poison, StoredRow

COPY_EVENTS: Final = f"COPY {{table}} ({EVENT_COLUMNS}) FROM STDIN"
COPY_COMPETENCIES: Final = f"COPY {{table}} ({COMPETENCY_COLUMNS}) FROM STDIN"


class _Actor(msgspec.Struct):
    id: str
    role: str


class _Reason(msgspec.Struct, frozen=True):
    code: str | None = None
    text: str | None = None


class _Because(msgspec.Struct):
    kind: str
    text: str | None = None


_NO_REASON: Final = _Reason()


class _Meta(msgspec.Struct):
    actor: _Actor
    reason: _Reason = _NO_REASON


class _Data(msgspec.Struct):
    """The fields of any event that the trail shows or is searched by; an event has a few of them."""

    score_id: str | None = None
    judgement_id: str | None = None
    goal_id: str | None = None
    pathway_id: str | None = None
    entry_id: str | None = None
    enrolment_id: str | None = None
    act_id: str | None = None
    support_id: str | None = None
    feedback_id: str | None = None
    evidence_id: str | None = None
    policy_id: str | None = None
    framework_id: str | None = None
    scale_id: str | None = None
    projector: str | None = None
    learner_id: str | None = None
    competency_id: str | None = None
    competency_ids: tuple[str, ...] = ()
    steps: tuple["_Data", ...] = ()
    bases: tuple["_Data", ...] = ()
    basis: Optional["_Data"] = None
    lines: tuple["_Data", ...] = ()
    before_micro: int = 0
    value_micro: int = 0
    possible_micro: int = 0
    level: str | None = None
    statement: str | None = None
    text: str | None = None
    note: str | None = None
    outcome: str | None = None
    version: str | None = None
    edition: str | None = None
    form: str | None = None
    subgroups: tuple[str, ...] = ()
    section_id: str | None = None
    because: _Because | str | None = None
    step_id: str | None = None
    title: str | None = None
    kind: str | None = None
    period: str | None = None

    @property
    def subject_id(self) -> str | None:
        """The id of the thing acted on: the most particular one that the event names."""
        return (
            self.score_id or self.judgement_id or self.goal_id or self.pathway_id or self.entry_id
            or self.enrolment_id or self.act_id or self.support_id or self.feedback_id or self.evidence_id
            or self.policy_id or self.framework_id or self.scale_id or self.projector or self.learner_id
        )  # fmt: skip

    @property
    def competencies(self) -> tuple[str, ...]:
        """Every competency that the event names, in its order."""
        if self.competency_id is not None:
            return (self.competency_id,)
        parts = self.steps or self.bases or tuple(line.basis for line in self.lines if line.basis)
        return self.competency_ids or tuple(part.competency_id for part in parts if part.competency_id)


def _steps(data: _Data) -> str:
    return ", ".join(step.competency_id or "" for step in data.steps)


_BEFORE: Final[dict[str, Callable[[_Data], str | None]]] = {
    "score.corrected.v1": lambda data: from_micro(data.before_micro),
    "score.voided.v1": lambda data: from_micro(data.before_micro),
}
_AFTER: Final[dict[str, Callable[[_Data], str | None]]] = {
    "evidence.submitted.v1": lambda data: data.form,
    "evidence.resubmitted.v1": lambda data: data.form,
    "score.given.v1": lambda data: from_micro(data.value_micro),
    "score.corrected.v1": lambda data: from_micro(data.value_micro),
    "judgement.recorded.v1": lambda data: data.level,
    "goal.set.v1": lambda data: data.statement,
    "goal.revised.v1": lambda data: data.statement,
    "goal.progress_noted.v1": lambda data: data.note,
    "goal.closed.v1": lambda data: data.outcome,
    "pathway.approved.v1": _steps,
    "pathway.changed.v1": _steps,
    "pathway.changed.v2": _steps,
    "pathway.step_started.v1": lambda data: data.step_id,
    "pathway.step_completed.v1": lambda data: data.step_id,
    "profile.entry_noted.v1": lambda data: data.text,
    "learner.registered.v1": lambda data: ", ".join(data.subgroups) or None,
    "learner.subgroups_changed.v1": lambda data: ", ".join(data.subgroups) or None,
    "advancement.granted.v1": lambda data: data.basis.level if data.basis else None,
    "credit.awarded.v1": lambda data: data.title,
    "report_card.issued.v1": lambda data: data.period,
    "review.settled.v1": lambda data: data.outcome,
    "support.started.v1": lambda data: data.kind,
    "feedback.given.v1": lambda data: data.text,
    "enrolment.opened.v1": lambda data: data.section_id,
    "framework.published.v1": lambda data: data.edition,
    "policy.drafted.v1": lambda data: data.version,
    "policy.published.v1": lambda data: data.version,
    "policy.activated.v1": lambda data: data.version,
}
"""What the thing acted on was before and is after, where the event itself says so."""


def _nothing(_: _Data) -> None:
    return None


_META: Final = msgspec.json.Decoder(_Meta)
_DATA: Final = msgspec.json.Decoder(_Data)


class AuditTrail:
    """Who did what to whom, when and why: stateless, so that a batch is two COPY statements."""

    name: Final = "audit_trail"
    tables: Final = ("audit_event", "audit_competency")
    late_tables: Final[Mapping[str, str | None]] = {"audit_event": None, "audit_competency": None}
    breaks: Final[frozenset[str]] = frozenset()
    gather: Final = Gather(frozenset({GIVEN}), copy_given)
    moments: Final[frozenset[str]] = frozenset()
    types: Final = None

    def apply(self, connection: psycopg.Connection[Any], generation: int, batch: Sequence[StoredRow]) -> None:
        """Write the rows of a batch.

        Raises:
            Poison: an envelope or data that can't be read.
        """
        read = list(_read(batch))
        with connection.cursor() as cursor:
            with cursor.copy(COPY_EVENTS.format(table=partition("audit_event", generation)).encode()) as copy:
                for row, meta, data in read:
                    copy.write_row(_row(generation, row, meta, data))
            with cursor.copy(
                COPY_COMPETENCIES.format(table=partition("audit_competency", generation)).encode()
            ) as copy:
                for row, _, data in read:
                    for competency_id in dict.fromkeys(data.competencies):
                        copy.write_row((generation, competency_id, row.position))

    def settle(self, connection: psycopg.Connection[Any], generation: int) -> None:
        """Do nothing: a batch leaves nothing."""

    def derive(self, connection: psycopg.Connection[Any], generation: int, part: Part, until: int) -> None:
        """Do nothing: rows follow from single events."""

    def finish(self, connection: psycopg.Connection[Any], generation: int, until: int) -> None:
        """Do nothing: rows are written ready for readers."""


def _read(batch: Sequence[StoredRow]) -> Iterator[tuple[StoredRow, _Meta, _Data]]:
    for row in batch:
        try:
            yield row, _META.decode(row.meta), _DATA.decode(row.data)
        except msgspec.DecodeError as error:
            raise Poison(row.position, row.learner_id, str(error)) from error


def _row(generation: int, row: StoredRow, meta: _Meta, data: _Data) -> tuple[object, ...]:
    reason, because = meta.reason, data.because
    if isinstance(because, str):
        because = _Because(kind="teacher_observation", text=because)
    why = _NO_REASON if because is None else _Reason(because.kind, because.text)
    return (
        generation,
        row.position,
        row.type,
        data.subject_id,
        _array(data.competencies),
        meta.actor.id,
        meta.actor.role,
        reason.code or why.code,
        reason.text or why.text,
        _BEFORE.get(row.type, _nothing)(data),
        _AFTER.get(row.type, _nothing)(data),
        row.recorded_at,
    )


def _array(ids: tuple[str, ...]) -> str | None:
    """Return ids as the text of a PostgreSQL array; their form (`ids.ID_PATTERN`) needs no escape inside quotes."""
    return '{"' + '","'.join(ids) + '"}' if ids else None

"""Of what evidence a learner's record is made, by competency: how deep, in which forms, and what is missing."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from domain.evidence.events import EvidenceAligned, EvidenceSubmitted, EvidenceWithdrawn, Form
from domain.framework.events import Depth
from domain.kernel.event import Event
from domain.kernel.ids import CompetencyId, EvidenceId
from schemas.registry import decode
from services.query_api.answers import Answer, Connection, Part, rows

EVIDENCE: Final = """
    SELECT type, data::text AS data
      FROM ledger.event
     WHERE learner_id = %(learner_id)s
       AND type IN ('evidence.submitted.v1', 'evidence.aligned.v1', 'evidence.withdrawn.v1')
     ORDER BY position
"""
DEMANDED: Final = """
    SELECT DISTINCT ON (competency->>'competency_id') competency->>'competency_id' AS competency_id,
           competency->>'outcome' AS outcome
      FROM ledger.event, json_array_elements(event.data->'competencies') AS competency
     WHERE event.learner_id IS NULL AND event.type = 'framework.published.v1'
       AND competency->>'competency_id' = ANY(%(competency_ids)s::text[])
     ORDER BY competency->>'competency_id', event.position DESC
"""
TESTS: Final = frozenset({Form.TEST, Form.STANDARDIZED_TEST})
DEPTHS: Final = (None, *Depth)
"""From the least deep; evidence that does not say counts for none."""


class Coverage(Part):
    """The evidence for one competency that was not withdrawn, counted by depth, form and kind."""

    competency_id: str
    evidence: int
    by_depth: dict[str, int]
    by_form: dict[str, int]
    by_kind: dict[str, int]
    demanded_depth: str | None
    """How deep the competency goes at least, as its framework says."""
    gaps: tuple[str, ...]
    """only-tests-so-far, nothing-applied-or-created, not-as-deep-as-demanded."""


class EvidenceCoverage(Answer):
    """A learner's evidence by competency."""

    learner_id: str
    competencies: tuple[Coverage, ...]


async def read_coverage(connection: Connection, learner_id: str) -> EvidenceCoverage:
    """Return of what evidence a learner's record is made."""
    found = await rows(connection, EVIDENCE, {"learner_id": learner_id})
    held = fold(decode(row["type"], row["data"]) for row in found)
    demanded = await rows(connection, DEMANDED, {"competency_ids": list(held)})
    depth = {row["competency_id"]: row["outcome"] for row in demanded}
    covered = tuple(_coverage(one, pieces, depth.get(one)) for one, pieces in sorted(held.items()))
    return EvidenceCoverage(learner_id=learner_id, competencies=covered)


def fold(events: Iterable[Event]) -> dict[CompetencyId, list[EvidenceSubmitted]]:
    """Return the evidence for each competency that was not withdrawn."""
    pieces: dict[EvidenceId, tuple[EvidenceSubmitted, list[CompetencyId]]] = {}
    for event in events:
        match event:
            case EvidenceSubmitted():
                pieces[event.evidence_id] = event, [*event.competency_ids]
            case EvidenceAligned() if event.evidence_id in pieces:
                pieces[event.evidence_id][1].extend(event.competency_ids)
            case EvidenceWithdrawn():
                pieces.pop(event.evidence_id, None)
            case _:
                pass
    held: dict[CompetencyId, list[EvidenceSubmitted]] = {}
    for piece, competency_ids in pieces.values():
        for competency_id in competency_ids:
            held.setdefault(competency_id, []).append(piece)
    return held


def _coverage(competency_id: str, pieces: list[EvidenceSubmitted], demanded: str | None) -> Coverage:
    return Coverage(
        competency_id=competency_id,
        evidence=len(pieces),
        by_depth=Counter(piece.outcome or "not said" for piece in pieces),
        by_form=Counter(piece.form for piece in pieces),
        by_kind=Counter(piece.kind for piece in pieces),
        demanded_depth=demanded,
        gaps=tuple(_gaps(pieces, demanded)),
    )


def _gaps(pieces: list[EvidenceSubmitted], demanded: str | None) -> Iterable[str]:
    deepest = max((piece.outcome for piece in pieces), key=DEPTHS.index)
    if all(piece.form in TESTS for piece in pieces):
        yield "only-tests-so-far"
    if deepest not in {Depth.APPLY, Depth.CREATE}:
        yield "nothing-applied-or-created"
    if demanded is not None and DEPTHS.index(deepest) < DEPTHS.index(Depth(demanded)):
        yield "not-as-deep-as-demanded"

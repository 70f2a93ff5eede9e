"""Reads a CASE package into an edition of a framework, leniently.

A repeated identifier is quarantined: the first item stands, the later one is left out and reported. An edge whose
end is neither an item nor the document is kept and noted: it may point into another framework.
Source: 1EdTech CASE 1.1, CFPackage.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from domain.framework.decider import PublishFramework
from domain.framework.events import Association, AssociationKind, Competency, CompetencyKind
from domain.kernel.errors import Invalid
from domain.kernel.ids import CompetencyId, ScaleId
from domain.kernel.parsing import parse_command
from infra.files.rows import BadRow, open_file
from schemas.case import CFAssociation, CFItem, CFPackage

_Model = TypeVar("_Model", bound=BaseModel)
_KINDS: Final = frozenset(kind.value for kind in AssociationKind)


class CasePackage(NamedTuple):
    """The command that adopts a framework; the items and edges left out; the edges kept that lead elsewhere.

    The line of a bad row is the ordinal of the item or association in its list, from 1.
    """

    command: PublishFramework
    bad: tuple[BadRow, ...]
    notes: tuple[BadRow, ...]


def read_case(path: Path, scale_id: ScaleId) -> CasePackage:
    """Read a CASE package.

    Args:
        path: a JSON file.
        scale_id: the proficiency scale on which the competencies are scored; CASE names none.

    Raises:
        Invalid: malformed, when the file is no package, or holds no competency.
        Misconfigured: configuration, when the file does not exist.
    """
    try:
        package = CFPackage.model_validate_json(open_file(path).read_bytes())
    except ValidationError as error:
        raise Invalid("malformed", f"file {path.name} is no CASE package: {_first_fault(error)}") from error
    document, bad, notes = package.CFDocument, list[BadRow](), list[BadRow]()
    competencies = tuple(_competencies(package.CFItems, bad))
    if not competencies:
        raise Invalid("malformed", f"file {path.name} holds no competency", document=document.identifier)
    known = {competency.competency_id for competency in competencies} | {CompetencyId(document.identifier)}
    content = {
        "framework_id": document.identifier,
        "title": document.title,
        "edition": document.version or document.lastChangeDateTime or "1",
        "scale_id": scale_id,
        "competencies": competencies,
        "associations": tuple(_associations(package.CFAssociations, known, bad, notes)),
        "source_uri": document.officialSourceURL or document.uri,
    }
    command = parse_command(PublishFramework, content)
    return CasePackage(command, tuple(bad), tuple(notes))


def _competencies(items: Sequence[object], bad: list[BadRow]) -> Iterator[Competency]:
    seen: set[CompetencyId] = set()
    for line, item in _read("CFItems", CFItem, items, bad):
        if item.identifier in seen:
            bad.append(BadRow("CFItems", line, "identifier-repeated", f"item {item.identifier} stands here again"))
            continue
        seen.add(item.identifier)
        yield Competency(
            competency_id=item.identifier,
            code=item.humanCodingScheme,
            statement=item.fullStatement,
            kind=_kind(item.CFItemType or ""),
            subject=", ".join(item.subject) or None,
            grade="-".join(dict.fromkeys((*item.educationLevel[:1], *item.educationLevel[-1:]))) or None,
        )


def _kind(item_type: str) -> CompetencyKind:
    return next((kind for kind in CompetencyKind if kind in item_type.lower()), CompetencyKind.SKILL)


def _associations(
    edges: Sequence[object], known: set[CompetencyId], bad: list[BadRow], notes: list[BadRow]
) -> Iterator[Association]:
    for line, edge in _read("CFAssociations", CFAssociation, edges, bad):
        if edge.associationType not in _KINDS:
            fault = f"association type {edge.associationType!r} is unknown"
            bad.append(BadRow("CFAssociations", line, "malformed", fault))
            continue
        ends = (edge.originNodeURI.identifier, edge.destinationNodeURI.identifier)
        notes.extend(
            BadRow("CFAssociations", line, "edge-unresolved", f"end {end} is not in the package")
            for end in ends
            if end not in known
        )
        yield Association(kind=AssociationKind(edge.associationType), from_id=ends[0], to_id=ends[1])


def _read(
    part: str, model: type[_Model], elements: Sequence[object], bad: list[BadRow]
) -> Iterator[tuple[int, _Model]]:
    for line, element in enumerate(elements, 1):
        try:
            yield line, model.model_validate(element)
        except ValidationError as error:
            bad.append(BadRow(part, line, "malformed", _first_fault(error)))


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg'][0].lower()}{fault['msg'][1:]}"

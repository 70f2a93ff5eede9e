import json
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from domain.framework.events import FrameworkPublished
from domain.kernel.errors import Invalid, Refused
from domain.kernel.ids import ScaleId
from infra.files.rows import BadRow
from infra.postgres.event_store import EventStore
from services.importers.case import import_case
from tests.imports.conftest import IMPORTER, NOW

pytestmark = pytest.mark.anyio
CHANGED: Final = "2026-01-05T08:00:00+00:00"


def item(identifier: str, statement: str) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "uri": "u:" + identifier,
        "fullStatement": statement,
        "lastChangeDateTime": CHANGED,
    }


def edge(kind: str, origin: str, destination: str) -> dict[str, Any]:
    ends = {
        side: {"title": end, "identifier": end, "uri": "u:" + end}
        for side, end in (("originNodeURI", origin), ("destinationNodeURI", destination))
    }
    return {"identifier": origin, "uri": "u", "lastChangeDateTime": CHANGED, "associationType": kind, **ends}


def write(folder: Path, *, items: list[object], edges: list[object]) -> Path:
    document = {"identifier": "doc", "uri": "u:doc", "creator": "c", "title": "T", "lastChangeDateTime": CHANGED}
    path = folder / "package.json"
    path.write_text(json.dumps({"CFDocument": document, "CFItems": items, "CFAssociations": edges}), encoding="utf-8")
    return path


async def test_the_common_core_mathematics_become_a_framework_of_746_competencies(
    store: EventStore, shared: Path
) -> None:
    path = shared / "data" / "case" / "ccss-math-2010.json"
    report = await import_case(store, path, actor=IMPORTER, now=NOW)
    assert dict(report.events) == {"scale.published.v1": 1, "framework.published.v1": 1}
    assert (report.bad, report.notes) == ([], [])
    [recorded] = (await store.load("framework-c6496676-d7cb-11e8-824f-0242ac160002")).events
    framework = recorded.event
    assert isinstance(framework, FrameworkPublished)
    assert (len(framework.competencies), len(framework.associations)) == (746, 746)
    cluster = next(one for one in framework.competencies if one.code == "2.OA.A")
    assert cluster.statement == "Represent and solve problems involving addition and subtraction."
    assert (cluster.grade, framework.scale_id) == ("02", "four-levels")


async def test_the_official_schema_accepts_what_the_tests_and_the_data_call_a_case_package(
    shared: Path, tmp_path: Path
) -> None:
    data = shared / "data"
    schema = json.loads((data / "schemas" / "case" / "case_v1p1_cfpackage-jsonschema1.json").read_text())
    ours = write(tmp_path, items=[item("a", "A")], edges=[edge("precedes", "a", "elsewhere")])
    for path in (ours, data / "case" / "ccss-math-2010.json"):
        jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), schema)


async def test_the_second_run_adds_nothing(store: EventStore, tmp_path: Path) -> None:
    path = write(tmp_path, items=[item("a", "A")], edges=[])
    await import_case(store, path, actor=IMPORTER, now=NOW)
    report = await import_case(store, path, actor=IMPORTER, now=NOW)
    assert (report.added, report.repeated) == (0, 2)


async def test_a_changed_package_is_the_next_edition(store: EventStore, tmp_path: Path) -> None:
    await import_case(store, write(tmp_path, items=[item("a", "A")], edges=[]), actor=IMPORTER, now=NOW)
    changed = write(tmp_path, items=[item("a", "A"), item("b", "B")], edges=[])
    report = await import_case(store, changed, actor=IMPORTER, now=NOW)
    assert dict(report.events) == {"framework.published.v1": 1}
    assert (await store.load("framework-doc")).version == 2


async def test_a_repeated_identifier_is_quarantined_and_the_first_item_stands(
    store: EventStore, tmp_path: Path
) -> None:
    path = write(tmp_path, items=[item("a", "A"), item("a", "Another"), item("b", "B")], edges=[])
    report = await import_case(store, path, actor=IMPORTER, now=NOW)
    assert report.bad == [BadRow("CFItems", 2, "identifier-repeated", "item a stands here again")]
    [recorded] = (await store.load("framework-doc")).events
    assert isinstance(recorded.event, FrameworkPublished)
    assert [one.statement for one in recorded.event.competencies] == ["A", "B"]


async def test_an_edge_that_leads_elsewhere_is_kept_and_noted(store: EventStore, tmp_path: Path) -> None:
    edges: list[object] = [edge("precedes", "a", "elsewhere"), edge("isChildOf", "a", "doc")]
    report = await import_case(store, write(tmp_path, items=[item("a", "A")], edges=edges), actor=IMPORTER, now=NOW)
    assert report.notes == [BadRow("CFAssociations", 1, "edge-unresolved", "end elsewhere is not in the package")]
    [recorded] = (await store.load("framework-doc")).events
    assert isinstance(recorded.event, FrameworkPublished)
    assert [(one.kind, one.to_id) for one in recorded.event.associations] == [
        ("precedes", "elsewhere"),
        ("isChildOf", "doc"),
    ]


async def test_an_item_without_a_statement_and_an_unknown_edge_are_reported(store: EventStore, tmp_path: Path) -> None:
    edges: list[object] = [edge("isOppositeOf", "a", "doc")]
    path = write(tmp_path, items=[item("a", "A"), {"identifier": "b"}, 7], edges=edges)
    report = await import_case(store, path, actor=IMPORTER, now=NOW)
    assert [(row.file, row.line, row.rule) for row in report.bad] == [
        ("CFItems", 2, "malformed"),
        ("CFItems", 3, "malformed"),
        ("CFAssociations", 1, "malformed"),
    ]


async def test_a_framework_for_a_scale_that_is_not_published_is_refused(store: EventStore, tmp_path: Path) -> None:
    path = write(tmp_path, items=[item("a", "A")], edges=[])
    with pytest.raises(Refused, match="scale ours is not published"):
        await import_case(store, path, actor=IMPORTER, now=NOW, scale_id=ScaleId("ours"))


async def test_a_file_that_is_no_package_is_refused(store: EventStore, tmp_path: Path) -> None:
    path = tmp_path / "package.json"
    path.write_text('{"CFItems": []}', encoding="utf-8")
    with pytest.raises(Invalid, match="is no CASE package"):
        await import_case(store, path, actor=IMPORTER, now=NOW)

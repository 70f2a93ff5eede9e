"""What every registered event promises: classed fields, and stored texts that stay readable."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from domain.kernel.envelope import Meta
from domain.kernel.event import Event
from domain.pathway.events import Because, BecauseKind, PathwayChanged
from schemas.registry import EVENTS, UPCASTERS, decode, encode
from tests.docs.fields import leaves

GOLDEN = Path(__file__).parents[1] / "golden/events.ndjson"
STORED: list[dict[str, Any]] = [orjson.loads(line) for line in GOLDEN.read_bytes().splitlines()]


@pytest.mark.parametrize("part", [*EVENTS.values(), Meta])
def test_every_field_is_classed_as_personal_pseudonym_or_plain(part: type[Event]) -> None:
    assert [path for path, _, kind in leaves(part) if kind is None] == []


def test_the_golden_file_holds_every_type_that_was_ever_stored() -> None:
    assert [line["type"] for line in STORED] == sorted([*EVENTS, *UPCASTERS])


@pytest.mark.parametrize("line", STORED, ids=lambda line: str(line["type"]))
def test_a_stored_event_is_read_and_a_current_one_is_written_as_it_was(line: dict[str, Any]) -> None:
    stored = orjson.dumps(line["data"])
    event = decode(line["type"], stored)
    assert (encode(event) == stored) == (line["type"] in EVENTS)


def test_a_pathway_change_of_version_1_is_read_as_one_of_version_2() -> None:
    old = next(line for line in STORED if line["type"] == "pathway.changed.v1")
    event = decode(old["type"], orjson.dumps(old["data"]))
    assert isinstance(event, PathwayChanged)
    assert event.because == Because(kind=BecauseKind.TEACHER_OBSERVATION, text="ready for ratios")

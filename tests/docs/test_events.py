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
LATEST = {line["type"]: line for line in STORED}
EARLIER = [line for line in STORED if line is not LATEST[line["type"]]]
"""Events as they were stored before fields were added: in the file they stand before the present form."""


def holds(now: Any, before: Any) -> bool:
    """Say whether all that was stored is there still, at any depth."""
    if isinstance(before, dict):
        return all(name in now and holds(now[name], value) for name, value in before.items())
    if isinstance(before, list):
        return len(now) == len(before) and all(map(holds, now, before))
    return bool(now == before)


@pytest.mark.parametrize("part", [*EVENTS.values(), Meta])
def test_every_field_is_classed_as_personal_pseudonym_or_plain(part: type[Event]) -> None:
    assert [path for path, _, kind in leaves(part) if kind is None] == []


def test_the_golden_file_holds_every_type_that_was_ever_stored() -> None:
    assert list(LATEST) == sorted([*EVENTS, *UPCASTERS])


@pytest.mark.parametrize("line", LATEST.values(), ids=lambda line: str(line["type"]))
def test_a_stored_event_is_read_and_a_current_one_is_written_as_it_was(line: dict[str, Any]) -> None:
    stored = orjson.dumps(line["data"])
    event = decode(line["type"], stored)
    assert (encode(event) == stored) == (line["type"] in EVENTS)


@pytest.mark.parametrize("line", EARLIER, ids=lambda line: str(line["type"]))
def test_an_event_from_before_fields_were_added_is_read_and_loses_nothing(line: dict[str, Any]) -> None:
    written = orjson.loads(encode(decode(line["type"], orjson.dumps(line["data"]))))
    assert holds(written, line["data"])


def test_a_pathway_change_of_version_1_is_read_as_one_of_version_2() -> None:
    old = next(line for line in STORED if line["type"] == "pathway.changed.v1")
    event = decode(old["type"], orjson.dumps(old["data"]))
    assert isinstance(event, PathwayChanged)
    assert event.because == Because(kind=BecauseKind.TEACHER_OBSERVATION, text="ready for ratios")

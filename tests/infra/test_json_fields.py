"""Fields found in canonical JSON are those that a JSON parser finds; what is not plain is left to one."""

import json
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.postgres.binary_copy import Numbers, Texts, texts_of
from infra.postgres.json_fields import JsonFields

NAMES = ("id", "value", "part")
KEYS = st.sampled_from([*NAMES, "i", "values", "identity", "Ö", ""])
INTEGERS = st.integers(-(10**18) + 1, 10**18 - 1)
SINGLE = st.none() | st.booleans() | INTEGERS | st.text(max_size=4)
VALUES = SINGLE | st.lists(SINGLE, max_size=2) | st.dictionaries(KEYS, SINGLE, max_size=2)


def fields(*texts: str, names: Sequence[str] = NAMES) -> JsonFields:
    return JsonFields(texts_of(texts), names)


def words(column: Texts) -> list[str | None]:
    spans = zip(column.first.tolist(), column.last.tolist(), column.known.tolist(), strict=True)
    return [bytes(column.data[first:last]).decode() if known else None for first, last, known in spans]


def numbers(column: Numbers) -> list[int | None]:
    return [
        number if known else None for number, known in zip(column.numbers.tolist(), column.known.tolist(), strict=True)
    ]


def plain(value: object) -> str | None:
    """A text whose canonical form is itself between quotes."""
    return value if isinstance(value, str) and json.dumps(value, ensure_ascii=False) == f'"{value}"' else None


@settings(deadline=None)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=3))
def test_texts_and_numbers_of_any_objects_are_found(objects: list[dict[str, Any]]) -> None:
    found = fields(*(orjson.dumps(one).decode() for one in objects))
    assert found.read.all()
    ids, values = found.texts("id", is_optional=True), found.numbers("value", default=7)
    for place, one in enumerate(objects):
        is_read = "id" not in one or plain(one["id"]) is not None
        assert words(ids)[place] == plain(one.get("id"))
        if "value" not in one:
            assert numbers(values)[place] == 7
        elif type(one["value"]) is int:
            assert numbers(values)[place] == one["value"]
        else:
            assert numbers(values)[place] is None
            is_read = False
        assert found.read[place] == is_read


def test_the_fields_of_an_inner_object_are_found_and_it_may_be_absent() -> None:
    outer = fields('{"part":{"id":"x","of":[{"id":"no"},"]}"]}}', "{}", '{"part":null}')
    inner = outer.inner("part", ("id",), are_optional=True)
    assert words(inner.texts("id", is_optional=True)) == ["x", None, None]
    assert inner.read.tolist() == [True, True, False]
    assert outer.inner("part", ("id",)).read.tolist() == [True, False, False]


@pytest.mark.parametrize(
    "text",
    [
        '{"id": "x"}',
        '{ "id":"x"}',
        '{"id":"x" }',
        '{"id":"x"} ',
        '{"id":"x","part":1, "value":2}',
        '{"\\u0069d":"x"}',
        '{"id":"a\\"b"}',
        '{"id":"a\\\\"}',
        '{"id":1}',
        '{"id":null}',
        "{}",
        "[]",
        "1",
    ],
)
def test_what_is_not_plain_is_not_read(text: str) -> None:
    found = fields(text, '{"id":"x"}')
    found.texts("id")
    assert found.read.tolist() == [False, True]


@pytest.mark.parametrize("number", ["1.5", "1e3", "-0.0", "true", '"1"', "[1]", "1000000000000000000"])
def test_what_is_no_whole_number_of_64_bits_is_not_read(number: str) -> None:
    found = fields(f'{{"value":{number}}}')
    assert numbers(found.numbers("value")) == [None]
    assert not found.read.any()

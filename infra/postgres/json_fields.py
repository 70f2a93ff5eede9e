"""Fields of many JSON objects of one buffer: found from quote to quote, without a Python value for any of them.

The database has seen to it that each text is JSON. What is not canonical (spaces, escapes) and what has another form
than is asked for is not read: `read` is false for such an object, and the caller decodes it by other means.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numba import njit

from infra.postgres.binary_copy import Bools, Bytes, Int64s, Numbers, Texts, texts_of

QUOTE, BACKSLASH, COMMA, COLON, MINUS, ZERO = (ord(sign) for sign in '"\\,:-0')
OPEN, OPEN_LIST, CLOSE, CLOSE_LIST = (ord(sign) for sign in "{[}]")
ABSENT: Final = -1
DIGITS_MAX: Final = 18
"""A number of so many digits fits into 64 bits."""


class Signs(NamedTuple):
    """Where the quotes of texts are in a buffer, and whether any text in it has an escaped sign."""

    quotes: Int64s
    has_escapes: bool


class JsonFields:
    """Some fields of the objects of a column.

    Args:
        objects: the texts.
        names: of the fields; found the fastest in their order.
        signs: of the objects' buffer, if they are known.
        are_optional: an object that is null has no fields, and is read all the same.
    """

    def __init__(
        self, objects: Texts, names: Sequence[str], signs: Signs | None = None, *, are_optional: bool = False
    ) -> None:
        self._data = objects.data
        self._signs = signs_of(objects.data) if signs is None else signs
        self._row_of = {name: row for row, name in enumerate(names)}
        self._found = np.full((2, len(names), len(objects.known)), ABSENT, np.int64)
        self.read = objects.known.copy()
        find(objects, texts_of(names), self._signs, self._found, self.read)
        self.read |= are_optional & ~objects.known

    def texts(self, name: str, *, is_optional: bool = False) -> Texts:
        """Return the texts of a field."""
        first, last, known = self._places(name)
        are_read = are_plain(self._data, first, last, self._signs.has_escapes)
        self.read &= are_read | is_optional & ~known
        return Texts(self._data, first + 1, last - 1, known & are_read)

    def numbers(self, name: str, default: int | None = None, width: int = 8) -> Numbers:
        """Return the whole numbers of a field; `default` where it is absent."""
        first, last, known = self._places(name)
        numbers, are_read = whole_numbers(self._data, first, last)
        if default is not None:
            numbers[~known] = default
            are_read |= ~known
        self.read &= are_read
        return Numbers(numbers, are_read, width)

    def inner(self, name: str, names: Sequence[str], *, are_optional: bool = False) -> "JsonFields":
        """Return fields of the objects of a field."""
        first, last, known = self._places(name)
        return JsonFields(Texts(self._data, first, last, known), names, self._signs, are_optional=are_optional)

    def _places(self, name: str) -> tuple[Int64s, Int64s, Bools]:
        first, last = self._found[:, self._row_of[name]]
        return first, last, first != ABSENT


def signs_of(data: Bytes) -> Signs:
    """Return where the texts of JSON begin and end."""
    quotes, has_escapes = places_of(data, QUOTE), bool((data == BACKSLASH).any())
    if has_escapes:
        quotes = quotes[~np.isin(quotes, escaped(places_of(data, BACKSLASH)))]
    return Signs(quotes, has_escapes)


@njit(cache=True, nogil=True)
def places_of(data: Bytes, sign: int) -> Int64s:
    """Return where a sign is, without a branch for each byte."""
    places, count = np.empty(len(data) + 1, np.int64), 0
    for at in range(len(data)):
        places[count] = at
        count += data[at] == sign
    return places[:count].copy()


@njit(cache=True, nogil=True)
def escaped(escapes: Int64s) -> Int64s:
    """Return the places behind backslashes that are not themselves behind one."""
    behind, count = np.empty(len(escapes), np.int64), 0
    for at in escapes:
        if count == 0 or behind[count - 1] != at:
            behind[count] = at + 1
            count += 1
    return behind[:count]


@njit(cache=True, nogil=True)
def find(objects: Texts, names: Texts, signs: Signs, found: Int64s, read: Bools) -> None:
    """Put down where the values of fields lie in each object that is `read`; it is no longer if it is not plain."""
    data, quotes, quote = objects.data, signs.quotes, 0
    for row in range(len(read)):
        if not read[row]:
            continue
        at, following = objects.first[row], 0
        while quote < len(quotes) and quotes[quote] < at:
            quote += 1
        read[row] = data[at] == OPEN
        while read[row] and at < objects.last[row] - 1:
            at += 1  # past the opening, or a comma
            if data[at] != QUOTE:
                read[row] = data[at] == CLOSE and data[at - 1] == OPEN
                break
            value = quotes[quote + 1] + 2
            field = which(data, at + 1, value - 2, names, following)
            if data[value - 1] != COLON or (field == ABSENT and signs.has_escapes and has_escape(data, at, value)):
                read[row] = False
                break
            at, quote = end_of_value(data, value, quotes, quote + 2)
            if field != ABSENT:
                found[0, field, row], found[1, field, row] = value, at
                following = field + 1


@njit(cache=True, nogil=True)
def end_of_value(data: Bytes, at: int, quotes: Int64s, quote: int) -> tuple[int, int]:
    """Return the place behind a value of an object, and which quote is the next; `quote` is the first from `at` on."""
    depth = 0
    while True:
        sign = data[at]
        if sign == QUOTE:
            at = quotes[quote + 1] + 1
            quote += 2
            continue
        if depth == 0 and sign in (COMMA, CLOSE):
            return at, quote
        if sign in (OPEN, OPEN_LIST):
            depth += 1
        elif sign in (CLOSE, CLOSE_LIST):
            depth -= 1
        at += 1


@njit(cache=True, nogil=True)
def has_escape(data: Bytes, first: int, last: int) -> bool:
    """Say whether a text has an escaped sign."""
    at = first
    while at < last and data[at] != BACKSLASH:
        at += 1
    return at < last


@njit(cache=True, nogil=True)
def which(data: Bytes, first: int, last: int, names: Texts, start: int) -> int:
    """Return which of some names a key is, or ABSENT; they are tried from `start` on, for keys come in order."""
    for turn in range(len(names.first)):
        word = (start + turn) % len(names.first)
        length = names.last[word] - names.first[word]
        if length == last - first:
            place = 0
            while place < length and data[first + place] == names.data[names.first[word] + place]:
                place += 1
            if place == length:
                return word
    return ABSENT


@njit(cache=True, nogil=True)
def are_plain(data: Bytes, first: Int64s, last: Int64s, has_escapes: bool) -> Bools:  # noqa: FBT001 - compiled
    """Say of each value whether it is a text without escapes."""
    plain = np.zeros(len(first), np.bool_)
    for row in range(len(first)):
        if first[row] != ABSENT:
            quoted = data[first[row]] == QUOTE and data[last[row] - 1] == QUOTE
            plain[row] = quoted and not (has_escapes and has_escape(data, first[row], last[row]))
    return plain


@njit(cache=True, nogil=True)
def whole_numbers(data: Bytes, first: Int64s, last: Int64s) -> tuple[Int64s, Bools]:
    """Return values as whole numbers, and of each whether it is one."""
    numbers, plain = np.zeros(len(first), np.int64), np.zeros(len(first), np.bool_)
    for row in range(len(first)):
        if first[row] == ABSENT:
            continue
        is_negative = data[first[row]] == MINUS
        start = first[row] + is_negative
        plain[row] = last[row] - start <= DIGITS_MAX
        for at in range(start, last[row]):
            digit = np.int64(data[at]) - ZERO
            plain[row] &= 0 <= digit <= 9  # noqa: PLR2004 - a decimal digit
            numbers[row] = 10 * numbers[row] + digit
        if is_negative:
            numbers[row] = -numbers[row]
    return numbers, plain

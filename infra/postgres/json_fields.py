"""Fields of many JSON objects of one buffer: found in one pass, without a Python value for any of them.

The database has seen to it that each text is JSON. What is not canonical (spaces, escapes) and what has another form
than is asked for is not read: `read` is false for such an object, and the caller decodes it by other means.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numba import njit

from infra.postgres.binary_copy import Bools, Bytes, Int64s, Numbers, Texts, texts_of

QUOTE, BACKSLASH, COMMA, COLON, MINUS, ZERO = (ord(sign) for sign in '"\\,:-0')
OPEN, OPEN_LIST, CLOSE, CLOSE_LIST = (ord(sign) for sign in "{[}]")
ABSENT: Final = -1
DIGITS_MAX: Final = 18
"""A number of so many digits fits into 64 bits."""


class JsonFields:
    """Some fields of the objects of a column.

    Args:
        objects: the texts.
        names: of the fields; found the fastest in their order.
        are_optional: an object that is null has no fields, and is read all the same.
    """

    def __init__(self, objects: Texts, names: Sequence[str], *, are_optional: bool = False) -> None:
        self._data = objects.data
        self._row_of = {name: row for row, name in enumerate(names)}
        self._found = np.full((2, len(names), len(objects.known)), ABSENT, np.int64)
        self.read = objects.known.copy()
        find(objects, texts_of(names), self._found, self.read)
        self.read |= are_optional & ~objects.known

    def texts(self, name: str, *, is_optional: bool = False) -> Texts:
        """Return the texts of a field."""
        first, last, known = self._places(name)
        are_read = are_plain(self._data, first, last)
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

    def objects(self, name: str) -> Texts:
        """Return the objects of a field, for their own fields."""
        first, last, known = self._places(name)
        return Texts(self._data, first, last, known)

    def _places(self, name: str) -> tuple[Int64s, Int64s, Bools]:
        first, last = self._found[:, self._row_of[name]]
        return first, last, first != ABSENT


@njit(cache=True, nogil=True)
def find(objects: Texts, names: Texts, found: Int64s, read: Bools) -> None:
    """Put down where the values of fields lie in each object that is `read`; it is no longer if it is not plain."""
    data = objects.data
    for row in range(len(read)):
        if not read[row]:
            continue
        at, following = objects.first[row], 0
        read[row] = data[at] == OPEN
        while read[row] and at < objects.last[row] - 1:
            at += 1  # past the opening, or a comma
            if data[at] != QUOTE:
                read[row] = data[at] == CLOSE and data[at - 1] == OPEN
                break
            value = end_of_text(data, at) + 1
            field = which(data, at + 1, value - 2, names, following)
            if data[value - 1] != COLON or (field == ABSENT and has_escape(data, at, value)):
                read[row] = False
                break
            at = end_of_value(data, value)
            if field != ABSENT:
                found[0, field, row], found[1, field, row] = value, at
                following = field + 1


@njit(cache=True, nogil=True)
def end_of_text(data: Bytes, at: int) -> int:
    """Return the place behind a text, given that of its opening quote."""
    at += 1
    while data[at] != QUOTE:
        at += 2 if data[at] == BACKSLASH else 1
    return at + 1


@njit(cache=True, nogil=True)
def end_of_value(data: Bytes, at: int) -> int:
    """Return the place behind a value of an object."""
    depth = 0
    while True:
        sign = data[at]
        if sign == QUOTE:
            at = end_of_text(data, at)
            continue
        if depth == 0 and sign in (COMMA, CLOSE):
            return at
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
def are_plain(data: Bytes, first: Int64s, last: Int64s) -> Bools:
    """Say of each value whether it is a text without escapes."""
    plain = np.zeros(len(first), np.bool_)
    for row in range(len(first)):
        if first[row] != ABSENT:
            quoted = data[first[row]] == QUOTE and data[last[row] - 1] == QUOTE
            plain[row] = quoted and not has_escape(data, first[row], last[row])
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

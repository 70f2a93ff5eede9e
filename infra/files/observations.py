"""Reads observations from a file: NDJSON, one object a line, or CSV with a header.

A column is a field of `domain.evidence.observation.Observation`, or is mapped to one: `{"grade": "value"}`. A field
with a point reaches inside (`assessor.id`); a column mapped to nothing is left out; an empty value is none.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from domain.evidence.observation import Observation
from domain.kernel.errors import Invalid, LedgerError
from domain.kernel.parsing import parse_command, parse_json
from infra.files.rows import BadRow, header_of, open_file, read_rows

LINE_BYTES_MAX: Final = 1 << 16
"""Longest line of NDJSON."""


class ObservationRow(NamedTuple):
    """An observation and where it stands."""

    line: int
    observation: Observation


def read_observations(path: Path, columns: Mapping[str, str]) -> Iterator[ObservationRow | BadRow]:
    """Yield each observation with its line.

    Args:
        path: a file named `.csv`, or else NDJSON.
        columns: column -> field, for those that are named otherwise.

    Raises:
        Misconfigured: configuration, when the file does not exist.
    """
    if path.suffix.lower() != ".csv":
        return _read_lines(path, columns)
    header = header_of(path)

    def read(line: int, values: list[str]) -> ObservationRow:
        given = ((column, value) for column, value in zip(header, values, strict=True) if value)
        return _observation(line, given, columns)

    return read_rows(path, header, read)


def _read_lines(path: Path, columns: Mapping[str, str]) -> Iterator[ObservationRow | BadRow]:
    with open_file(path).open("rb") as file:
        for line, text in enumerate(iter(partial(_bounded_line, file), b""), 1):
            if not text.strip():
                continue
            try:
                if len(text) > LINE_BYTES_MAX:
                    raise Invalid("too-large", f"line is longer than {LINE_BYTES_MAX} bytes")
                yield _observation(line, parse_json(text).items(), columns)
            except LedgerError as error:
                yield BadRow.of(path.name, line, error)


def _bounded_line(file: BinaryIO) -> bytes:
    """Return the next line, of a longer one than allowed the start."""
    text = rest = file.readline(LINE_BYTES_MAX + 1)
    while len(rest) > LINE_BYTES_MAX and not rest.endswith(b"\n"):
        rest = file.readline(LINE_BYTES_MAX + 1)
    return text


def _observation(line: int, given: Iterable[tuple[str, Any]], columns: Mapping[str, str]) -> ObservationRow:
    content: dict[str, Any] = {}
    for column, value in given:
        *outer, name = columns.get(column, column).split(".")
        inside = content
        for part in outer:
            inside = inside.setdefault(part, {})
            if not isinstance(inside, dict):
                raise Invalid("malformed", f"{part} is given as a whole and in parts", column=column)
        if name:
            inside[name] = value
    return ObservationRow(line, parse_command(Observation, content))

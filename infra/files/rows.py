"""What the readers of files share: CSV rows by named column, and the report of a row that can't be taken."""

import _csv
import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, TypeVar

from domain.kernel.errors import Invalid, LedgerError, Misconfigured

_Row = TypeVar("_Row")
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not taken: its file, its line (the header is line 1), the rule it breaks and the fault."""

    file: str
    line: int
    rule: str
    fault: str

    @classmethod
    def of(cls, file: str, line: int, error: LedgerError) -> Self:
        """Report an error as the fault of a row."""
        return cls(file, line, error.rule, str(error))


def csv_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]] | BadRow]:
    """Yield (line, values of `columns` in that order) for each row of a CSV file with a header, UTF-8.

    Bytes that are not UTF-8 become lone surrogates, which no id and no text field of the ledger accepts: the
    row is refused where it is read, the others are not lost.

    Raises:
        Invalid: malformed, when the header lacks a column or holds it twice.
        Misconfigured: configuration, when the file can't be opened.
    """
    with open_file(path).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        places = [_place(header, column, path) for column in columns]
        width, line = len(header), reader.line_num
        for row in _each(reader):
            line, started = reader.line_num, line + 1
            if isinstance(row, csv.Error):
                yield BadRow(path.name, started, "malformed", f"row is not CSV: {row}")
            elif len(row) == width:
                yield started, [row[place] for place in places]
            elif row:
                yield BadRow(path.name, started, "malformed", f"row has {len(row)} fields, the header {width}")


def _each(reader: "_csv.Reader") -> Iterator[list[str] | csv.Error]:
    """Yield the rows; one that is too long or broken does not end the file."""
    while True:
        try:
            yield next(reader)
        except csv.Error as error:
            yield error
        except StopIteration:
            return


def read_rows(path: Path, columns: Sequence[str], read: Callable[[int, list[str]], _Row]) -> Iterator[_Row | BadRow]:
    """Yield what `read` makes of the line and values of each row; a row that it refuses becomes a bad row.

    Raises:
        As `csv_rows`.
    """
    for row in csv_rows(path, columns):
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            yield read(*row)
        except LedgerError as error:
            yield BadRow.of(path.name, row[0], error)


def header_of(path: Path) -> list[str]:
    """Return the column names of a CSV file.

    Raises:
        Misconfigured: configuration, when the file can't be opened.
    """
    with open_file(path).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        return next(csv.reader(file), [])


def _place(header: Sequence[str], column: str, path: Path) -> int:
    if header.count(column) != 1:
        fault = f"column {column} is {'listed twice' if column in header else 'missing'}"
        raise Invalid("malformed", fault, file=path.name, columns=", ".join(header))
    return header.index(column)


def open_file(path: Path) -> Path:
    """Return the path, if a file is there.

    Raises:
        Misconfigured: configuration.
    """
    if not path.is_file():
        raise Misconfigured("configuration", f"file {path} does not exist")
    return path


def count_lines(path: Path) -> int:
    """Return the number of lines of a file: what a progress bar measures against."""
    with open_file(path).open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK_BYTES), b""))

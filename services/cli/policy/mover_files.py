"""The movers of a what-if as files, written while it goes on: CSV for spreadsheets, Parquet for analysts."""

from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from domain.kernel.errors import Misconfigured
from services.projectors.what_if.evaluate import Watcher
from services.projectors.what_if.movers import MOVER_COLUMNS, Moved

VALUES: Final = ("before_value", "after_value")
_VALUE: Final = pa.decimal128(19, 6)
_WHOLE: Final = pa.decimal128(19, 0)
_MICRO: Final = pa.scalar(Decimal("0.000001"), pa.decimal128(7, 6))


class MoverFiles(Watcher):
    """Writes the movers of each portion to the files that are named; has to be closed.

    Raises:
        Misconfigured: configuration, for a file that can't be written.
    """

    def __init__(self, csv_file: Path | None, parquet_file: Path | None) -> None:
        self._stack = ExitStack()
        try:
            self._csv = (
                None if csv_file is None else self._stack.enter_context(csv.CSVWriter(csv_file, _schema(text=True)))
            )
            self._parquet = (
                None
                if parquet_file is None
                else self._stack.enter_context(parquet.ParquetWriter(parquet_file, _schema(text=False)))
            )
        except OSError as error:
            self._stack.close()
            raise Misconfigured("configuration", f"file can't be written: {error.strerror or error}") from error

    def portion(self, moved: Moved) -> None:
        """Write the movers of a portion."""
        if self._csv is not None:
            self._csv.write_table(_told(moved.movers, text=True))
        if self._parquet is not None:
            self._parquet.write_table(_told(moved.movers, text=False))

    def close(self) -> None:
        """Finish the files."""
        self._stack.close()


def _schema(*, text: bool) -> pa.Schema:
    names = [name.removesuffix("_micro") for name in MOVER_COLUMNS]
    return pa.schema([(name, _VALUE if name in VALUES and not text else pa.string()) for name in names])


def _told(movers: pa.Table, *, text: bool) -> pa.Table:
    columns: list[Any] = [
        _value(movers.column(name), text=text) if name.endswith("_micro") else movers.column(name).cast(pa.string())
        for name in MOVER_COLUMNS
    ]
    return pa.table(columns, schema=_schema(text=text))


def _value(micro: pa.ChunkedArray, *, text: bool) -> pa.ChunkedArray:
    """Return micro-units as decimals; as text without zeros at the end."""
    value = pc.multiply(micro.cast(_WHOLE), _MICRO)
    if not text:
        return value.cast(_VALUE)
    return pc.utf8_rtrim(pc.utf8_rtrim(value.cast(pa.string()), "0"), ".")

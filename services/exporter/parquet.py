"""Writing the ledger as Parquet: one snapshot, events by type, a manifest with positions and hashes.

The files are written beside their place and moved there at the end: a folder that has a manifest is whole.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from adbc_driver_postgresql import dbapi
from psycopg.conninfo import make_conninfo

from domain.kernel.errors import Refused
from schemas.published import is_published_as_stored, published_data
from services.exporter.tables import EVENTS, LEVELS, POSITIONS, TABLES

MANIFEST: Final = "manifest.json"
COMPRESSION: Final = "zstd"
SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
Report = Callable[[int, int], object]


def export(
    conninfo: str, folder: Path, as_of: datetime | None, report: Report = lambda _done, _all: None
) -> dict[str, Any]:
    """Write a snapshot of the ledger into a folder that is not there yet; return the manifest.

    With `as_of` only what had occurred by then is written, and no levels. `report` hears how many events are written,
    and of how many at most.

    Raises:
        Refused: export-in-the-way, if the folder is there.
        Invalid: event-unreadable.
    """
    if folder.exists():
        raise Refused("export-in-the-way", f"folder {folder} is there already")
    new = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    (new / "events").mkdir(parents=True)
    moment = "'infinity'" if as_of is None else f"'{as_of.isoformat()}'::timestamptz"
    with _snapshot(conninfo) as read:
        positions = read(POSITIONS).read_all().to_pydict()
        head = dict(zip(positions["name"], positions["position"], strict=True))
        _write_events(read(EVENTS.format(as_of=moment)), new / "events", head["log"], report)
        for name, query in {**TABLES, **({} if as_of else LEVELS)}.items():
            _write_table(read(query.format(as_of=moment)), new / name)
    manifest = {
        "positions": head,
        "as_of": None if as_of is None else as_of.isoformat(),
        "tables": {path.name: _told(path, new) for path in sorted(new.iterdir())},
    }
    (new / MANIFEST).write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    new.replace(folder)
    return manifest


@contextmanager
def _snapshot(conninfo: str) -> Iterator[Callable[[str], pa.RecordBatchReader]]:
    """Yield what reads a query as Arrow batches; all queries see the same moment."""
    with dbapi.connect(make_conninfo(conninfo)) as connection, connection.cursor() as cursor:
        cursor.execute(SNAPSHOT)

        def read(query: str) -> pa.RecordBatchReader:
            cursor.execute(query)
            return cursor.fetch_record_batch()

        yield read


def _write_events(reader: pa.RecordBatchReader, folder: Path, head: int, report: Report) -> None:
    """Write the events of each type into a folder of its own, without what is personal."""
    writers: dict[str, pq.ParquetWriter] = {}
    done = 0
    try:
        for batch in reader:
            types = batch.column("type")
            for stored in pc.unique(types).to_pylist():
                name, part = _published(stored, batch.filter(pc.equal(types, stored)))
                if name not in writers:
                    (folder / f"type={name}").mkdir()
                    path = folder / f"type={name}" / "part-0.parquet"
                    writers[name] = pq.ParquetWriter(path, part.schema, compression=COMPRESSION)
                writers[name].write_batch(part)
            done += len(batch)
            report(done, head)
    finally:
        for writer in writers.values():
            writer.close()


def _published(stored: str, batch: pa.RecordBatch) -> tuple[str, pa.RecordBatch]:
    """Return the type that events leave as, and their rows, whose folder tells the type."""
    name, data = stored, batch.column("data")
    if not is_published_as_stored(stored):
        told = [published_data(stored, text) for text in data.to_pylist()]
        name = told[0][0]
        data = pa.array([text.decode() for _, text in told], pa.string())
    columns = {column: batch.column(column) for column in batch.schema.names if column != "type"} | {"data": data}
    return name, pa.RecordBatch.from_pydict(columns)


def _write_table(reader: pa.RecordBatchReader, folder: Path) -> None:
    folder.mkdir()
    with pq.ParquetWriter(folder / "part-0.parquet", reader.schema, compression=COMPRESSION) as writer:
        for batch in reader:
            writer.write_batch(batch)


def _told(table: Path, root: Path) -> dict[str, Any]:
    """Return what the manifest says of a table."""
    files = [
        {
            "path": str(path.relative_to(root)),
            "rows": pq.read_metadata(path).num_rows,
            "bytes": path.stat().st_size,
            "sha256": _sha256(path),
        }
        for path in sorted(table.rglob("*.parquet"))
    ]
    return {"rows": sum(file["rows"] for file in files), "files": files}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

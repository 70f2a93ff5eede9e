"""Imports observations: evidence and maybe its score, a line each."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from domain.evidence.decider import stream_of
from domain.evidence.observation import observe
from domain.framework.catalogue import Catalogue
from domain.kernel.envelope import Actor, Meta, Source, check_occurred
from domain.kernel.errors import LedgerError
from infra.files.observations import ObservationRow, read_observations
from infra.files.rows import BadRow, count_lines
from infra.postgres.append import Append
from infra.postgres.event_store import EventStore
from services.importers.preparing import Proposal, Row
from services.importers.publishing import load_catalogue
from services.importers.writing import ImportReport, Progress, silent, write

SYSTEM: Final = "file"
"""The source system of a line that names none."""


async def import_observations(
    store: EventStore,
    path: Path,
    *,
    actor: Actor,
    now: datetime,
    columns: Mapping[str, str] | None = None,
    dry_run: bool = False,
    progress: Progress = silent,
) -> ImportReport:
    """Import a file of observations, NDJSON or CSV.

    Args:
        store: where to.
        path: where from.
        actor: who imports; also the assessor where a line names none.
        now: nothing may have occurred later.
        columns: column -> field, for those that are named otherwise.
        dry_run: only say what would be added.
        progress: told how many lines are done.

    Raises:
        Misconfigured: when the file is missing.
    """
    rows = _proposals(path, columns or {}, actor, now, await load_catalogue(store))
    return await write(store, rows, count_lines(path), dry_run=dry_run, progress=progress)


def _proposals(
    path: Path, columns: Mapping[str, str], actor: Actor, now: datetime, catalogue: Catalogue
) -> Iterator[Row]:
    for row in read_observations(path, columns):
        try:
            yield row if isinstance(row, BadRow) else _proposal(path.name, row, actor, now, catalogue)
        except LedgerError as error:
            yield BadRow.of(path.name, row.line, error)


def _proposal(file: str, row: ObservationRow, actor: Actor, now: datetime, catalogue: Catalogue) -> Proposal:
    line, command = row
    events = observe(command, actor, catalogue)
    meta = Meta(
        actor=actor,
        on_behalf_of=command.on_behalf_of,
        authority=command.authority,
        reason=command.reason,
        source=command.source or Source(system=SYSTEM, batch=file, row=line),
    )
    occurred_at = check_occurred(command.occurred_at, now)
    return Proposal(file, line, Append(stream_of(events[0].evidence_id), 0, events, occurred_at, meta))

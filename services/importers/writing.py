"""Writes what an import proposes, a transaction for thousands of rows, and reports what became of each row.

A row names its stream, so it is written once; a row that meets its own stream is compared with what stands there.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from domain.kernel.errors import Conflict, LedgerError, Refused
from infra.files.rows import BadRow
from infra.garbage import uncollected
from infra.postgres.append import Receipt, facts_of
from infra.postgres.event_store import EventStore
from services.importers.comparing import Outcome, compare
from services.importers.preparing import Batch, Ready, Row, next_batch

SHOWN_ROWS_MAX: Final = 1_000
"""Bad rows that a report names; the rest is counted."""

Progress = Callable[[int, int], None]
"""Is told, now and then, how many proposals are done, and of how many."""


def silent(_done: int, _total: int) -> None:
    """Show no progress."""


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of an import; in a dry run, what would."""

    dry_run: bool
    proposed: int = 0
    """What the rows of the file propose: most rows one thing, a registration with a withdrawal two."""
    added: int = 0
    repeated: int = 0
    refused: int = 0
    events: Counter[str] = field(default_factory=Counter)
    """Events added, by type."""
    bad: list[BadRow] = field(default_factory=list)
    """The first refused rows."""
    notes: list[BadRow] = field(default_factory=list)
    """Rows that were taken, with something to look at."""
    seconds: float = 0.0

    def count(self, outcomes: Sequence[Outcome]) -> None:
        """Add the outcomes of a batch."""
        self.proposed += len(outcomes)
        for outcome, number in Counter(outcomes).items():
            if isinstance(outcome, BadRow):
                self.refused += number
                self.bad += [outcome][: SHOWN_ROWS_MAX - len(self.bad)]
            elif outcome:
                self.added += number
                for name in outcome:
                    self.events[name] += number
            else:
                self.repeated += number


async def write(
    store: EventStore,
    rows: Iterator[Row],
    total: int,
    *,
    dry_run: bool,
    progress: Progress,
) -> ImportReport:
    """Append what is proposed, in order, and return the report.

    Args:
        store: where to.
        rows: what the file proposes; it is read as the database takes it.
        total: about how many proposals there will be.
        dry_run: only say what would be appended.
        progress: told after each batch.
    """
    report, started = ImportReport(dry_run), perf_counter()
    plan = _Plan() if dry_run else None
    with uncollected():
        batch = await next_batch(rows)
        while any(batch):
            settling = asyncio.create_task(_settle(store, batch, plan))
            try:
                batch = await next_batch(rows)
            finally:
                report.count(await settling)
            progress(report.proposed, total)
    report.seconds = perf_counter() - started
    return report


class _Plan:
    """What a dry run would have added so far."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, int], int] = {}
        """(stream, version) -> the hash of what would stand there."""

    def add(self, row: Ready) -> Outcome:
        """Return what would become of a row that the log lacks: maybe an earlier row of the file says the same."""
        added = []
        stream, version = row.encoded.stream, row.encoded.expected_version
        for fact in facts_of(row.encoded):
            version += 1
            if (stream, version) not in self._said:
                self._said[stream, version] = hash(fact)
                added.append(fact.type)
            elif self._said[stream, version] != hash(fact):
                error = Refused("row-changed", f"{fact.type} differs from that of an earlier row", stream=stream)
                return BadRow.of(row.file, row.line, error)
        return tuple(added)


async def _settle(store: EventStore, batch: Batch, plan: _Plan | None) -> list[Outcome]:
    settled: list[Outcome] = list(batch.bad)
    met = batch.ready
    if plan is None:
        results = await _append(store, batch.ready)
        settled += [_outcome(row, result) for row, result in results if not isinstance(result, Conflict)]
        met = [row for row, result in results if isinstance(result, Conflict)]
    on_record, lacking = await compare(store, met)
    settled += on_record
    if plan is None:
        return settled + [_outcome(row, result) for row, result in await _append(store, lacking)]
    return settled + [plan.add(row) for row in lacking]


async def _append(store: EventStore, rows: Sequence[Ready]) -> list[tuple[Ready, Receipt | LedgerError]]:
    results = await store.append_encoded([row.encoded for row in rows])
    return list(zip(rows, results, strict=True))


def _outcome(row: Ready, result: Receipt | LedgerError) -> Outcome:
    return BadRow.of(row.file, row.line, result) if isinstance(result, LedgerError) else row.types

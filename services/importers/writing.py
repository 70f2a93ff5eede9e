"""Writes what an import proposes, a transaction for thousands of rows, and reports what became of each row.

A row names its stream, so it is written once. A row that meets its own stream again is compared with what stands
there: the same adds nothing, more of the same (a score that has come in since) adds the rest, other subgroups of a
learner add their change, other content of a framework a new edition, and anything else is reported as `row-changed`:
an import never rewrites a record.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import zip_longest
from time import perf_counter
from typing import Final

from domain.framework.events import FrameworkPublished, ScalePublished
from domain.kernel.errors import Conflict, LedgerError, Refused
from domain.kernel.event import Event
from domain.roster.decider import ChangeSubgroups, Registered
from domain.roster.decider import decide as decide_roster
from domain.roster.events import LearnerRegistered, SubgroupsChanged
from infra.files.rows import BadRow
from infra.postgres.append import Append, Receipt, decode_append
from infra.postgres.event_store import EventStore
from schemas.envelope import Recorded
from services.importers.preparing import Batch, Proposal, Ready, prepared

ALONE_MAX: Final = 20_000
"""Proposals up to which no process of its own is worth its start, half a second."""
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

    def count(self, outcomes: "Sequence[Outcome]") -> None:
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


Outcome = tuple[str, ...] | BadRow
"""The types of the events that a row added, none for a repeated one, or why it was refused."""


async def write(
    store: EventStore,
    propose: Callable[[], Iterable[Proposal | BadRow]],
    total: int,
    *,
    dry_run: bool,
    progress: Progress,
) -> ImportReport:
    """Append what is proposed, in order, and return the report.

    Args:
        store: where to.
        propose: reads the file; runs in a process of its own if the file is long, so it has to be picklable.
        total: about how many proposals there will be.
        dry_run: only say what would be appended.
        progress: told after each batch.
    """
    report, started = ImportReport(dry_run), perf_counter()
    with prepared(propose, apart=total > ALONE_MAX) as batches:
        batch = await asyncio.to_thread(next, batches, None)
        while batch is not None:
            settling = asyncio.create_task(_settle(store, batch, dry_run=dry_run))
            batch = await asyncio.to_thread(next, batches, None)
            report.count(await settling)
            progress(report.proposed, total)
    report.seconds = perf_counter() - started
    return report


async def _settle(store: EventStore, batch: Batch, *, dry_run: bool) -> list[Outcome]:
    settled: list[Outcome] = list(batch.bad)
    met = batch.ready if dry_run else []
    if not dry_run:
        results = await store.append_encoded([row.encoded for row in batch.ready])
        for row, result in zip(batch.ready, results, strict=True):
            if isinstance(result, Conflict):
                met.append(row)
            else:
                settled.append(_outcome(row.file, row.line, row.types, result))
    remaining = await _compare(store, met, settled)
    late_results = [] if dry_run else await store.append_many([row.append for row in remaining])
    for late, result in zip_longest(remaining, late_results):
        types = tuple(event.type for event in late.append.events)
        settled.append(_outcome(late.file, late.line, types, result))
    return settled


def _outcome(file: str, line: int, types: tuple[str, ...], result: Receipt | LedgerError | None) -> Outcome:
    return BadRow.of(file, line, result) if isinstance(result, LedgerError) else types


async def _compare(store: EventStore, rows: Sequence[Ready], settled: list[Outcome]) -> list[Proposal]:
    """Settle the rows that are on record; return the others, each with what its stream lacks."""
    remaining = []
    histories = await asyncio.gather(*(store.load(row.encoded.stream) for row in rows))
    for row, history in zip(rows, histories, strict=True):
        wanted = decode_append(row.encoded)
        try:
            events = _lacking(history.events[wanted.expected_version :], wanted)
        except Refused as error:
            settled.append(BadRow.of(row.file, row.line, error))
            continue
        if events:
            append = replace(wanted, expected_version=history.version, events=events)
            remaining.append(Proposal(row.file, row.line, append))
        else:
            settled.append(())
    return remaining


def _lacking(stored: Sequence[Recorded[Event]], wanted: Append) -> Sequence[Event]:
    """Return the events of `wanted` that come after those stored in its place.

    Raises:
        Refused: row-changed.
    """
    first = wanted.events[0]
    if stored and isinstance(first, LearnerRegistered):
        return _changed_subgroups(stored, first)
    if stored and isinstance(first, ScalePublished) and stored[-1].event == first:
        return []  # whenever that was
    if stored and isinstance(first, FrameworkPublished):
        return [] if stored[-1].event == first else [first]
    for before, event in zip(stored, wanted.events, strict=False):
        if difference := _difference(before, event, wanted.occurred_at):
            raise Refused("row-changed", f"{event.type} differs in {difference}", stream=wanted.stream)
    return wanted.events[len(stored) :]


def _difference(before: Recorded[Event], event: Event, occurred_at: datetime) -> str:
    """Name the fields that differ; not their values, which may be personal."""
    if type(before.event) is not type(event):
        return f"type: {before.event.type} is on record"
    fields = [name for name in type(event).model_fields if getattr(before.event, name) != getattr(event, name)]
    return ", ".join(fields + ["occurred_at"] * (before.occurred_at != occurred_at))


def _changed_subgroups(stored: Sequence[Recorded[Event]], wanted: LearnerRegistered) -> Sequence[Event]:
    last = stored[-1].event
    assert isinstance(last, LearnerRegistered | SubgroupsChanged), last
    command = ChangeSubgroups(learner_id=wanted.learner_id, subgroups=wanted.subgroups)
    return decide_roster(Registered(last.subgroups), command)

"""Filling one generation of one read model: read a batch, fold it, write its rows and the position, at once."""

import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import psycopg
import structlog

from infra.garbage import uncollected
from services.projectors import generations, ledger, parking, parts
from services.projectors.generations import Place
from services.projectors.lanes import lanes
from services.projectors.lanes.lanes import Stretch
from services.projectors.models import make
from services.projectors.parts import WHOLE, Group, Part
from services.projectors.read_model import Gather, Poison, Span, StoredRow

BATCH_EVENTS_MAX: Final = 20_000
BATCH_SECONDS_MAX: Final = 2.0
"""A batch that takes longer halves the next one."""
ADVANCE_LIVE: Final = """
    UPDATE read_model.projector SET position = %s, events_per_second = %s, updated_at = clock_timestamp()
    WHERE name = %s
"""
ADVANCE: Final = """
    UPDATE read_model.generation SET position = %s, events_per_second = %s, updated_at = clock_timestamp()
    WHERE projector = %s AND generation = %s
"""

log = structlog.get_logger()


class Batch(NamedTuple):
    """What one step did: events passed, of them read, the position reached, the head of the log, the time taken."""

    events: int
    read: int
    position: int
    head: int
    seconds: float

    @property
    def is_last(self) -> bool:
        """Say whether the generation has come to the head of the log."""
        return self.position >= self.head


class Filler:
    """Brings a generation forward, the live one (`generation` None) or one beside it, or a part of one that is built.

    Keeps what it knows of the generation between steps; it starts afresh after any fault, and when the live
    generation was changed or moved by another process.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        name: str,
        generation: int | None = None,
        part: Part | None = None,
    ) -> None:
        self.connection = connection
        self.name = name
        self.generation = generation
        self.part = part
        self.limit = BATCH_EVENTS_MAX
        self._stretch = Stretch(part or WHOLE, 0, None)
        """What the current step works on."""
        self._left: dict[int, int] = {}
        """Where the last step left what it worked on: position by lane, or as if all were of lane 0."""
        self._start_afresh()

    def _start_afresh(self, epoch: int | None = None) -> None:
        self.model = make(self.name)
        self._epoch = epoch
        self._knows = False
        self._waiting: dict[str, int] = {}
        """Learners who are parked, and from which position on."""
        self._breaks = False
        """Whether the last batch ended with an event that readers shall see at once."""
        self._left_out: set[int] = set()
        """Positions that are skipped, or parked alone."""

    def step(self, until: int | None = None) -> Batch:
        """Take one batch of about `limit` events, not beyond `until`, in one transaction.

        A fault in a batch makes the next ones smaller, down to the event that it comes from; that one parks its
        learner. Faults of the database itself are raised.
        """
        while True:
            try:
                with uncollected():
                    with self.connection.transaction():
                        batch = self._take(until)
                    if self._breaks:
                        with self.connection.transaction():
                            self._settle()
            except Poison as poison:
                log.warning("parked", projector=self.name, position=poison.position, fault=poison.why)
                self._park(poison)
            except _FaultInBatch as fault:
                log.warning(
                    "smaller batch", projector=self.name, events=fault.events, fault=parking.fault_of(fault.__cause__)
                )
                self.limit = max(1, fault.events // 2)
                self._start_afresh()
            else:
                self._leave(batch.position)
                slow = batch.seconds > BATCH_SECONDS_MAX
                self.limit = max(1, self.limit // 2) if slow else min(BATCH_EVENTS_MAX, self.limit * 2)
                return batch

    def _take(self, until: int | None) -> Batch:
        started = time.perf_counter()
        place = self._lock()
        head = ledger.head(self.connection)
        which, furthest = self._stretch.which, self._stretch.until
        last = min(place.position + which.span(self.limit), max(place.position, head if until is None else until))
        last = last if furthest is None else min(last, furthest)
        gather = self.model.gather if self.part is not None and self.limit > 1 else None
        less = gather.types if gather else frozenset()
        rows = ledger.read(self.connection, place.position, last, self.model.types, which, less=less)
        self.model.settle(self.connection, place.generation)
        self._breaks = False
        stops = [row for row in rows if row.type in self.model.breaks or parking.is_skip(row, self.name)][:1]
        for stop in stops:
            self._breaks = stop.type in self.model.breaks
            last, rows = stop.position, [row for row in rows if row.position <= stop.position]
        if gather and self.part is not None:
            span = Span(place.position, last, self.part, self._left_out, self._waiting)
            rows = sorted([*rows, *self._gather(gather, place.generation, span)])
        self._apply(place.generation, rows, last - place.position)
        for skip in (stop for stop in stops if parking.is_skip(stop, self.name)):
            self._left_out.add(parking.obey(self.connection, self.model, place, skip))
            self._waiting = parking.waiting(self.connection, self.name, place.facts_generation)
        batch = Batch(last - place.position, len(rows), last, head, time.perf_counter() - started)
        if batch.events:
            self._advance(batch)
        return batch

    def _settle(self) -> None:
        """Write what the batch left, in the next transaction: by now readers see the batch."""
        self.model.settle(self.connection, self._lock().generation)

    def _lock(self) -> Place:
        """Hold what the step works on until the transaction ends, and find out whether it is as it was left."""
        place, epoch = self._hold()
        if epoch != self._epoch or not self._knows or self._is_moved(place.position):
            self._start_afresh(epoch)
            self._waiting = parking.waiting(self.connection, self.name, place.facts_generation)
            self._left_out = ledger.skipped_positions(self.connection, self.name)
            self._left_out |= parking.alone(self.connection, self.name, place.facts_generation)
            self._knows = True
        return place

    def _hold(self) -> tuple[Place, int | None]:
        """Choose and hold what the step works on; return where it is, and the epoch if it is of the live generation."""
        if self.generation is None:
            live = generations.live(self.connection, self.name, lock=True)
            self._stretch = lanes.even(self.connection, self.name, live.place.position)
            return live.place._replace(position=self._stretch.position), live.epoch
        place = generations.place(self.connection, self.name, self.generation)
        if self.part is not None:
            place = place._replace(position=parts.position(self.connection, self.name, self.generation, self.part))
        return place, None

    def _is_moved(self, position: int) -> bool:
        """Say whether what the step works on was moved since it was left here, or never was here."""
        return any(self._left.get(number) != position for number in self._numbers)

    def _leave(self, position: int) -> None:
        """Keep in mind where what the step worked on is left."""
        self._left |= dict.fromkeys(self._numbers, position)

    @property
    def _numbers(self) -> tuple[int, ...]:
        """The lanes that the step works on."""
        which = self._stretch.which
        return which.numbers if isinstance(which, Group) else (0,)

    def _gather(self, gather: Gather, generation: int, span: Span) -> list[StoredRow]:
        """Write the many of a batch; return those that are to be looked at."""
        try:
            left = gather.write(self.connection, generation, span)
        except psycopg.OperationalError:
            raise
        except Exception as error:
            raise _FaultInBatch(span.until - span.after) from error
        return ledger.read_at(self.connection, left) if left else []

    def _apply(self, generation: int, rows: Sequence[StoredRow], events: int) -> None:
        wanted = [
            row
            for row in rows
            if row.position < self._waiting.get(row.learner_id or "", row.position + 1)
            and row.position not in self._left_out
            and (self.model.types is None or row.type in self.model.types)
        ]
        if not wanted:
            return
        try:
            self.model.apply(self.connection, generation, wanted)
        except (Poison, psycopg.OperationalError):
            raise
        except Exception as error:
            if len(wanted) > 1:
                raise _FaultInBatch(events) from error
            raise parking.poison(wanted[0], error) from error

    def _advance(self, batch: Batch) -> None:
        rate = int(batch.events / max(batch.seconds, 1e-6))
        if isinstance(self._stretch.which, Group):
            lanes.advance(self.connection, self.name, self._stretch.which, batch.position, rate)
        elif self.generation is None:
            self.connection.execute(ADVANCE_LIVE, (batch.position, rate, self.name))
        elif self.part is not None:
            parts.advance(self.connection, self.name, self.generation, self.part, (batch.position, rate))
        else:
            self.connection.execute(ADVANCE, (batch.position, rate, self.name, self.generation))

    def _park(self, poison: Poison) -> None:
        if self.generation is not None:
            place = generations.place(self.connection, self.name, self.generation)
        else:
            place = generations.live(self.connection, self.name).place
        parking.park(self.connection, self.name, place.facts_generation, poison)
        self._start_afresh()


class _FaultInBatch(Exception):
    """Some event of a batch of so many can't be digested."""

    def __init__(self, events: int) -> None:
        self.events = events
        super().__init__(f"a batch of {events} events can't be digested")

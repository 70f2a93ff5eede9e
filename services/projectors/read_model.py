"""What a read model is to the runner: the events it wants, its tables, and how a batch is written."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import psycopg

from services.projectors.parts import Part


class StoredRow(NamedTuple):
    """One event as it lies in the log; `meta` and `data` are canonical JSON, decoded only as far as needed.

    Times are as PostgreSQL writes them, in UTC: in the order of time they are in the order of text.
    """

    position: int
    stream: str
    type: str
    learner_id: str | None
    occurred_at: str
    recorded_at: str
    meta: str
    data: str


class Span(NamedTuple):
    """The events of a part with after < position <= until, less those left out, and those of who is parked since."""

    after: int
    until: int
    part: Part
    left_out: Collection[int]
    parked: Mapping[str, int]

    def cut(self, events: int) -> Iterator["Span"]:
        """Return the span in portions of about so many events."""
        step = self.part.span(events)
        for after in range(self.after, self.until, step):
            yield self._replace(after=after, until=min(after + step, self.until))


class Gather(NamedTuple):
    """How the events of some types are written at once while a generation is built, none of them looked at singly.

    `write` gets the generation and what is to be written, before `apply` gets the other events of the batch; it returns
    the positions of those that it leaves for that.
    """

    types: frozenset[str]
    write: Callable[[psycopg.Connection[Any], int, Span], Sequence[int]]


class Poison(Exception):
    """An event that the read model can't digest; it parks its learner.

    Args:
        position: of the event.
        learner_id: whom it is about; None parks the event alone.
        why: the fault, for a person to read.
    """

    def __init__(self, position: int, learner_id: str | None, why: str) -> None:
        self.position = position
        self.learner_id = learner_id
        self.why = why
        super().__init__(f"{why} (position {position})")


class ReadModel(Protocol):
    """A read model: code that folds events into rows of its own tables.

    `tables` are parents in schema read_model, partitioned by `generation`; the partition of a generation is attached
    before its first batch, unless it is a late one. `types` are the wanted event types, None: all. A batch may lie
    before the tracked position: then it is the events of one learner who was parked.
    """

    @property
    def name(self) -> str:
        """The projector's name."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The parent tables, without their schema."""

    @property
    def late_tables(self) -> Mapping[str, str | None]:
        """Those of `tables` that `finish` makes partitions, with all indexes; and the column indexed before, if any."""

    @property
    def types(self) -> frozenset[str] | None:
        """The stored type names wanted; None: all."""

    @property
    def breaks(self) -> frozenset[str]:
        """The stored type names after which a batch ends, so that readers see what they did at once."""

    @property
    def moments(self) -> frozenset[str]:
        """The stored type names that concern all learners: each is folded when all before it is, and alone."""

    def settle(self, connection: psycopg.Connection[Any], generation: int) -> None:
        """Write what the last batch left, since no reader waits for it; asked before each batch. Most leave nothing."""

    def apply(self, connection: psycopg.Connection[Any], generation: int, batch: Sequence[StoredRow]) -> None:
        """Fold a batch, in order of position, and write its rows; the runner commits them with the position.

        Raises:
            Poison: for the first event that can't be digested; everything is rolled back and tried without it.
        """

    @property
    def gather(self) -> Gather | None:
        """What becomes of the many of a log that is read from its beginning; None: each is looked at."""

    def derive(self, connection: psycopg.Connection[Any], generation: int, part: Part, until: int) -> None:
        """Make what follows from all events of a part up to a position, if `apply` left it; most have nothing to do."""

    def finish(self, connection: psycopg.Connection[Any], generation: int, until: int) -> None:
        """Make a generation all of whose parts are derived ready for readers; most have nothing to do."""

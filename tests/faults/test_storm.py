"""The storm: many writers, slow and failing ones among them, and a reader who must miss nothing."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

import psycopg
import pytest

from infra.postgres.append import encode_append
from infra.postgres.turn import COMMIT, write
from tests.infra.test_event_store import append

pytestmark = pytest.mark.anyio

WRITERS = 16
SECONDS = 4.0
SLOW_S = 0.03
LOCK = "PERFORM pg_advisory_xact_lock(77, 2);"


@dataclass
class Storm:
    """What happened: the positions that the reader saw, in its order, and those that are there afterwards."""

    seen: list[int] = field(default_factory=list)
    recorded: list[int] = field(default_factory=list)
    refused_by_the_database: int = 0
    over: bool = False
    finished: bool = False

    def faults(self) -> dict[str, int]:
        times = Counter(self.seen)
        return {
            "missed": len(set(self.recorded) - set(self.seen)),
            "invented": len(set(self.seen) - set(self.recorded)),
            "duplicated": sum(count - 1 for count in times.values()),
            "out of order": sum(later <= earlier for earlier, later in zip(self.seen, self.seen[1:], strict=False)),
            "gaps": (self.recorded[-1] if self.recorded else 0) - len(self.recorded),
            "refused by the database": self.refused_by_the_database,
        }


CALM = {"missed": 0, "invented": 0, "duplicated": 0, "out of order": 0, "gaps": 0, "refused by the database": 0}


async def writer(database: str, number: int, chance: random.Random, storm: Storm) -> None:
    """Append random batches; one in five is rolled back, one in five dawdles between its insert and its end."""
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        batch_number = 0
        while not storm.over:
            batch_number += 1
            batch = [
                encode_append(append(f"w{number}-{batch_number}-{one}", 0, count=chance.randint(1, 3)))
                for one in range(chance.randint(1, 8))
            ]
            try:
                dawdles_s = chance.random() * SLOW_S if chance.random() < 0.2 else 0
                ending = "ROLLBACK" if chance.random() < 0.2 else COMMIT
                await write(connection, batch, f"SELECT pg_sleep({dawdles_s}); {ending}")
            except psycopg.IntegrityError:
                storm.refused_by_the_database += 1
                await connection.execute("ROLLBACK")


async def reader(database: str, storm: Storm) -> None:
    """Follow the log as a projector does: everything after the last position that was seen."""
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        while True:
            last_look = storm.finished
            query = "SELECT position FROM ledger.event WHERE position > %s ORDER BY position LIMIT 100"
            rows = await (await connection.execute(query, (storm.seen[-1] if storm.seen else 0,))).fetchall()
            storm.seen += [position for (position,) in rows]
            if last_look and not rows:
                return


async def run_storm(database: str, seed: int) -> Storm:
    print(f"storm seed {seed}")  # noqa: T201 - pytest shows it when the storm fails
    storm = Storm()

    async def write_for_a_while() -> None:
        seeds = random.Random(seed)
        writers = [writer(database, number, random.Random(seeds.random()), storm) for number in range(WRITERS)]
        asyncio.get_running_loop().call_later(SECONDS, setattr, storm, "over", True)
        await asyncio.gather(*writers)
        storm.finished = True

    await asyncio.gather(write_for_a_while(), reader(database, storm))
    async with await psycopg.AsyncConnection.connect(database) as connection:
        rows = await (await connection.execute("SELECT position FROM ledger.event ORDER BY position")).fetchall()
    storm.recorded = [position for (position,) in rows]
    return storm


async def test_in_a_storm_the_reader_misses_nothing_and_sees_nothing_twice_or_late(database: str) -> None:
    storm = await run_storm(database, random.SystemRandom().randrange(10**6))
    assert len(storm.recorded) > 500
    assert storm.faults() == CALM


async def test_without_the_lock_the_same_storm_fails(database: str, owner_database: str) -> None:
    async with await psycopg.AsyncConnection.connect(owner_database, autocommit=True) as connection:
        query = "SELECT pg_get_functiondef('ledger.take_turn'::regproc)"
        [function] = await (await connection.execute(query)).fetchone() or [""]
        assert LOCK in function
        await connection.execute(function.replace(LOCK, ""))
    storm = await run_storm(database, random.SystemRandom().randrange(10**6))
    assert storm.faults() != CALM
    assert storm.refused_by_the_database > 0

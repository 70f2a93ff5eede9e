import asyncio
from collections.abc import Iterator

import pytest

from infra.files.rows import BadRow
from services.importers.preparing import Row, next_batch

pytestmark = pytest.mark.anyio


def bad_rows() -> Iterator[Row]:
    yield from (BadRow("f", line, "malformed", "no") for line in range(1, 9_001))


async def test_rows_are_cut_into_batches_and_an_empty_one_ends_them() -> None:
    rows = bad_rows()
    assert [len((await next_batch(rows)).bad) for _ in range(4)] == [4_000, 4_000, 1_000, 0]


async def test_while_a_batch_is_made_other_tasks_get_their_turn() -> None:
    making = asyncio.create_task(next_batch(bad_rows()))
    turns = 0
    while not making.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 80

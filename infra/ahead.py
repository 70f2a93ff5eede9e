"""Threads that work ahead: on the next items while the last one's result is taken, in the order of the items."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(act: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[Result]:
    """Return what comes of each item, in order; so many threads work, and no more items than one beyond are taken.

    What an act raises is raised here, at its turn.
    """
    waiting = deque[Future[Result]]()
    with ThreadPoolExecutor(threads) as pool:
        for item in items:
            waiting.append(pool.submit(act, item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

"""Working ahead: in order, by several threads, and never far ahead of who takes the results."""

import threading
from collections.abc import Iterator

import pytest

from infra.ahead import ahead


def test_results_come_in_the_order_of_the_items_and_few_items_are_taken_early() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    lead = [len(taken) - place for place, _ in enumerate(ahead(lambda number: number * number, items(), 2))]
    assert max(lead) == 3
    assert list(ahead(lambda number: number * number, items(), 2)) == [number * number for number in range(20)]


def test_as_many_items_are_worked_on_at_once_as_there_are_threads() -> None:
    met = threading.Barrier(2, timeout=10)
    assert list(ahead(lambda _: met.wait() >= 0, range(6), 2)) == [True] * 6


def test_what_goes_wrong_is_raised_at_its_turn() -> None:
    results = ahead(lambda number: 1 // number, [1, 0, 1], 2)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)

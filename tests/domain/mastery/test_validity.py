"""Time alone: each cell is asked about at its own time, and says until when its answer holds."""

import numpy as np

from domain.kernel.scores import MICRO
from domain.mastery.cells import NO_TIME, Cells, Entry, Vocabulary, cells_of
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.kernel import evaluate
from domain.mastery.validity import days_that_matter, is_timed, valid_until, youngest
from domain.policy.document import parse_policy
from domain.policy.library import LIBRARY

DAY_US = 86_400_000_000


def scores(*days: int, kind: str = "quiz") -> tuple[Cells, Vocabulary]:
    """Two equal cells: a 3 on each of the days."""
    words = Vocabulary()
    code, role = words.kinds.code(kind), words.roles.code("teacher")
    entries = [Entry(3 * MICRO, 4 * MICRO, code, role, day, occurred_us=day * DAY_US) for day in days]
    return cells_of([entries, entries]), words


def thirty(words: Vocabulary, **stages: object) -> Compiled:
    document = {"name": "p", "combine": {"op": "mean"}, "validity": {"days": 30}, **stages}
    return compile_policy(parse_policy(document), words)


def test_each_cell_is_asked_about_at_its_own_time() -> None:
    cells, words = scores(0, 20)
    times = np.array([10, 35]) * DAY_US
    assert evaluate(cells, thirty(words), at_us=times).counted.tolist() == [1, 1]
    assert evaluate(cells, thirty(words), at_us=times + 10 * DAY_US).counted.tolist() == [2, 1]
    assert evaluate(cells, thirty(words), at_us=times + 15 * DAY_US).counted.tolist() == [2, 0]


def test_a_level_holds_until_the_first_score_that_is_looked_at_runs_out() -> None:
    cells, words = scores(0, 20)
    times = np.array([20, 35]) * DAY_US
    assert (valid_until(cells, thirty(words), times) // DAY_US).tolist() == [30, 50]
    left_out = thirty(words, select={"exclude_kinds": ["quiz"]})
    assert valid_until(cells, left_out, times).tolist() == [NO_TIME, NO_TIME]
    assert (youngest(cells) // DAY_US).tolist() == [20, 20]


def test_what_was_shown_to_last_holds_until_it_is_to_be_shown_again() -> None:
    words = Vocabulary()
    role = words.roles.code("teacher")
    shown = [
        Entry(MICRO, MICRO, words.kinds.code(kind), role, day, occurred_us=day * DAY_US)
        for kind, day in (("independent", 0), ("transfer", 1), ("delayed", 8))
    ]
    durable = LIBRARY["durable-mastery"]
    cells, compiled = cells_of([shown, shown]), compile_policy(durable, words)
    until = valid_until(cells, compiled, np.array([10, 38]) * DAY_US)
    assert until.tolist() == [38 * DAY_US, NO_TIME]
    levels = evaluate(cells, compiled, at_us=np.array([10, 38]) * DAY_US).level
    assert [compiled.levels[level] for level in levels] == ["strong", "review"]
    assert is_timed(durable)
    assert days_that_matter(durable) == {30, 90}
    assert not is_timed(LIBRARY["bkt"])

"""Scores as cells: in order, and cut on learner borders, whatever order the rows come in."""

from itertools import pairwise
from typing import Final

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.mastery.cells import Vocabulary
from domain.mastery.revisions import NEVER
from infra.postgres.all_scores import WORDS, AllScores, in_cells

ROWS: Final = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 3), st.integers(0, 9), st.integers(0, 9)), max_size=60
)
"""Learner, competency, when it occurred, the position of its score."""


def cells(rows: list[tuple[int, int, int, int]]) -> AllScores:
    """The rows as cells; each has a position of its own."""
    n = len(rows)
    texts = {"kind": "quiz", "role": "teacher", "task": "t1"}
    words = {
        "learner_id": [f"l{row[0]}" for row in rows],
        "competency_id": [f"c{row[1]}" for row in rows],
        "framework_id": [f"f{row[1] % 2}" for row in rows],
        **{name: [word] * n for name, word in texts.items()},
    }
    numbers = {
        "occurred_us": [row[2] for row in rows],
        "given": [row[3] for row in rows],
        "position": list(range(n)),
        **{name: [1] * n for name in ("value", "possible", "recorded_us")},
        "ended": [None] * n,
    }
    columns = {name: pa.array(column, pa.string()).dictionary_encode() for name, column in words.items()}
    columns |= {name: pa.array(column, pa.int64()) for name, column in numbers.items()}
    return in_cells(pa.table(columns), Vocabulary(), n)


def told(scores: AllScores) -> list[tuple[object, ...]]:
    """Cell after cell its words, and its rows as when, of which score, and where recorded."""
    texts = zip(*(getattr(scores, name).to_pylist() for name in WORDS), strict=True)
    facts = scores.facts
    rows = list(zip(facts.occurred_us.tolist(), facts.given.tolist(), facts.position.tolist(), strict=True))
    spans = pairwise(facts.offsets.tolist())
    return [(*words, rows[low:high]) for words, (low, high) in zip(texts, spans, strict=True)]


@settings(deadline=None)
@given(ROWS)
def test_rows_lie_by_learner_and_competency_then_by_time_score_and_position(
    rows: list[tuple[int, int, int, int]],
) -> None:
    by_hand: dict[tuple[str, str, str], list[tuple[int, int, int]]] = {}
    for position, (learner, competency, occurred_us, given_at) in enumerate(rows):
        key = f"l{learner}", f"c{competency}", f"f{competency % 2}"
        by_hand.setdefault(key, []).append((occurred_us, given_at, position))
    scores = cells(rows)
    assert told(scores) == [(*key, sorted(by_hand[key])) for key in sorted(by_hand)]
    assert set(scores.facts.ended.tolist()) <= {NEVER}


@settings(deadline=None)
@given(ROWS, st.integers(1, 40))
def test_portions_are_the_whole_and_each_learner_is_in_one_of_them(
    rows: list[tuple[int, int, int, int]], cells_max: int
) -> None:
    whole = cells(rows)
    portions = list(whole.portions(cells_max))
    assert [cell for one in portions for cell in told(one)] == told(whole)
    learners = [one.learners.dictionary.to_pylist() for one in portions]
    assert [learner for some in learners for learner in some] == whole.learners.dictionary.to_pylist()
    assert all(len(one.learners) < 2 * cells_max + 4 for one in portions)

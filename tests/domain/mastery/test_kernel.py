"""The kernel against the oracle, its laws, and its bounds."""

from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.kernel.errors import Invalid
from domain.kernel.scores import MICRO
from domain.mastery import arithmetic
from domain.mastery.cells import VALUE_MAX, Cells, Entry, Vocabulary, cells_of
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.kernel import NO_VALUE, Results, Status, evaluate
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.models import Model
from tests.domain.mastery.district import OPS, cells_from, policy_of, scores_of, words
from tests.domain.mastery.oracle import Answer
from tests.domain.mastery.oracle import evaluate as expect

QUIZ, TEACHER = 0, 0


def policy(**stages: object) -> Compiled:
    return compile_policy(parse_policy({"name": "p", **stages}), words())


def scores(*values: int, possible: int = 4) -> Cells:
    return cells_of([[Entry(v * MICRO, possible * MICRO, QUIZ, TEACHER, i) for i, v in enumerate(values)]])


def said(results: Results, compiled: Compiled, cell: int) -> Answer:
    value, level = int(results.value[cell]), int(results.level[cell])
    return Answer(
        Status(results.status[cell]).name.lower(),
        None if value == NO_VALUE else Fraction(value, MICRO),
        compiled.levels[level] if level >= 0 else None,
        int(results.counted[cell]),
    )


@pytest.mark.parametrize("op", OPS)
def test_the_kernel_says_what_exact_fractions_say(op: str) -> None:
    random = Random(f"kernel {op}")
    for _ in range(60):
        vocabulary = words()
        groups = [scores_of(random) for _ in range(50)]
        document = policy_of(op, random)
        compiled = compile_policy(document, vocabulary)
        results = evaluate(cells_from(groups, vocabulary), compiled)
        answers = [said(results, compiled, cell) for cell in range(len(groups))]
        assert answers == [expect(document, group) for group in groups], document.canonical_json


def may_lower_no_level(document: PolicyDocument) -> bool:
    """Out of the mode, diluting a mean, tilting a curve: there a higher score can lower the result.

    Where the highest of a task is kept, a raised older score takes the place of a later one, which may weigh more.
    """
    keeps_highest = document.replace is not None and document.replace.keep == "highest"
    excepted = document.combine.op in {"mode", "mean_at_or_above", "power_law"} or isinstance(document.combine, Model)
    return not (keeps_highest or excepted)


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 10**9), op=st.sampled_from(sorted(OPS)), raised=st.integers(0, 8), quarters=st.integers(1, 8)
)
@example(seed=1492, op="decaying", raised=2, quarters=4)
def test_raising_one_score_lowers_no_level_that_promises_it(seed: int, op: str, raised: int, quarters: int) -> None:
    random = Random(seed)
    document, before = policy_of(op, random), scores_of(random)
    if not may_lower_no_level(document) or not before:
        return
    place = raised % len(before)
    higher = before[place]._replace(value=before[place].value + Fraction(quarters, 4))
    after = [*before[:place], higher, *before[place + 1 :]]
    vocabulary = words()
    results = evaluate(cells_from([before, after], vocabulary), compile_policy(document, vocabulary))
    assert results.level[0] <= results.level[1]


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10**9), op=st.sampled_from(sorted(OPS)))
def test_the_order_of_the_columns_does_not_matter(seed: int, op: str) -> None:
    random = Random(seed)
    document, group = policy_of(op, random), scores_of(random)
    vocabulary = words()
    compiled = compile_policy(document, vocabulary)
    shuffled = random.sample(group, len(group))
    results = evaluate(cells_from([group, shuffled], vocabulary), compiled)
    assert said(results, compiled, 0) == said(results, compiled, 1)


def test_two_threads_say_what_one_says() -> None:
    random, vocabulary = Random(7), words()
    cells = cells_from([scores_of(random) for _ in range(5_000)], vocabulary)
    compiled = compile_policy(policy_of("decaying", random), vocabulary)
    one, two = evaluate(cells, compiled), evaluate(cells, compiled, workers=2)
    assert np.array_equal(one.value, two.value)
    assert np.array_equal(one.level, two.level)
    assert np.array_equal(one.status, two.status)
    assert np.array_equal(one.counted, two.counted)


def test_the_compiled_rules_are_renewed_when_any_of_their_files_changes() -> None:
    folder = Path(arithmetic.__file__).parent
    texts = {path.name: path.read_text() for path in folder.glob("*.py")}
    compiled = {name for name, text in texts.items() if "@integer" in text or "@part" in text}
    assert {*compiled, "tables.py"} == set(arithmetic.SOURCES)


def test_no_cells_give_no_results() -> None:
    assert len(evaluate(cells_of([]), policy(combine={"op": "mean"}), workers=2).level) == 0


def test_a_cell_of_ten_thousand_scores_in_reverse_order_is_sorted() -> None:
    group = [Entry(i % 5 * MICRO, 4 * MICRO, QUIZ, TEACHER, i, occurred_us=-i) for i in range(10_000)]
    assert evaluate(cells_of([group]), policy(combine={"op": "latest"})).value[0] == 0
    assert evaluate(cells_of([group]), policy(combine={"op": "median"})).value[0] == 2 * MICRO


def test_read_only_memory_is_read_and_not_copied() -> None:
    cells = scores(1, 2, 3)
    for column in cells.columns.values():
        column.flags.writeable = False
    assert evaluate(cells, policy(combine={"op": "mean"})).value[0] == 2 * MICRO


@pytest.mark.parametrize(("mode", "value"), [("half_up", 2_130_000), ("half_even", 2_120_000), ("down", 2_120_000)])
def test_a_tie_of_rounding_goes_where_the_policy_says(mode: str, value: int) -> None:
    cells = cells_of([[Entry(2_125_000, 4 * MICRO, QUIZ, TEACHER, 0)]])
    compiled = policy(combine={"op": "mean"}, round={"places": 2, "mode": mode})
    assert evaluate(cells, compiled).value[0] == value


def test_decaying_halves_are_exact_at_a_tie() -> None:
    cells = cells_of([[Entry(3 * MICRO, 4 * MICRO, 0, 0, 0), Entry(2_500_000, 4 * MICRO, 0, 0, 1)]])
    compiled = policy(combine={"op": "decaying", "rate": "0.65"}, round={"places": 2})
    assert evaluate(cells, compiled).value[0] == 2_680_000


def test_an_endless_series_of_equal_scores_does_not_decay() -> None:
    compiled = policy(combine={"op": "decaying", "rate": "0.01"})
    assert evaluate(scores(*[3] * 5_000), compiled).value[0] == 3 * MICRO


def test_the_largest_values_add_up() -> None:
    entries = [Entry(VALUE_MAX, VALUE_MAX, 0, 0, i) for i in range(10_000)]
    compiled = policy(combine={"op": "mean"}, round={"places": 0})
    assert evaluate(cells_of([entries]), compiled).value[0] == VALUE_MAX


def test_a_decaying_average_holds_up_to_two_million_points_and_is_refused_beyond() -> None:
    fits, beyond = 2**41 - 2**20, 2**41
    compiled = policy(combine={"op": "decaying", "rate": "0.65"})
    cells = cells_of([[Entry(value, VALUE_MAX, 0, 0, i) for i in range(3)] for value in (fits, -fits, beyond)])
    assert evaluate(cells_of([[Entry(fits, VALUE_MAX, 0, 0, i) for i in range(3)]]), compiled).value[0] == fits
    with pytest.raises(Invalid, match=r"scores and weights are too large to add up \(cell 2\)"):
        evaluate(cells, compiled)


@pytest.mark.parametrize(
    "stages",
    [
        {"normalise": {"to_max": "999999999"}, "combine": {"op": "mean"}},
        {"normalise": {"to_max": "1.000001"}, "replace": {"keep": "pooled"}, "combine": {"op": "mean"}},
        {"replace": {"keep": "mean"}, "combine": {"op": "latest"}},
        {"weigh": {"own": True}, "combine": {"op": "weighted_mean"}},
        {"combine": {"op": "decaying", "rate": "0.5"}},
        {"combine": {"op": "latest_versus_rest", "latest": "0.999999"}},
    ],
)
def test_what_leaves_64_bits_is_refused_not_wrong(stages: dict[str, object]) -> None:
    group = [Entry(VALUE_MAX - i, VALUE_MAX - 1 - i, 0, 0, i, task=1, weight=VALUE_MAX - i) for i in range(5_000)]
    with pytest.raises(Invalid, match="too large to add up"):
        evaluate(cells_of([group]), policy(**stages))


def test_a_grown_vocabulary_asks_for_compiling_again() -> None:
    compiled = compile_policy(parse_policy({"name": "p", "combine": {"op": "mean"}}), Vocabulary())
    with pytest.raises(AssertionError, match="the kinds have grown: compile again"):
        evaluate(scores(1), compiled)


def test_a_possible_value_of_zero_is_no_cell() -> None:
    with pytest.raises(AssertionError, match="possible 0 is below 1"):
        scores(1, possible=0)


@pytest.mark.parametrize(("allowed", "effective"), [(True, 1), (False, 0)])
def test_a_judgement_takes_precedence_only_where_the_policy_allows_it(allowed: bool, effective: int) -> None:  # noqa: FBT001
    vocabulary = words()
    code = vocabulary.levels.code("proficient")
    cells = cells_of([[Entry(2 * MICRO, 4 * MICRO, 0, 0, 0)]], judged=[code])
    document = {
        "name": "p",
        "combine": {"op": "latest"},
        "levels": [{"code": "proficient", "at": "3"}, {"code": "developing", "at": "1"}],
        "judgement": {"allowed": allowed},
    }
    compiled = compile_policy(parse_policy(document), vocabulary)
    results = evaluate(cells, compiled)
    assert (results.level[0], results.effective[0]) == (0, effective)

"""What the lint says can't happen does not happen, whatever the scores."""

from random import Random
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.framework.events import ScalePublished
from domain.kernel.scores import MICRO
from domain.mastery.cells import Cells, Codes, Entry, Vocabulary, cells_of
from domain.mastery.compile import compile_policy
from domain.mastery.kernel import evaluate
from domain.mastery.tables import Status
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.lint import lint
from domain.policy.reach import Setting
from tests.sample import of

KINDS: Final = ("essay", "quiz", "talk")
COMBINE: Final[list[dict[str, Any]]] = [
    *({"op": op} for op in ("latest", "highest", "lowest", "mean", "median", "weighted_mean", "mean_of_kinds")),
    {"op": "mode", "tie": "mean"},
    {"op": "decaying", "rate": "0.65"},
    {"op": "latest_versus_rest", "latest": "0.7"},
    {"op": "mean_at_or_above", "value": "2.5"},
    {"op": "mean_of_latest", "count": 2},
    {"op": "half_life", "days": 30},
]
CELLS: Final = 200


def policy(random: Random, combine: dict[str, Any]) -> PolicyDocument:
    """A policy of random stages, many of which can't work."""
    cuts = sorted(random.sample(range(24), 3))
    levels = [{"code": code, "at": str(cut / 4)} for code, cut in zip(("low", "mid", "high"), cuts, strict=True)]
    clauses = [
        {"count_at_least": random.randint(1, 4)},
        {"kinds_at_least": random.randint(1, 4)},
        {"at_or_above": {"value": str(random.randint(0, 6)), "count": 1, "kinds": random.sample(KINDS, 2)}},
    ]
    stages: dict[str, Any] = {
        "select": {"kinds": random.sample(KINDS, random.randint(1, 3))},
        "round": {"places": random.randint(0, 2), "mode": random.choice(["half_up", "half_even", "down"])},
        "require": random.sample(clauses, random.randint(0, 3)),
        "unmet": random.choice(["insufficient", {"cap": "mid"}]),
        "adjust": random.choice([None, {"times": "1.1"}, {"at_most": "3.4"}]),
        "window": random.choice([None, {"latest": 2}]),
        "normalise": random.choice([None, {"to_max": "5"}]),
        "replace": random.choice([None, {"keep": "mean"}]),
    }
    if combine["op"] in {"weighted_mean", "mean_of_kinds"}:
        stages["weigh"] = {"by_kind": {"essay": str(random.randint(0, 2))}, "other_kinds": "1"}
    return parse_policy({"name": "p", "combine": combine, "levels": levels, **stages})


def scored(random: Random, lowest: int) -> Cells:
    """Cells of quarters of a point, from the lowest score of the scale to 4."""
    return cells_of(
        [
            [
                Entry(
                    random.randint(lowest * 4, 16) * MICRO // 4,
                    4 * MICRO,
                    random.randrange(3),
                    0,
                    position,
                    position // 2,
                )
                for position in range(random.randint(1, 6))
            ]
            for _ in range(CELLS)
        ]
    )


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9), combine=st.sampled_from(COMBINE), lowest=st.integers(0, 1))
def test_a_level_that_the_lint_says_is_out_of_reach_is_never_reached(
    seed: int, combine: dict[str, Any], lowest: int
) -> None:
    random = Random(seed)
    document = policy(random, combine)
    scale = of(ScalePublished, scale_id="s", title="S", lowest_micro=lowest * MICRO, highest_micro=4 * MICRO)
    findings = lint(document, Setting(None, scale))
    vocabulary = Vocabulary(Codes(KINDS), Codes(["teacher"]), Codes(["t0", "t1", "t2"]))
    compiled = compile_policy(document, vocabulary)
    results = evaluate(scored(random, lowest), compiled)
    reached = {compiled.levels[level] for level in results.level if level >= 0}
    empty = {int(one.place.split(".")[1]) for one in findings if one.rule in {"level-unreachable", "level-empty"}}
    assert {document.levels[number].code for number in empty} & reached == set()
    if any(one.rule in {"requirement-unmeetable", "nothing-counts"} for one in findings):
        assert "high" not in reached
        assert document.unmet != "insufficient" or Status.DETERMINED not in results.status

"""The library: rules that districts and the systems in use know by name, each a complete document to copy.

Scores are on a scale from 1 to 4 unless the description says otherwise. `domain.policy.starters` has the bare rules.
Source: the systems' manuals; shared/vectors/mastery_public.json checks their numbers.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.starters import CUTS

_FOUR: Final = {"round": {"places": 2}, **CUTS["four-levels"]}


def _steps(*codes: str) -> list[dict[str, str]]:
    """Return levels for a model's states 1, 2, 3 ..."""
    return [{"code": code, "at": str(at)} for at, code in enumerate(codes, 1)]


_DOCUMENTS: Final[Mapping[str, Mapping[str, object]]] = {
    "canvas-highest": {
        "name": "Canvas: highest",
        "description": "The best score so far.",
        "combine": {"op": "highest"},
        **_FOUR,
    },
    "canvas-latest": {
        "name": "Canvas: most recent",
        "description": "The latest score, whatever came before.",
        "combine": {"op": "latest"},
        **_FOUR,
    },
    "canvas-average": {
        "name": "Canvas: average",
        "description": "The mean of all scores.",
        "combine": {"op": "mean"},
        **_FOUR,
    },
    "canvas-weighted": {
        "name": "Canvas: weighted average",
        "description": "The latest score counts 65 %, the mean of all earlier ones the rest.",
        "combine": {"op": "latest_versus_rest", "latest": "0.65"},
        **_FOUR,
    },
    "canvas-decaying": {
        "name": "Canvas: decaying average",
        "description": "Each new score counts 65 % of what is known then; older work fades step by step.",
        "combine": {"op": "decaying", "rate": "0.65"},
        **_FOUR,
    },
    "canvas-n-times": {
        "name": "Canvas: number of times",
        "description": "Five scores of 3 or more; then the mean of those. Until then there is no level.",
        "combine": {"op": "mean_at_or_above", "value": "3"},
        "require": [{"at_or_above": {"value": "3", "count": 5}}],
        **_FOUR,
    },
    "mastery-connect-mode": {
        "name": "Mastery Connect: mode",
        "description": "The score given most often; of several, the highest.",
        "combine": {"op": "mode", "tie": "highest"},
        **_FOUR,
    },
    "educate-mode": {
        "name": "Educate: mode",
        "description": "The score given most often; of several, the one given last.",
        "combine": {"op": "mode", "tie": "most_recent"},
        **_FOUR,
    },
    "schoology-decaying": {
        "name": "Schoology: decaying average",
        "description": "Each new score counts 75 % of what is known then; three scores are needed for a level.",
        "combine": {"op": "decaying", "rate": "0.75"},
        "require": [{"count_at_least": 3}],
        **_FOUR,
    },
    "powerteacher-recent": {
        "name": "PowerTeacher: most recent scores",
        "description": "The mean of the last three scores.",
        "window": {"latest": 3},
        "combine": {"op": "mean"},
        **_FOUR,
    },
    "marzano-power-law": {
        "name": "Marzano: power law",
        "description": "Where a learning curve through all scores stands now; of one or two scores, their mean.",
        "combine": {"op": "power_law", "fewest": 3},
        **_FOUR,
    },
    "category-weights": {
        "name": "Category weights",
        "description": "Practice counts 10, formative work 20, summative work 70; what is missing leaves its weight "
        "to the others.",
        "weigh": {"by_kind": {"practice": "10", "formative": "20", "summative": "70"}, "other_kinds": "0"},
        "combine": {"op": "mean_of_kinds"},
        **_FOUR,
    },
    "jumprope-weighted": {
        "name": "JumpRope: weighted average",
        "description": "The mean of all scores, each by the weight that the teacher gave it; weight 0 does not count.",
        "weigh": {"own": True},
        "combine": {"op": "weighted_mean"},
        **_FOUR,
    },
    "moodle-points": {
        "name": "Moodle: points of the parts",
        "description": "For a competency made of others: each part that is mastered brings points, and one part is "
        "indispensable. Put your own parts in.",
        "rollup": {"children": ["part-a", "part-b", "part-c"], "unknown": "zero", "met_at": "2.5"},
        "weigh": {"by_kind": {"part-a": "4", "part-b": "4", "part-c": "2"}, "other_kinds": "0"},
        "combine": {"op": "sum"},
        "prerequisites": [{"competency": "part-a", "at": "2.5"}],
        "levels": [{"code": "proficient", "at": "8"}],
    },
    "openedx-criteria": {
        "name": "Open edX: criteria",
        "description": "Two assignments at 75 % or more, or the final and the lab; a status once reached is kept. "
        "Scores are shares from 0 to 1.",
        "combine": {
            "op": "criteria@1",
            "tree": {
                "op": "or",
                "children": [
                    {"op": "and", "children": [{"task": task, "value": "0.75"} for task in pair]}
                    for pair in (("assignment-1", "assignment-2"), ("final", "lab"))
                ],
            },
        },
        "hold": {"scores": "never_lower"},
        "levels": [{"code": "demonstrated", "at": "1"}, {"code": "attempted", "at": "0"}],
    },
    "brightspace": {
        "name": "Brightspace: average, halves to even",
        "description": "The mean of all scores; a half is rounded to the even digit, and a level once reached is kept "
        "when the rule changes.",
        "combine": {"op": "mean"},
        "round": {"places": 2, "mode": "half_even"},
        "hold": {"change": "keep"},
        **CUTS["four-levels"],
    },
    "durable-mastery": {
        "name": "Durable mastery",
        "description": "Shown alone, shown in a new setting, and shown again a week later or more; reviewed after 30 "
        "and then every 90 days. Scores are 1 (right) or 0.",
        "combine": {"op": "durable@1"},
        "validity": {"last_moment": "counts"},
        "levels": _steps("developing", "provisional", "review", "strong"),
    },
    "bkt": {
        "name": "Bayesian knowledge tracing",
        "description": "The probability that the skill is known after each right (1) or wrong (0) answer; mastered at "
        "95 %. The four probabilities are to be fitted to your own items.",
        "combine": {"op": "bkt@1", "prior": "0.4", "learn": "0.1", "guess": "0.2", "slip": "0.1"},
        "levels": [{"code": "mastered", "at": "0.95"}],
    },
    "khan": {
        "name": "Khan Academy: mastery levels",
        "description": "Exercises (in percent) and questions of mixed tests (1 or 0) move a skill up and down four "
        "levels.",
        "combine": {"op": "khan@1"},
        "levels": _steps("attempted", "familiar", "proficient", "mastered"),
    },
}
LIBRARY: Final[Mapping[str, PolicyDocument]] = MappingProxyType(
    {name: parse_policy(document) for name, document in _DOCUMENTS.items()}
)
"""Each policy by its name in the library."""

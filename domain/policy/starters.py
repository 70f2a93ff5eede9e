"""Policies to start from: the rules that districts and the systems in use know by name.

Each is a complete document; a district copies one and changes what it must.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.policy.document import PolicyDocument, parse_policy

CUTS: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {
        "four-levels": {
            "levels": [
                {"code": "advanced", "at": "3.5"},
                {"code": "proficient", "at": "2.5"},
                {"code": "developing", "at": "1.5"},
                {"code": "beginning", "at": "0"},
            ]
        },
        "percent": {
            "normalise": {"to_max": "100"},
            "levels": [
                {"code": "advanced", "at": "85"},
                {"code": "proficient", "at": "70"},
                {"code": "developing", "at": "50"},
                {"code": "beginning", "at": "0"},
            ],
        },
    }
)
"""Levels of a scale from 1 to 4, halfway between the points; and of any scale, by the share of what was possible."""

STARTERS: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {
        "highest": {"combine": {"op": "highest"}},
        "latest": {"combine": {"op": "latest"}},
        "average": {"combine": {"op": "mean"}},
        "median": {"combine": {"op": "median"}},
        "mode": {"combine": {"op": "mode", "tie": "most_recent"}},
        "decaying": {"combine": {"op": "decaying", "rate": "0.65"}},
        "weighted_recent": {"combine": {"op": "latest_versus_rest", "latest": "0.65"}},
        "weighted_average": {"combine": {"op": "weighted_mean"}, "weigh": {"own": True}},
        "category_average": {"combine": {"op": "mean_of_kinds"}, "weigh": {"other_kinds": "1"}},
        "n_mastery": {
            "combine": {"op": "mean_at_or_above", "value": "3"},
            "require": [{"at_or_above": {"value": "3", "count": 5}}],
        },
        "top_n_average": {"combine": {"op": "mean_of_highest", "count": 3}},
        "most_recent_n": {"combine": {"op": "mean_of_latest", "count": 3}},
    }
)
"""The stages that make each rule.

Source: Canvas outcomes (decaying, weighted_recent, n_mastery), Educate and JumpRope help pages (the others).
"""


def starter(name: str, **stages: object) -> PolicyDocument:
    """Return a starter policy, with some of its stages replaced.

    Raises:
        KeyError: no starter has this name.
        Invalid: policy-invalid, if the stages do not go together.
    """
    return parse_policy({"name": name, "round": {"places": 2}, **STARTERS[name], **stages})


FOUR_LEVELS: Final = parse_policy(
    {
        "name": "Recent work counts most",
        "description": "A retake replaces the task's earlier score; each later task counts 65 % of what is known then.",
        "replace": {"keep": "latest"},
        "combine": {"op": "decaying", "rate": "0.65"},
        "round": {"places": 2},
        **CUTS["four-levels"],
    }
)
"""A sensible district policy for scales from 1 to 4."""
PERCENT: Final = parse_policy(
    {
        "name": "Share of the possible",
        "description": "The mean of all tasks as a percentage of the possible; a retake replaces the earlier score.",
        "replace": {"keep": "latest"},
        "combine": {"op": "mean"},
        "round": {"places": 2},
        **CUTS["percent"],
    }
)
"""A policy for any scale."""
DEFAULT: Final = PERCENT
"""What holds where no policy has been published."""

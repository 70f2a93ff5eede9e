"""The two policies between which the demo switches: the mean of all work, and what recent, varied evidence shows."""

from typing import Final

from domain.policy.document import PolicyDocument, parse_policy
from services.demo.framework import SCALE

AUTHOR: Final = "a-lindqvist"
"""The curriculum director, who writes the policies and has them published."""
APPROVERS: Final = ("a-okafor", "a-moreau")
"""A principal and a member of the board, who approve them."""
_LEVELS: Final = [
    {"code": "advanced", "at": "3.5"},
    {"code": "proficient", "at": "2.5"},
    {"code": "developing", "at": "1.75"},
    {"code": "beginning", "at": "1"},
]
MEAN_OF_ALL: Final[PolicyDocument] = parse_policy(
    {
        "name": "Mean of all work",
        "description": "Every score counts the same, the first tries too.",
        "scale": SCALE,
        "combine": {"op": "mean"},
        "round": {"places": 2},
        "levels": _LEVELS,
    }
)
RECENT_AND_VARIED: Final[PolicyDocument] = parse_policy(
    {
        "name": "Recent and varied evidence",
        "description": "A retake replaces the earlier try, recent work counts most, practice and self-assessment do "
        "not count, and one kind of evidence alone reaches developing at most.",
        "scale": SCALE,
        "select": {"exclude_kinds": ["practice", "self-assessment"]},
        "replace": {"keep": "latest"},
        "combine": {"op": "decaying", "rate": "0.65"},
        "require": [{"kinds_at_least": 2}],
        "unmet": {"cap": "developing"},
        "round": {"places": 2},
        "levels": _LEVELS,
    }
)

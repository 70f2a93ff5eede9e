"""From vectors to a report: each family answers its own algorithms."""

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Final, Literal

from pydantic import ValidationError

from domain.kernel.errors import Invalid
from domain.mastery.vectors import changes, gradebooks, learners, plain, trees
from domain.mastery.vectors.forms import Answer, Source

Outcome = Literal["passed", "failed", "unsupported"]
FAMILIES: Final[Mapping[str, Callable[[Source], Answer]]] = MappingProxyType(
    {**plain.FAMILIES, **gradebooks.FAMILIES, **trees.FAMILIES, **learners.FAMILIES, **changes.FAMILIES}
)
"""What answers each algorithm."""


def check(vectors: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """Run vectors; return counts `by_algorithm` and, for each that failed, what was expected and what came out."""
    by_algorithm: dict[str, dict[Outcome, int]] = {}
    failures: list[dict[str, object]] = []
    for vector in vectors:
        counts = by_algorithm.setdefault(str(vector["algorithm"]), {"passed": 0, "failed": 0, "unsupported": 0})
        try:
            got = answer(vector)
        except (Invalid, ValidationError, KeyError):
            counts["unsupported"] += 1
            continue
        if _agrees(vector["expected"], got, cut=str(vector["algorithm"]) in gradebooks.CUT_IN_SOURCE):
            counts["passed"] += 1
        else:
            counts["failed"] += 1
            failures.append({"id": vector["id"], "expected": vector["expected"], "got": _plain(got)})
    return {"by_algorithm": by_algorithm, "failures": failures}


def answer(vector: Mapping[str, object]) -> Answer:
    """Return what the kernel makes of a vector.

    Raises:
        ValidationError, Invalid, KeyError: the policy language can't say it.
    """
    policy, scores = vector["policy"], vector["scores"]
    if not isinstance(policy, Mapping) or not isinstance(scores, list):
        raise Invalid("malformed", "a vector has a policy and scores")
    source = Source(str(policy["name"]), policy.get("params") or {}, scores)
    return FAMILIES[source.name](source)


def _agrees(expected: object, got: Answer, *, cut: bool = False) -> bool:
    if isinstance(expected, dict) and isinstance(got, dict):
        return expected.keys() == got.keys() and all(_agrees(expected[key], got[key], cut=cut) for key in got)
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(map(_agrees, expected, got))
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        return isinstance(got, Decimal) and Decimal(str(expected)) in (
            got,
            *(_as_printed(expected, got) if cut else ()),
        )
    return type(expected) is type(got) and expected == got


def _as_printed(expected: float, got: Decimal) -> tuple[Decimal, ...]:
    """Return a number as a source shows it that compares whole parts, or the places that it prints."""
    places = Decimal(str(expected)).as_tuple().exponent
    whole = (got // 1,) if isinstance(expected, int) else ()
    return (*whole, got.quantize(Decimal((0, (1,), int(places))), ROUND_HALF_UP))


def _plain(got: Answer) -> object:
    match got:
        case Decimal():
            return str(got)
        case list():
            return [_plain(one) for one in got]
        case dict():
            return {key: _plain(one) for key, one in got.items()}
        case _:
            return got

"""Vectors in which time decides: a policy that changes, claims that expire."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import numpy as np

from domain.mastery.cells import Cells, Vocabulary
from domain.mastery.change import levels_after_change
from domain.mastery.compile import Compiled, compile_policy
from domain.mastery.history import in_force
from domain.mastery.kernel import evaluate
from domain.mastery.vectors import plain
from domain.mastery.vectors.forms import Answer, Form, Given, Said, Source, Time, laid_out, micros_of, policy_of, said
from domain.mastery.vectors.trees import TRUTH_LEVELS
from domain.policy.document import PolicyDocument

MODES: Final = {
    "full_recompute": "recompute",
    "recompute": "recompute",
    "keep_if_achieved": "keep",
    "forward_only_high_water": "forward_only",
    "forward_only": "forward_only",
}
"""Open edX ADR 0003 (forward only), D2L "Allow re-evaluation" off (keep), and recomputing everything."""


class _Change(Form):
    before: dict[str, object]
    after: dict[str, object]
    effective_at: Time
    mode: str


def policy_change(source: Source) -> Answer:
    """What is mastered after a policy has been replaced by another."""
    params = _Change.model_validate(source.params)
    hold = {"change": MODES[params.mode]}
    cells, before = _policy(source, params.before)
    _, after = _policy(source, params.after, hold=hold)
    levels = levels_after_change(cells, before, after, micros_of(params.effective_at))
    return {"mastered": bool(levels[0] >= 0)}


def _policy(source: Source, params: Mapping[str, object], **stages: object) -> tuple[Cells, Compiled]:
    rest = {key: value for key, value in params.items() if key not in {"method", "threshold"}}
    vector = plain.vector_of(str(params["method"]), rest, source.scores)
    levels = [{"code": "mastered", "at": str(params["threshold"])}]
    return plain.compiled_of(vector, levels=levels, **stages)


class _AsOf(Form):
    as_of: Time
    types: list[str] | None = None


class _Claim(Form):
    value: Decimal = Decimal(1)
    type: str = "claim"
    at: Time | None = None
    expires: Time | None = None


def _in_force(policy: PolicyDocument, claims: Sequence[_Claim], params: _AsOf) -> Said:
    """Return what a policy says of the claims that count at the time."""
    vocabulary = Vocabulary()
    cells = laid_out([[Given(claim.value, kind=claim.type, at=claim.at) for claim in claims]], vocabulary)
    ends = np.array([micros_of(claim.expires) for claim in claims], np.int64)
    assert policy.validity is not None
    current = in_force(cells, policy.validity, micros_of(params.as_of), ends)
    compiled = compile_policy(policy, vocabulary)
    return said(evaluate(current, compiled), compiled)


def cass_assertions(source: Source) -> Answer:
    """CASS: claims that are not yet made or have expired are skipped."""
    params = _AsOf.model_validate(source.params)
    validity = {"last_moment": "does_not_count"}
    policy = policy_of("assertions", {"op": "assertions@1"}, validity=validity, levels=TRUTH_LEVELS)
    return _in_force(policy, source.rows(_Claim), params).level or "UNKNOWN"


def valid_until(source: Source) -> Answer:
    """OpenOlat hasCompetenceByLevel: a competence of one of the types (any, if none is named) that has not expired."""
    params = _AsOf.model_validate(source.params)
    select = {"kinds": params.types} if params.types else {}
    policy = policy_of("valid", {"op": "latest"}, validity={"last_moment": "counts"}, select=select)
    return _in_force(policy, source.rows(_Claim), params).value is not None


FAMILIES: Final[Mapping[str, Callable[[Source], Answer]]] = MappingProxyType(
    {family.__name__: family for family in (policy_change, cass_assertions, valid_until)}
)

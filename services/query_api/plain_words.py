"""An explanation in plain English, for a family as well as for an auditor."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, assert_never

from domain.mastery.explanation import ExplainedClause, Explanation
from domain.policy.stages import AtOrAbove, CountAtLeast, KindsAtLeast

DROPPED: Final = {
    "kind-not-selected": "of a kind that the policy leaves out",
    "role-not-selected": "given in a role that the policy leaves out",
    "weight-zero": "without weight under the policy",
    "replaced-in-its-task": "replaced by another score of the same task",
    "averaged-in-its-task": "averaged with others of the same task",
    "not-latest": "not the latest",
    "not-highest": "not the highest",
    "not-in-the-middle": "not in the middle",
    "not-most-frequent": "not the most frequent value",
    "decayed": "too old to weigh",
    "below-the-bar": "below the bar",
    "not-among-latest": "not among the latest",
    "not-among-highest": "not among the highest",
}
"""Why a score has no weight, continuing "1 was ..."."""


def in_words(learner_id: str, statement: str, told: Explanation, judgement: Mapping[str, Any] | None) -> str:
    """Return the explanation as one paragraph."""
    sentences = [_level(learner_id, statement, told), *_judgement(told, judgement), *_basis(told), *_dropped(told)]
    unmet = [clause for clause in told.clauses if not clause.met]
    if unmet:
        effect = "hold the level down" if told.capped else "are not met yet"
        sentences.append(f"Requirements {effect}: {'; '.join(map(_needed, unmet))}.")
    if told.next_level and told.missing and told.missing != "0":
        sentences.append(f"The value lacks {told.missing} to {told.next_level}.")
    return " ".join(sentences)


def _level(learner_id: str, statement: str, told: Explanation) -> str:
    goal = f'"{statement.rstrip(".")}"'
    match told.status:
        case "no_evidence":
            standing = f"Nothing counts yet for learner {learner_id} in {goal}"
        case "insufficient":
            standing = f"There is not enough evidence yet to say how far learner {learner_id} is in {goal}"
        case _ if told.effective is None:
            standing = f"Learner {learner_id} has reached no level yet in {goal}"
        case _:
            standing = f"Learner {learner_id} is at {told.effective} in {goal}"
    return f'{standing}, under the policy "{told.policy}" (version {told.version[:8]}).'


def _judgement(told: Explanation, judgement: Mapping[str, Any] | None) -> list[str]:
    if judgement is None:
        return []
    decision = f"{judgement['actor_role']} {judgement['actor_id']} judged {judgement['level']}"
    reason = f", because: {judgement['reason']}" if judgement["reason"] else ""
    holds = "that holds" if told.effective == judgement["level"] else "the policy does not let that hold"
    computed = f"the computed level is {told.level or 'none'}"
    return [f"{decision[0].upper()}{decision[1:]} on {judgement['occurred_at']:%Y-%m-%d}{reason}; {holds}, {computed}."]


def _basis(told: Explanation) -> list[str]:
    used = [entry for entry in told.entries if entry.dropped_because is None]
    if told.value is None or not used:
        return []
    return [
        f"{len(used)} of {_scores(len(told.entries))} {'make' if len(used) > 1 else 'makes'} the value {told.value}."
    ]


def _dropped(told: Explanation) -> list[str]:
    reasons = Counter(entry.dropped_because for entry in told.entries if entry.dropped_because is not None)
    parts = [f"{count} {'was' if count == 1 else 'were'} {DROPPED[reason]}" for reason, count in reasons.items()]
    return [f"Of the others, {', '.join(parts)}."] if parts else []


def _needed(clause: ExplainedClause) -> str:
    """Say what a requirement still needs: "2 more scores"."""
    lacking = clause.need - clause.have
    match clause.clause:
        case CountAtLeast():
            return f"{lacking} more {'score' if lacking == 1 else 'scores'}"
        case KindsAtLeast():
            return f"{lacking} more {'kind' if lacking == 1 else 'kinds'} of evidence"
        case AtOrAbove(at_or_above=bar):
            kinds = f" of kind {' or '.join(bar.kinds)}" if bar.kinds else ""
            return f"{lacking} more {'score' if lacking == 1 else 'scores'}{kinds} at {bar.value} or above"
        case other:
            assert_never(other)


def _scores(count: int) -> str:
    return f"{count} {'score' if count == 1 else 'scores'}"

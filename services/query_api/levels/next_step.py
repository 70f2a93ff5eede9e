"""What is still needed to the next level, in words, from the policy's own clauses."""

from domain.mastery.explanation import ExplainedClause, ExplainedEntry, Explanation
from domain.policy.document import PolicyDocument
from domain.policy.words.catalogue import Language, say
from domain.policy.words.sentences import clause_name, values_of
from services.query_api.levels.around_level import Around


def next_step(told: Explanation, around: Around, language: Language) -> str:
    """Say what is still needed: "To reach proficient: 1 more score; 0.5 more in the value."."""
    needed = [needed_by(clause, language, of_parts=bool(around.parts)) for clause in told.clauses if not clause.met]
    needed += [
        say(language, "next.prerequisite", competency=one.competency_id, at=one.at)
        for one in around.prerequisites
        if not one.met
    ]
    if told.value is None:
        lacking = dict.fromkeys(one for part in around.parts for one in part.lacking)
        needed += [say(language, "next.part", competency=one) for one in lacking]
        needed = needed or [say(language, "next.first")]
    if told.missing and told.missing != "0":
        needed.append(say(language, "next.value", missing=told.missing))
    if not needed:
        return say(language, "next.none")
    if told.next_level is None:
        return say(language, "next.open", parts="; ".join(needed))
    return say(language, "next.to_level", level=told.next_level, parts="; ".join(needed))


def next_step_of_score(entry: ExplainedEntry, policy: PolicyDocument, step: str, language: Language) -> str:
    """Say what a learner may do after this score: do its task again, if that can replace it, and the next step."""
    replace = policy.replace
    repeats = replace is not None and (replace.kinds is None or entry.kind in replace.kinds)
    if replace is None or not repeats or entry.task is None or entry.dropped_because is not None:
        return step
    if replace.keep not in {"latest", "highest"}:
        return step
    return f"{say(language, f'next.again.{replace.keep}', task=entry.task)} {step}"


def needed_by(told: ExplainedClause, language: Language, *, of_parts: bool) -> str:
    """Say what a requirement still needs: "2 more scores", or of a competency that is made of others, of its parts."""
    values = values_of(told.clause) | {"lacking": told.need - told.have}
    return say(language, f"need.{clause_name(told.clause, of_parts=of_parts)}", **values)

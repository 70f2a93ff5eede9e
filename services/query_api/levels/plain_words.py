"""An explanation as one paragraph, for a family as well as for an auditor; the texts are the catalogue's."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from domain.mastery.explanation import NEVER_COUNTED, Explanation
from domain.policy.events import HoldHarmless
from domain.policy.words.catalogue import Language, say, word
from services.query_api.levels.around_level import NOTHING, Around, PartExplained
from services.query_api.levels.next_step import needed_by


class Stands(NamedTuple):
    """A level from before a policy that stands, under which terms, and since when; None: of what is only tried."""

    level: str
    hold_harmless: HoldHarmless
    since: datetime | None = None


def in_words(
    learner_id: str,
    statement: str,
    told: Explanation,
    judgement: Mapping[str, Any] | None,
    language: Language = Language.ENGLISH,
    *,
    kept: Stands | None = None,
    around: Around = NOTHING,
    unnamed: bool = False,
) -> str:
    """Return the explanation as one paragraph; `unnamed` leaves out who judged the learner, and in which words."""
    sentences = [
        _level(learner_id, statement, told, around, language),
        *_judgement(told, judgement, language, unnamed=unnamed),
        *_kept(told, kept, language),
        *_basis(told, language),
        *_parts(told, around, language),
        *_dropped(told, language),
        *_unmet(told, around, language),
        *_prerequisites(around, language),
    ]
    if told.next_level and told.missing and told.missing != "0":
        sentences.append(say(language, "explain.missing", missing=told.missing, level=told.next_level))
    return " ".join([*sentences, *_time(around, language)])


def _level(learner_id: str, statement: str, told: Explanation, around: Around, language: Language) -> str:
    reached = "no_level" if told.status == "determined" else told.status
    if reached == "no_evidence" and any(one.value is not None for one in around.parts):
        reached = "insufficient"
    key = reached if told.effective is None else "level"
    standing = say(
        language, f"explain.{key}", learner=learner_id, goal=statement.rstrip("."), level=told.effective or ""
    )
    return say(language, "explain.under", standing=standing, policy=told.policy, version=told.version[:8])


def _judgement(
    told: Explanation, judgement: Mapping[str, Any] | None, language: Language, *, unnamed: bool
) -> list[str]:
    if judgement is None:
        return []
    text = partial(say, language)
    holds = text("explain.holds" if told.effective == judgement["level"] else "explain.does_not_hold")
    if told.effective == judgement["level"] and judgement.get("expires_on"):
        holds = text("explain.holds_until", day=f"{judgement['expires_on']:%Y-%m-%d}")
    computed = told.level or text("explain.none")
    if unnamed:
        return [text("explain.judged.unnamed", level=judgement["level"], holds=holds, computed=computed)]
    decision = text(
        "explain.judged",
        role=word(language, "role", judgement["actor_role"]),
        actor=judgement["actor_id"],
        level=judgement["level"],
        day=f"{judgement['occurred_at']:%Y-%m-%d}",
        because=text("explain.because", reason=judgement["reason"].rstrip(".")) if judgement["reason"] else "",
        holds=holds,
        computed=computed,
    )
    return [f"{decision[0].upper()}{decision[1:]}"]


def _kept(told: Explanation, kept: Stands | None, language: Language) -> list[str]:
    if kept is None:
        return []
    computed, key = told.level or say(language, "explain.none"), f"explain.kept.{kept.hold_harmless}"
    if kept.since is None:
        return [say(language, f"{key}.tried", level=kept.level, computed=computed)]
    return [say(language, key, level=kept.level, day=f"{kept.since:%Y-%m-%d}", computed=computed)]


def _basis(told: Explanation, language: Language) -> list[str]:
    used = [entry for entry in told.entries if entry.dropped_because is None]
    if told.value is None or not used:
        return []
    return [say(language, "explain.basis", used=len(used), all=len(told.entries), value=told.value)]


def _parts(told: Explanation, around: Around, language: Language) -> list[str]:
    if not around.parts:
        return []
    parts = [_part(one, language) for one in around.parts]
    made_of = say(language, "explain.made_of", parts="; ".join(parts))
    value = [] if told.value is None else [say(language, "explain.value", value=told.value)]
    return [made_of, *value]


def _part(one: PartExplained, language: Language) -> str:
    """Return where a part is, and what it counts as if that is something else."""
    if one.value is None:
        key = "unknown" if one.counted_as is None else "unknown.counted"
    elif one.dropped_because in NEVER_COUNTED:
        key = "left_out"
    else:
        key = "known" if one.counted_as in {None, one.value} else "counted"
    standing = f"{one.value} ({one.level})" if one.level else one.value or ""
    return say(
        language, f"explain.part.{key}", competency=one.competency_id, standing=standing, counted=one.counted_as or ""
    )  # fmt: skip


def _prerequisites(around: Around, language: Language) -> list[str]:
    return [
        say(
            language,
            "prerequisites" if one.cap is None else "prerequisites.cap",
            competency=one.competency_id,
            at=one.at,
            cap=one.cap or "",
        )
        for one in around.prerequisites
        if not one.met
    ]


def _time(around: Around, language: Language) -> list[str]:
    told = [] if around.mark is None else [say(language, "explain.mark", mark=around.mark)]
    if around.expired:
        told.append(say(language, "explain.expired", expired=around.expired))
    if around.valid_until is not None:
        told.append(say(language, "explain.valid_until", day=f"{around.valid_until:%Y-%m-%d}"))
    return told


def _dropped(told: Explanation, language: Language) -> list[str]:
    reasons = Counter(entry.dropped_because for entry in told.entries if entry.dropped_because is not None)
    if not reasons:
        return []
    parts = [say(language, f"dropped.{reason}", count=count) for reason, count in reasons.items()]
    if _basis(told, language):
        return [say(language, "explain.dropped", parts=parts)]
    return [say(language, "explain.dropped.alone", parts=parts, all=len(told.entries))]


def _unmet(told: Explanation, around: Around, language: Language) -> list[str]:
    unmet = [clause for clause in told.clauses if not clause.met]
    needed = "; ".join(needed_by(clause, language, of_parts=bool(around.parts)) for clause in unmet)
    return [say(language, "explain.held_down" if told.capped else "explain.not_met", parts=needed)] if needed else []

"""What changed of a level as one paragraph; the texts are the catalogue's."""

from collections.abc import Sequence
from datetime import UTC, time
from typing import Final

from domain.kernel.envelope import Reason
from domain.mastery.cause import CauseKind
from domain.policy.words.catalogue import Language, say, word
from services.query_api.level_history import LevelChange
from services.query_api.levels.what_changed import WhatChanged

FORMS: Final = ("%Y-%m-%d", "%Y-%m-%d %H:%M UTC", "%Y-%m-%d %H:%M:%S UTC")
"""How the times of changes are told: the first form under which those of a day differ."""


def changed_in_words(told: WhatChanged, language: Language) -> str:
    """Return what changed as one paragraph: then and now, each change with its cause, and what each did alone."""
    sentences = [
        _then_and_now(told, language),
        *(_change(change, _moment(change, told.changes), language) for change in told.changes),
        *_verdict(told, language),
        *_alone(told, language),
    ]
    return " ".join(sentences)


def _level(level: str | None, language: Language) -> str:
    return level or say(language, "changed.no_level")


def _then_and_now(told: WhatChanged, language: Language) -> str:
    key = "changed.same" if told.then.level == told.now.level else "changed.since"
    then, now = _level(told.then.level, language), _level(told.now.level, language)
    since = told.since.astimezone(UTC)
    form = FORMS[0] if since.time() == time() else FORMS[1]
    return say(language, key, day=f"{since:{form}}", then=then, now=now)


def _moment(change: LevelChange, changes: Sequence[LevelChange]) -> str:
    """Return when a change was: its day, and the time too where others were on that day."""
    same_day = [one.at for one in changes if one.at.date() == change.at.date()]
    told_apart = (form for form in FORMS if len({f"{at:{form}}" for at in same_day}) == len(same_day))
    return f"{change.at:{next(told_apart, FORMS[-1])}}"


def _change(change: LevelChange, moment: str, language: Language) -> str:
    if change.is_of_level:
        before, after = _level(change.before_level, language), _level(change.after_level, language)
        key = "changed.level"
    else:
        none = say(language, "changed.no_value")
        before, after, key = change.before_value or none, change.after_value or none, "changed.value"
    return say(language, key, day=moment, before=before, after=after, cause=_cause(change, language))


def _cause(change: LevelChange, language: Language) -> str:
    cause = change.cause
    role, kind = word(language, "role", cause.actor_role), word(language, "event", cause.type)
    if cause.kind in {CauseKind.TIME, CauseKind.FRAMEWORK}:
        return kind
    if cause.kind is not CauseKind.RULE:
        why = _because(cause.reason, language)
        return say(language, "changed.by", what=kind, role=role, actor=cause.actor_id, because=why)
    who = cause.published_by or cause.actor_id
    why = _because(cause.published_reason or cause.reason, language)
    name = change.policy or say(language, "changed.built_in")
    told = {"what": kind, "policy": name, "version": change.version[:8], "actor": who, "because": why}
    return say(language, "changed.by_rule", **told)


def _because(reason: Reason | None, language: Language) -> str:
    text = reason and (reason.text or reason.code)
    return say(language, "explain.because", reason=text.rstrip(".")) if text else ""


def _verdict(told: WhatChanged, language: Language) -> list[str]:
    if not told.changed_by:
        return []
    return [say(language, "changed.verdict", kinds=[word(language, "cause", kind) for kind in told.changed_by])]


def _alone(told: WhatChanged, language: Language) -> list[str]:
    if told.alone is None:
        return []
    rule, work = _level(told.alone.rule.level, language), _level(told.alone.work.level, language)
    return [say(language, "changed.alone", rule=rule, work=work)]

"""The lint of policies: what a document says that its author can hardly mean, or that no district should want.

`deny` keeps a version from being published; `warn` is for the people who approve it. Every finding names the
place in the document, the value there and the reason.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise, zip_longest
from typing import Final

from domain.framework.catalogue import Catalogue
from domain.framework.events import CompetencyKind, FrameworkPublished
from domain.kernel.envelope import Part, Role
from domain.kernel.errors import LedgerError
from domain.kernel.ids import CompetencyId
from domain.kernel.scores import from_micro, to_micro
from domain.policy.document import PolicyDocument, parse_policy
from domain.policy.events import Scope
from domain.policy.locks import check_scope
from domain.policy.reach import Setting, counts, kinds_counted, kinds_named, rounded_range, scores_range, selects
from domain.policy.relations import circle, is_related, ties, tree_of, wholes
from domain.policy.stages import AtOrAbove, Cap, Clause, CountAtLeast, KindsAtLeast

TIME_OR_EFFORT: Final = re.compile(
    r"attend|absen[ct]|asistencia|days present|tard[yi]|tardanza|retardo|\blate(ness)?\b|\bon time\b|punctual|puntual"
    r"|participation|participacion|engagement|effort|esfuerzo|(seat|screen) ?time|\btime (in|on|spent)\b"
    r"|\b(hours|minutes|horas|minutos|logins?|clicks?)\b"
)
"""Kinds of evidence that say how long or how willingly, not how well. Source: NEED-45."""
DISPOSITIONS: Final = re.compile(
    r"disposition|mindset|behavior|behaviour|\bconducta?\b|citizenship|\bhabits?\b|persever|resilien|\bgrit\b|attitude|actitud"
)
"""Kinds of evidence that say what a learner is like; they are reported apart. Source: NEED-09."""
ADAPTIVE: Final = re.compile(r"adaptive|adaptativ")
"""Kinds of evidence that an adaptive program makes. Source: NEED-58."""
PROGRAMS: Final = frozenset({Role.SERVICE, Role.SYSTEM})
SHOWN_MAX: Final = 3
"""How many competencies a finding names."""


class Severity(StrEnum):
    """What a finding does: deny publication, or warn those who approve."""

    DENY = "deny"
    WARN = "warn"


class Finding(Part):
    """One thing found: which rule, where in the document, which value, and why it matters."""

    rule: str
    severity: Severity
    place: str
    value: str | None = None
    reason: str


Findings = Iterator[Finding]


def lint(policy: PolicyDocument, setting: Setting) -> tuple[Finding, ...]:
    """Return what is found in a policy, in the order of `CHECKS`."""
    return tuple(finding for check in CHECKS for finding in check(policy, setting))


def denied(policy: PolicyDocument, setting: Setting) -> list[Finding]:
    """Return the findings that keep a policy from being published."""
    return [finding for finding in lint(policy, setting) if finding.severity is Severity.DENY]


def lint_text(document: object) -> tuple[Finding, ...]:
    """Return why parsed JSON is no policy document; nothing if it is one."""
    try:
        parse_policy(document)
    except LedgerError as error:
        place, _, reason = error.fault.partition(": ") if error.rule == "policy-invalid" else ("", "", error.fault)
        return tuple(_cuts_out_of_order(document)) or (_deny("policy-invalid", place or "document", None, reason),)
    return ()


def lint_scope(scope: Scope, catalogue: Catalogue) -> tuple[Finding, ...]:
    """Return why a scope is none that a policy can be drafted for; nothing if it is one."""
    try:
        check_scope(scope, catalogue)
    except LedgerError as error:
        return (_deny(error.rule, "scope", scope.competency_id or scope.framework_id, error.fault),)
    return ()


def _deny(rule: str, place: str, value: str | None, reason: str) -> Finding:
    return Finding(rule=rule, severity=Severity.DENY, place=place, value=value, reason=reason)


def _warn(rule: str, place: str, value: str | None, reason: str) -> Finding:
    return Finding(rule=rule, severity=Severity.WARN, place=place, value=value, reason=reason)


def _plain(kind: str) -> str:
    """Return the name of a kind in lower-case words: `seatTime`, `seat_time` -> `seat time`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+", " ", kind).lower()


def _place(_policy: PolicyDocument, setting: Setting) -> Findings:
    """Question a school or a course where nobody is: a slip, or a place whose learners are enrolled later."""
    if setting.nobody_at is not None:
        reason = "no learner was ever enrolled there; until one is, the policy decides on nobody"
        yield _warn("nobody-there", "scope", setting.nobody_at, reason)


def _what_counts(policy: PolicyDocument, _setting: Setting) -> Findings:
    """Refuse time and effort, and a policy under which nothing counts; question dispositions."""
    if kinds_counted(policy) == ():
        yield _deny("nothing-counts", "select", None, "every kind of evidence is left out or has weight 0")
    for place, kind in kinds_named(policy):
        if counts(policy, kind) and TIME_OR_EFFORT.search(_plain(kind)):
            reason = f"kind {kind} says how long or how willingly a learner worked, not what the learner can do"
            yield _deny("counts-time-or-effort", place, kind, reason)
        elif counts(policy, kind) and DISPOSITIONS.search(_plain(kind)):
            reason = f"kind {kind} is about a disposition, which is reported apart from academic levels"
            yield _warn("dispositions-mixed", place, kind, reason)


def _dispositions(policy: PolicyDocument, setting: Setting) -> Findings:
    """Refuse to roll dispositions up with skills; question one policy for both. Source: NEED-09."""
    if setting.framework is None:
        return
    kinds = {one.competency_id: one.kind for one in setting.framework.competencies}
    for met in _mixable(policy, setting.framework):
        found = [one for one in met if kinds.get(one) is CompetencyKind.DISPOSITION]
        if not 0 < len(found) < len(met):
            continue
        shown = _shown(found)
        if policy.rollup:
            of = f"{len(found)} of {len(met)}"
            reason = f"{of} children are dispositions, which are reported apart from academic levels"
            yield _deny("dispositions-mixed", "rollup.children", shown, reason)
        else:
            reason = f"{len(found)} of {len(met)} competencies are dispositions; a policy of their own suits them"
            yield _warn("dispositions-mixed", f"framework {setting.framework.framework_id}", shown, reason)


def _mixable(policy: PolicyDocument, framework: FrameworkPublished) -> Iterator[list[CompetencyId]]:
    """Return the competencies that one level is made of, or else all that a policy decides on."""
    if policy.rollup is None:
        yield [one.competency_id for one in framework.competencies]
    elif policy.rollup.children is not None:
        yield [one for one in policy.rollup.children if counts(policy, one)]
    else:
        for children in tree_of([framework]).values():
            yield [one for one in children if counts(policy, one)]


def _shown(competencies: Sequence[CompetencyId]) -> str:
    return ", ".join(competencies[:SHOWN_MAX]) + (" ..." if len(competencies) > SHOWN_MAX else "")


def _relations(policy: PolicyDocument, setting: Setting) -> Findings:
    """Refuse competencies that hang on themselves, and a roll-up of nothing; question one that would keep a level."""
    if policy.rollup and policy.hold and policy.hold.scores == "never_lower":
        reason = "a competency that is made of others keeps no level of its own; its parts may keep theirs"
        yield _warn("hold-of-rollup", "hold.scores", policy.hold.scores, reason)
    if setting.framework is None or not is_related(policy):
        return
    tree, whole = tree_of([setting.framework]), setting.competency_id
    if policy.rollup and not wholes(policy, whole, tree):
        reason = "no competency of the framework is made of these; the scope of the policy can name the one that is"
        listed = policy.rollup.children
        yield _deny("rollup-without-parent", "rollup.children", None if listed is None else _shown(listed), reason)
    held = [one.competency_id for one in setting.framework.competencies]
    if found := circle({one: ties(policy, whole, one, tree).sources for one in held}):
        reason = "each of these hangs on the next, and the last one on the first"
        yield _deny("circular", "prerequisites" if policy.prerequisites else "rollup", _shown(found), reason)


def _unknown_names(policy: PolicyDocument, setting: Setting) -> Findings:
    """Refuse prerequisites that nobody can meet, since no framework has them; question words for what is no part."""
    for number, one in enumerate(policy.prerequisites or ()):
        if setting.held is not None and one.competency not in setting.held:
            reason = f"no published framework holds competency {one.competency}, so nobody ever meets this"
            yield _deny("prerequisite-unknown", f"prerequisites.{number}", one.competency, reason)
    parts = policy.rollup and policy.rollup.children
    for place, name in kinds_named(policy) if parts else ():
        if name not in (parts or ()) and not TIME_OR_EFFORT.search(_plain(name)):
            yield _warn("part-unknown", place, name, f"{name} is none of the competencies that the roll-up lists")


def _named_in_vain(policy: PolicyDocument, _setting: Setting) -> Findings:
    """Question kinds that are named and left out, and a weight that no kind has."""
    for place, kind in kinds_named(policy):
        if not (selects if place == "weigh.by_kind" else counts)(policy, kind):
            yield _warn("kind-left-out", place, kind, f"kind {kind} is named here and does not count")
    chosen, weigh = policy.select.kinds, policy.weigh
    if chosen and weigh and weigh.other_kinds != "1" and set(chosen) <= set(weigh.by_kind):
        reason = "every kind that is selected has a weight of its own"
        yield _warn("weight-unused", "weigh.other_kinds", weigh.other_kinds, reason)


def _levels(policy: PolicyDocument, setting: Setting) -> Findings:
    """Refuse levels above all values; question those that no rounded value falls into, and that are no cap."""
    caps = {policy.unmet.cap} if isinstance(policy.unmet, Cap) else set()
    caps |= {one.cap for one in policy.prerequisites or () if one.cap is not None}
    (low, high), unit = rounded_range(policy, setting)
    rising = sorted(enumerate(policy.levels), key=lambda pair: to_micro(pair[1].at))
    for (number, level), following in zip_longest(rising, rising[1:]):
        start = to_micro(level.at)
        first = -(-max(start, start if low is None else low) // unit) * unit
        if high is not None and first > high:
            reason = f"level {level.code} starts at {level.at}, and no value is above {from_micro(high)}"
            yield _deny("level-unreachable", f"levels.{number}", level.at, reason)
        elif following and first >= to_micro(following[1].at) and level.code not in caps:
            reason = f"no rounded value lies from {level.at} to below {following[1].at}"
            yield _warn("level-empty", f"levels.{number}", level.at, reason)


def _requirements(policy: PolicyDocument, setting: Setting) -> Findings:
    """Refuse requirements that nobody can meet; question those that everybody meets, and having none."""
    for number, clause in enumerate(policy.require):
        if fault := _unmeetable(clause, policy, setting):
            yield _deny("requirement-unmeetable", f"require.{number}", None, fault)
        elif not _demands(clause, policy, setting):
            yield _warn("requirement-empty", f"require.{number}", None, "every single score meets this requirement")
    if policy.rollup is None and not any(_demands(clause, policy, setting) for clause in policy.require):
        reason = "one score is enough for any level; require says how much evidence is sufficient"
        yield _warn("no-rule-for-insufficient-evidence", "require", None, reason)
    highest = max(policy.levels, key=lambda level: to_micro(level.at), default=None)
    if isinstance(policy.unmet, Cap) and highest and (not policy.require or policy.unmet.cap == highest.code):
        yield _warn("cap-without-force", "unmet.cap", policy.unmet.cap, "the cap never holds a level down")


def _unmeetable(clause: Clause, policy: PolicyDocument, setting: Setting) -> str | None:
    kinds, high = kinds_counted(policy), scores_range(policy, setting).high
    match clause:
        case CountAtLeast(count_at_least=needed) | KindsAtLeast(kinds_at_least=needed):
            pass
        case AtOrAbove(at_or_above=bar):
            needed = bar.count
    if policy.window and needed > policy.window.latest:
        return f"{needed} are required and {policy.window.latest} are looked at"
    match clause:
        case KindsAtLeast() if kinds is not None and len(kinds) < needed:
            return f"{needed} kinds are required and {len(kinds)} count"
        case AtOrAbove(at_or_above=bar) if high is not None and to_micro(bar.value) > high:
            return f"scores at {bar.value} are required and none is above {from_micro(high)}"
        case AtOrAbove(at_or_above=bar) if bar.kinds and not any(counts(policy, kind) for kind in bar.kinds):
            return f"work of kind {', '.join(bar.kinds)} is required and does not count"
        case _:
            return None


def _demands(clause: Clause, policy: PolicyDocument, setting: Setting) -> bool:
    """Say whether a requirement asks for more than some score."""
    if isinstance(clause, AtOrAbove):
        bar, low = clause.at_or_above, scores_range(policy, setting).low
        return bar.count > 1 or bar.kinds is not None or low is None or to_micro(bar.value) > low
    return clause not in (CountAtLeast(count_at_least=1), KindsAtLeast(kinds_at_least=1))


def _one_kind(policy: PolicyDocument, _setting: Setting) -> Findings:
    """Question levels that one kind of evidence, as one form of test, can carry. Source: NEED-53."""
    if policy.rollup is not None:
        return
    kinds = kinds_counted(policy)
    if kinds and len(kinds) == 1:
        yield _warn("one-kind-is-enough", "select", kinds[0], f"only work of kind {kinds[0]} counts")
        return
    bars = [set(clause.at_or_above.kinds or ()) for clause in policy.require if isinstance(clause, AtOrAbove)]
    apart = any(one and other and not one & other for one in bars for other in bars)
    if not apart and not _requires_two_kinds(policy):
        yield _warn("one-kind-is-enough", "require", None, "work of one kind alone can reach every level")


def _requires_two_kinds(policy: PolicyDocument) -> bool:
    return any(isinstance(clause, KindsAtLeast) and clause.kinds_at_least > 1 for clause in policy.require)


def _adaptive_alone(policy: PolicyDocument, _setting: Setting) -> Findings:
    """Question whether an adaptive program alone can make a learner proficient. Source: NEED-58."""
    if policy.rollup or not policy.levels or (policy.select.roles and not PROGRAMS & set(policy.select.roles)):
        return
    kinds = kinds_counted(policy)
    weights = policy.weigh.by_kind if policy.weigh else {}
    left_out = [*(policy.select.exclude_kinds or ()), *(kind for kind in weights if not counts(policy, kind))]
    if any(map(_is_adaptive, left_out if kinds is None else ())) or (kinds and not any(map(_is_adaptive, kinds))):
        return
    if not (_requires_others(policy) and _holds_below_proficient(policy)):
        reason = f"scores of an adaptive program alone can reach {policy.mastered_level}"
        yield _warn("adaptive-alone", "require", None, reason)


def _is_adaptive(kind: str) -> bool:
    return ADAPTIVE.search(_plain(kind)) is not None


def _requires_others(policy: PolicyDocument) -> bool:
    bars = [clause.at_or_above.kinds for clause in policy.require if isinstance(clause, AtOrAbove)]
    return _requires_two_kinds(policy) or any(kinds and not any(map(_is_adaptive, kinds)) for kinds in bars)


def _holds_below_proficient(policy: PolicyDocument) -> bool:
    if not isinstance(policy.unmet, Cap):
        return True
    return not policy.is_at_least(policy.unmet.cap, policy.mastered_level)


def _cuts_out_of_order(document: object) -> Findings:
    """Name the cuts of parsed JSON that break the order which the first two set."""
    match document:
        case {"levels": [*levels]}:
            pass
        case _:
            return
    try:
        cuts = [(level["code"], to_micro(level["at"])) for level in levels]
    except (TypeError, KeyError, LedgerError):
        return
    rises = len(cuts) > 1 and cuts[0][1] < cuts[1][1]
    for number, ((before, low), (code, high)) in enumerate(pairwise(cuts), 1):
        if low == high or (low < high) != rises:
            here, there = from_micro(high), from_micro(low)
            reason = f"level {code} at {here} follows {before} at {there}; cuts rise or fall all the way"
            yield _deny("cuts-out-of-order", f"levels.{number}", here, reason)


CHECKS: Final[Sequence[Callable[[PolicyDocument, Setting], Findings]]] = (
    _place,
    _what_counts,
    _named_in_vain,
    _levels,
    _requirements,
    _one_kind,
    _adaptive_alone,
    _dispositions,
    _relations,
    _unknown_names,
)

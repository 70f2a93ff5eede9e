"""The errors of the ledger: one small tree, each refusal naming the rule that it applies.

A message is the fault with its value, then the context in brackets, lower-case, no full stop:
`score 21 is outside 0..20 (task a7, learner 91)`. `RULES` is the source of docs/errors.md and of the
RFC 9457 `type` of every HTTP problem.
"""

from typing import Final

RULES: Final[dict[str, str]] = {
    # input that is wrong whatever the state is
    "malformed": "The input can't be read, or lacks or adds a field, or a field has the wrong form.",
    "score-not-a-number": "A score is a decimal of at most 9 digits and 6 places, written in ASCII digits.",
    "occurred-without-zone": "A time of occurrence carries its offset from UTC.",
    "occurred-in-future": "A time of occurrence lies at most 5 minutes after the server's clock.",
    "reason-required": "This act needs a reason: a code or a text.",
    "too-large": "A body, and each line of a batch, stays within the size that the service reads.",
    "server-sets-it": "Actor, role and recorded time are set by the server; a body can't bring them.",
    "policy-invalid": "The policy document breaks a rule of the policy language.",
    "stage-unknown": "What a policy locks is a stage of its document.",
    "scope-without-framework": "A scope that names a competency names its framework.",
    "terms-invalid": "The terms name a first day of evidence exactly when they reach evidence since a day.",
    "effective-dates": "A policy comes into force in the future or at once, and ends after it began.",
    # input that the state of the ledger refuses
    "score-outside-scale": "A score lies between the lowest and the highest value of its scale.",
    "scale-unknown": "The named scale has been published.",
    "scale-exists": "A scale is published once; another meaning needs another id.",
    "competency-unknown": "The competency is held by a published framework.",
    "competency-not-aligned": "A score is given for a competency that its evidence is aligned to.",
    "competency-held-elsewhere": "A competency belongs to one framework.",
    "framework-unchanged": "A new edition of a framework differs from the one before.",
    "framework-denied-by-lint": "A framework that asks for it is published when the lint finds nothing in its targets.",
    "evidence-exists": "A piece of evidence is submitted once.",
    "evidence-unknown": "The evidence has been submitted.",
    "evidence-withdrawn": "Withdrawn evidence takes no further act.",
    "score-unknown": "The score has been given for this evidence.",
    "score-voided": "A voided score takes no further act.",
    "value-unchanged": "A correction changes the value.",
    "judgement-active": "A learner has at most one judgement in force for a competency.",
    "judgement-unknown": "The judgement is in force.",
    "level-unknown": "The level is one of the levels of the scale.",
    "goal-exists": "A goal is set once.",
    "goal-unknown": "The goal has been set.",
    "goal-closed": "A closed goal takes no further act.",
    "goal-signed": "A role signs a goal once per revision.",
    "goal-unchanged": "A revision changes the goal.",
    "pathway-exists": "A pathway is approved once; later it is changed.",
    "pathway-unknown": "The pathway has been approved.",
    "because-required": "A pathway change says because of what it is made.",
    "pathway-unchanged": "A change alters the steps of the pathway.",
    "step-unknown": "The step is part of the pathway.",
    "step-not-open": "A step is started once and completed once, in this order.",
    "standard-uncovered": "A pathway leads to every required standard of its subjects and grades, or says why not.",
    "below-minimum-expectation": "A pathway that aims below the district's minimum expectation says why.",
    "profile-entry-exists": "A profile entry is noted once.",
    "profile-entry-unknown": "The profile entry has been noted and is not retired.",
    "term-unknown": "A label is changed of a term that the glossary has.",
    "support-exists": "A support is begun once.",
    "support-unknown": "The support was begun and is not ended.",
    "learner-exists": "A learner is registered once.",
    "learner-unknown": "The learner has been registered.",
    "enrolment-exists": "An enrolment is opened once.",
    "enrolment-unknown": "The enrolment is open.",
    "policy-unknown": "The policy has been drafted.",
    "policy-version-unknown": "The version is a drafted revision of this policy.",
    "policy-unchanged": "A revision changes the policy document, its scope or what it locks.",
    "policy-superseded": "The last revision is the one that is approved and published.",
    "policy-not-simulated": "A revision is approved and published when a simulation of it has finished.",
    "simulation-too-old": "A publication rests on a simulation of late, made under the policies in force.",
    "terms-not-simulated": "A policy is published on the terms that were simulated and approved.",
    "approval-by-author": "A revision is approved by others than those who wrote it.",
    "approval-given": "A person approves a revision once.",
    "policy-not-approved": "A policy is published when enough people have approved this very revision.",
    "policy-not-in-force": "A policy that is retired is in force, or waits to be.",
    "stage-locked": "A more specific policy keeps the stages that a policy above it locks.",
    "framework-unknown": "The framework has been published.",
    "policy-live": "The version is not the one in force already.",
    "replay-not-pending": "The policy has a publication whose levels are being made.",
    "simulation-exists": "A what-if is asked for once under its id.",
    "simulation-unknown": "The what-if has been asked for.",
    "simulation-pruned": "The movers of the what-if are kept.",
    "not-comparable": "Two or three finished what-ifs at one position are compared.",
    "position-not-reached": "The position asked about lies at or before the last event.",
    "replay-ended": "A publication is neither cancelled nor refused before it comes into force.",
    "policy-denied-by-lint": "A policy is published when the lint finds nothing in it that it denies.",
    "policies-circular": "No competency hangs on itself by what policies in force and awaited say together.",
    "framework-needed": "A question whose answer differs between frameworks names one, or a competency.",
    "cell-out-of-bounds": "The scores and weights of a cell add up within 64 bits of micro-units.",
    "not-mastered": "Advancement and credit rest on what the policy in force, or a judgement, calls mastered.",
    "nothing-to-report": "A report card tells of competencies with evidence.",
    "act-exists": "An official act is given once.",
    "advancement-exists": "A learner asks to advance once, and advances once, until that is declined or revoked.",
    "credit-exists": "A learner is given credit of a title once, until that is revoked.",
    "act-unknown": "The official act, or the request for one, is on record.",
    "act-closed": "An act that was declined or revoked, and a request that was answered, takes no further act.",
    "review-not-open": "A review is settled while the act lacks its basis.",
    "webhook-exists": "A webhook is registered once under its id.",
    "webhook-unknown": "The webhook has been registered and is not removed.",
    "nothing-to-roll-back": "A generation to go back to is kept.",
    # files that are imported
    "row-changed": "A row that was imported before says the same again; a change is made by a command.",
    "identifier-repeated": "An identifier stands once in a file; later ones are left out.",
    "edge-unresolved": "An association leads to an item of its package; one that leads elsewhere is kept.",
    # the ledger itself
    "version-conflict": "The stream is still at the version that the caller saw.",
    "key-reused": "An idempotency key is used with one body only.",
    "event-unreadable": "A stored event is of a registered type and form.",
    "projector-unknown": "The projector is one of those that the programs know.",
    "rebuild-running": "One process at a time rebuilds a projector.",
    "cells-differ": "The cell shards hold the scores of the database.",
    "rebuild-differs": "A rebuilt generation holds what the live one does at the same position.",
    "not-parked": "The learner is parked in this projector.",
    "not-found": "The thing asked for exists.",
    # who may do what
    "not-authenticated": "The request carries a valid bearer token.",
    "not-permitted": "The role of the actor permits the act, for this learner.",
    # infrastructure
    "unavailable": "The database answers.",
    "export-in-the-way": "An export is written into a folder that is not there yet, so that it is whole or absent.",
    "configuration": "The settings are complete and consistent.",
}


class LedgerError(Exception):
    """Root of all errors that a caller can act on.

    Args:
        rule: stable kebab-case code, a key of `RULES`.
        fault: what is wrong, with its value.
        context: names and values that locate the fault; shown in brackets.
    """

    def __init__(self, rule: str, fault: str, **context: object) -> None:
        assert rule in RULES, rule
        self.rule = rule
        self.fault = fault
        self.context = {name: value for name, value in context.items() if value is not None}
        super().__init__(str(self))

    def __str__(self) -> str:
        """Return the fault, then the context in brackets."""
        if not self.context:
            return self.fault
        return f"{self.fault} ({', '.join(f'{name} {value}' for name, value in self.context.items())})"

    def __reduce__(self) -> tuple[object, ...]:
        """Keep rule and context when the error crosses a process border."""
        return (_rebuild, (type(self), self.rule, self.fault, self.context))


class Invalid(LedgerError):
    """The input is wrong whatever the state of the ledger is."""


class Refused(LedgerError):
    """The state of the ledger forbids the act."""


class Unknown(LedgerError):
    """The thing acted on or asked for does not exist."""


class Conflict(LedgerError):
    """Somebody else was first: the stream has moved on, or the key is taken."""


class Stale(Conflict):
    """The caller named the version that it saw, and the stream has moved on."""


class Forbidden(LedgerError):
    """The actor may not do this."""


class Unauthenticated(LedgerError):
    """Nobody knows who is asking."""


class Unavailable(LedgerError):
    """A part that is needed does not answer; a retry may succeed."""


class Misconfigured(LedgerError):
    """The settings do not let the program start."""


def _rebuild(kind: type[LedgerError], rule: str, fault: str, context: dict[str, object]) -> LedgerError:
    return kind(rule, fault, **context)

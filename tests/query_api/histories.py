"""One learner's history, told through every kind of event that the learner questions answer from."""

from typing import Any

from domain.kernel.envelope import Meta
from domain.kernel.event import Event
from domain.policy.document import PolicyDocument
from domain.policy.starters import DEFAULT
from schemas.registry import EVENTS

Fact = tuple[str, Event, str, Meta]


def envelope(actor: str = "t1", role: str = "teacher", **words: Any) -> Meta:
    """An envelope; `reason`, `source` ... as in `Meta`."""
    return Meta.model_validate({"actor": {"id": actor, "role": role}, **words})


def fact(stream: str, day: str, type_name: str, meta: Meta | None = None, **data: Any) -> Fact:
    """An event of a type, in a stream, occurred at noon of a day."""
    return stream, EVENTS[type_name].model_validate(data), day, meta or envelope()


def scale() -> Fact:
    """A scale from 1 to 4 with four levels."""
    levels = [
        {"code": code, "label": code.title(), "at_micro": cut}
        for code, cut in [
            ("beginning", 0),
            ("developing", 1_500_000),
            ("proficient", 2_500_000),
            ("advanced", 3_500_000),
        ]
    ]
    return fact(
        "scale-four", "2025-08-01", "scale.published.v1",
        scale_id="four", title="Four levels", lowest_micro=0, highest_micro=4_000_000, levels=levels,
    )  # fmt: skip


def framework() -> Fact:
    """A framework of three competencies, one of them a disposition."""
    competencies = [
        {"competency_id": "m1", "statement": "Solve linear equations."},
        {"competency_id": "m2", "statement": "Reason with ratios."},
        {"competency_id": "d1", "statement": "Persist.", "kind": "disposition"},
    ]
    return fact(
        "framework-math", "2025-08-01", "framework.published.v1",
        framework_id="math", title="Mathematics", edition="2025", scale_id="four", competencies=competencies,
    )  # fmt: skip


def evidence(evidence_id: str, day: str, learner_id: str = "l1", **words: Any) -> Fact:
    """Evidence for m1, unless `competency_ids` says otherwise."""
    told = {"competency_ids": ["m1"], "kind": "quiz", "task": "task-" + evidence_id, **words}
    return fact(
        f"evidence-{evidence_id}", day, "evidence.submitted.v1", evidence_id=evidence_id, learner_id=learner_id, **told
    )


def score(evidence_id: str, day: str, micro: int, learner_id: str = "l1", **words: Any) -> Fact:
    """A score s-<evidence> of so many micro-units of 4, for m1 unless said otherwise."""
    told = {
        "competency_id": "m1",
        "kind": "quiz",
        "task": "task-" + evidence_id,
        "score_id": f"s-{evidence_id}",
        **words,
    }
    return fact(
        f"evidence-{evidence_id}", day, "score.given.v1",
        evidence_id=evidence_id, learner_id=learner_id, framework_id="math", scale_id="four",
        value_micro=micro, possible_micro=4_000_000, assessor={"id": "t1", "role": "teacher"}, **told,
    )  # fmt: skip


def correction(evidence_id: str, day: str, before: int, after: int, revision: int = 2) -> Fact:
    """The correction of score s-<evidence>, with a reason."""
    why = envelope("t2", reason={"code": "misread", "text": "Question 3 was right."})
    return fact(
        f"evidence-{evidence_id}", day, "score.corrected.v1", why,
        score_id=f"s-{evidence_id}", evidence_id=evidence_id, learner_id="l1", competency_id="m1",
        revision=revision, before_micro=before, value_micro=after,
    )  # fmt: skip


def voiding(evidence_id: str, day: str, before: int) -> Fact:
    """The voiding of score s-<evidence>, with a reason."""
    why = envelope("t2", reason={"code": "wrong-learner"})
    return fact(
        f"evidence-{evidence_id}", day, "score.voided.v1", why,
        score_id=f"s-{evidence_id}", evidence_id=evidence_id, learner_id="l1", competency_id="m1", before_micro=before,
    )  # fmt: skip


def goal(day: str, type_name: str, meta: Meta | None = None, **data: Any) -> Fact:
    """An event of goal g1 of learner l1."""
    return fact("goal-g1", day, f"goal.{type_name}.v1", meta, goal_id="g1", learner_id="l1", **data)


def signature(day: str, actor: str, role: str) -> Fact:
    """A signature of goal g1."""
    return goal(day, "signed", envelope(actor, role), signer={"id": actor, "role": role})


def step(step_id: str, competency_id: str, **words: Any) -> dict[str, Any]:
    """A step of a pathway."""
    return {"step_id": step_id, "competency_id": competency_id, **words}


def pathway(day: str, type_name: str, **data: Any) -> Fact:
    """An event of pathway p1 of learner l1."""
    return fact("pathway-p1", day, f"pathway.{type_name}", pathway_id="p1", learner_id="l1", **data)


def whole_learner() -> list[Fact]:
    """Learner l1, from registration to a changed pathway: 27 events, positions 1 to 27 in a fresh ledger."""
    told_by_family = envelope("g1", "guardian", source={"system": "intake-form"})
    grown_out = envelope("t1", reason={"text": "Reads with ease now."})
    explains = envelope("t1", reason={"text": "Explains it to others."})
    return [
        scale(),
        framework(),
        fact("learner-l1", "2025-08-20", "learner.registered.v1", learner_id="l1", display_name="Ada",
             subgroups=["ell:Y"]),
        fact("enrolment-e1", "2025-09-01", "enrolment.opened.v1", enrolment_id="e1", learner_id="l1", section_id="sec1",
             school_id="north", grade="7"),
        fact("profile-l1", "2025-09-02", "profile.entry_noted.v1", told_by_family, entry_id="n1", learner_id="l1",
             kind="interest", text="Builds model rockets", area="creative"),
        fact("profile-l1", "2025-09-03", "profile.entry_noted.v1", entry_id="n2", learner_id="l1", kind="need",
             text="Extra time to read", area="academic"),
        evidence("a", "2025-09-10"),
        score("a", "2025-09-10", 2_000_000),
        evidence("b", "2025-10-10", form="audio", chosen_by="learner", context="A song about slope"),
        score("b", "2025-10-10", 3_000_000),
        goal("2025-10-01", "set", statement="Solve any linear equation", horizon="short_term", competency_ids=["m1"],
             target_level="proficient", due_on="2025-12-20"),
        signature("2025-10-02", "l1", "learner"),
        signature("2025-10-03", "g1", "guardian"),
        signature("2025-10-04", "t1", "teacher"),
        goal("2025-10-04", "activated"),
        goal("2025-11-01", "progress_noted", note="Two of three steps alone", percent=60),
        pathway("2025-09-15", "approved.v1", title="Toward algebra", steps=[step("p1-1", "m1"), step("p1-2", "m2")]),
        pathway("2025-09-16", "step_started.v1", step_id="p1-1", competency_id="m1"),
        pathway("2025-10-20", "changed.v2", because={"kind": "score", "ref": "s-b", "text": "Ready for more"},
                steps=[step("p1-1", "m1"), step("p1-2", "m2", modality="project"), step("p1-3", "d1")]),
        correction("a", "2025-11-02", 2_000_000, 2_500_000),
        evidence("c", "2025-11-03"),
        score("c", "2025-11-03", 1_000_000),
        voiding("c", "2025-11-04", 1_000_000),
        fact("profile-l1", "2025-12-01", "profile.entry_retired.v1", grown_out, entry_id="n2", learner_id="l1"),
        fact("judgement-j1", "2025-12-02", "judgement.recorded.v1", explains,
             judgement_id="j1", learner_id="l1", competency_id="m1", level="advanced"),
        fact("learner-l1", "2026-01-10", "learner.subgroups_changed.v1", learner_id="l1", subgroups=["ell:N"]),
        fact("enrolment-e1", "2026-02-01", "enrolment.closed.v1", enrolment_id="e1", learner_id="l1",
             section_id="sec1"),
    ]  # fmt: skip


def official_acts(head: int) -> list[Fact]:
    """Learner l2 after `head`, who mastered m1 and m2; the work behind a credit and a report card is voided then."""
    about = {"act_id": "c1", "learner_id": "l2", "decided_position": head + 4}
    basis = {"competency_id": "m1", "level": "advanced", "mastered_level": "proficient", "value_micro": 100_000_000,
             "policy_id": "default", "policy_version": DEFAULT.version, "score_ids": ["s-y"],
             "evidence_digest": "00000000000000ff"}  # fmt: skip
    wrong_learner = envelope("t1", reason={"code": "wrong-learner"})
    by_learner = envelope("l2", "learner")
    credit: dict[str, Any] = {"title": "Linear equations", "credits_micro": 500_000, "bases": [basis]}
    card: dict[str, Any] = {"act_id": "r1", "period": "autumn 2025", "lines": [{"basis": basis, "mark": "A"}]}
    help_given: dict[str, Any] = {
        "because": {"kind": "mastery", "text": "slope is new"},
        "competency_id": "m1",
        "kind": "tutoring",
    }
    told: dict[str, Any] = {
        "evidence_id": "y",
        "learner_id": "l2",
        "text": "The drawing shows it; now say it in numbers.",
    }
    return [
        evidence("y", "2026-01-10", "l2", section_id="sec1"),
        score("y", "2026-01-10", 4_000_000, "l2"),
        evidence("z", "2026-01-12", "l2", competency_ids=["m2"]),
        score("z", "2026-01-12", 3_000_000, "l2", competency_id="m2"),
        fact("act-c1", "2026-02-02", "credit.awarded.v1", None, **about, **credit),
        fact("act-r1", "2026-02-02", "report_card.issued.v1", None, **{**about, **card}),
        fact("act-a1", "2026-02-03", "advancement.requested.v1", by_learner,
             act_id="a1", learner_id="l2", competency_id="m2"),
        fact("evidence-y", "2026-02-04", "score.voided.v1", wrong_learner, score_id="s-y", evidence_id="y",
             learner_id="l2", competency_id="m1", before_micro=4_000_000),
        fact("support-u1", "2026-02-04", "support.started.v1", support_id="u1", learner_id="l2", **help_given),
        fact("evidence-y", "2026-01-13", "feedback.given.v1", feedback_id="f1", **told),
    ]  # fmt: skip


def drafted(name: str, document: PolicyDocument) -> Fact:
    """The first revision of a policy."""
    said: dict[str, Any] = document.model_dump(mode="json", exclude_none=True)
    return fact(
        f"policy-{name}", "2025-08-01", "policy.drafted.v1", policy_id=name, revision=1, version=document.version,
        document=said,
    )  # fmt: skip

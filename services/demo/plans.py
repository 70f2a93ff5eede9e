"""What stands around a learner's work: profile, pathway, goals with three signatures, judgements."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from domain.goal.decider import CloseGoal, NoteGoalProgress, ReviseGoal, SetGoal, SignGoal
from domain.goal.decider import stream_of as goal_stream
from domain.goal.events import Horizon, Outcome
from domain.kernel.envelope import Reason
from domain.kernel.ids import CompetencyId, EntryId, GoalId, JudgementId, LevelCode, PathwayId, StepId
from domain.mastery.decider import LiftJudgement, RecordJudgement
from domain.mastery.decider import stream_of as judgement_stream
from domain.pathway.decider import ApprovePathway, ChangePathway, CompleteStep, StartStep
from domain.pathway.decider import stream_of as pathway_stream
from domain.pathway.events import Because, BecauseKind, Modality, Step
from domain.profile.decider import NoteProfileEntry, RetireProfileEntry
from domain.profile.decider import stream_of as profile_stream
from domain.profile.events import EntryKind
from services.demo.acts import Act
from services.demo.framework import lines_for
from services.demo.people import SUBJECTS, Learner, at_work, happens, later, random, school_days

_ENTRIES: Final[dict[EntryKind, tuple[tuple[str, str], ...]]] = {
    EntryKind.STRENGTH: (
        ("academic", "Explains own thinking so that others follow"),
        ("creative", "Draws plans before building"),
        ("social-emotional", "Calms a group that argues"),
    ),
    EntryKind.INTEREST: (
        ("creative", "Music production on the tablet"),
        ("civic", "How the town decides about the river bank"),
        ("academic", "Space flight and everything about Mars"),
    ),
    EntryKind.MOTIVATION: (
        ("academic", "Works hardest when the result is used by somebody"),
        ("social-emotional", "Likes to see own progress week by week"),
    ),
    EntryKind.PREFERENCE: (
        ("academic", "Learns best by building first and reading after"),
        ("academic", "Prefers to talk a problem through in a small group"),
    ),
    EntryKind.PRIOR_EXPERIENCE: (
        ("civic", "Helps in the family's shop at the weekend"),
        ("creative", "Two years in the community theatre"),
    ),
    EntryKind.DISPOSITION: (
        ("social-emotional", "Tries another way before asking"),
        ("social-emotional", "Takes care of who has not spoken yet"),
    ),
    EntryKind.NEED: (
        ("academic", "Instructions in two or three short steps"),
        ("health", "A quiet place after lunch"),
    ),
    EntryKind.ACCOMMODATION: (
        ("academic", "Extended time"),
        ("academic", "Text to speech for long texts"),
    ),
}
_GOALS: Final = (
    "Show {code} at proficient by a project of my own",
    "Teach somebody else what I know about {code}",
    "Raise {code} by one level and keep the work in my portfolio",
)
_CHANGES: Final = (
    Because(kind=BecauseKind.LEARNER_CHOICE, text="Asked to work on it as a project with a partner"),
    Because(kind=BecauseKind.PACE, text="Was ready for the next step four weeks early"),
    Because(kind=BecauseKind.TEACHER_OBSERVATION, text="Works more surely in a small group"),
    Because(kind=BecauseKind.FAMILY_REQUEST, text="The family asked for more time before the summer"),
)
_JUDGED: Final = Reason(
    code="professional-judgement", text="Three conversations show more than the written work on record"
)
_LIFTED: Final = Reason(code="evidence-caught-up", text="The evidence now shows it without the judgement")


def plans(seed: int, learner: Learner, end_year: int) -> Iterator[Act]:
    """Yield the acts around a learner's work over two school years, not yet in the order of time."""
    chance = random(seed, "support", learner.id)
    years = (school_days(end_year - 1), school_days(end_year))
    yield from _profile(seed, learner, at_work(chance, years[0][5]))
    yield from _pathway(seed, learner, at_work(chance, years[0][10]))
    for number, days in enumerate(years, 1):
        if happens(chance, 0.5):  # half of the learners have a goal in a year
            yield from _goal(seed, learner, number, at_work(chance, chance.choice(days[15:60])))
    if happens(chance, 0.2):  # one in five is judged once
        yield from _judgement(seed, learner, at_work(chance, chance.choice(years[1][60:150])))


def _profile(seed: int, learner: Learner, start: datetime) -> Iterator[Act]:
    chance, stream = random(seed, "profile", learner.id), profile_stream(learner.id)
    has_plan = "disability:Y" in learner.subgroups
    for number, (kind, texts) in enumerate(_ENTRIES.items(), 1):
        if not happens(chance, 0.75 if kind is not EntryKind.ACCOMMODATION or has_plan else 0.03):
            continue
        area, text = chance.choice(texts)
        entry_id, noted_at = EntryId(f"p-{learner.id}-{number}"), later(chance, start, 0, 400)
        by = learner.actor if kind in (EntryKind.INTEREST, EntryKind.PREFERENCE) else learner.teacher("durable")
        note = NoteProfileEntry(entry_id=entry_id, learner_id=learner.id, kind=kind, text=text, area=area)
        yield Act(noted_at, stream, by, note)
        if happens(chance, 0.1):  # one in ten holds no more after a while
            retire = RetireProfileEntry(entry_id=entry_id, learner_id=learner.id)
            yield Act(later(chance, noted_at, 60, 200), stream, by, retire)


def _pathway(seed: int, learner: Learner, start: datetime) -> Iterator[Act]:
    chance, pathway_id = random(seed, "pathway", learner.id), PathwayId(f"w-{learner.id}")
    stream, teacher = pathway_stream(pathway_id), learner.teacher("durable")
    lines = chance.sample([line for name in SUBJECTS for line in lines_for(name, learner.school.band)], 4)
    steps = tuple(
        Step(
            step_id=StepId(f"s-{number}"),
            competency_id=CompetencyId(line.id),
            modality=chance.choice(tuple(Modality)),
            target_on=f"{start + timedelta(days=number * 140):%Y-%m-%d}",
        )
        for number, line in enumerate(lines, 1)
    )
    approve = ApprovePathway(pathway_id=pathway_id, learner_id=learner.id, title="Two years ahead", steps=steps)
    yield Act(start, stream, teacher, approve)
    done_at = start
    for number, step in enumerate(steps[: chance.randint(1, 3)]):
        begun_at = later(chance, start + timedelta(days=number * 140), 3, 30)
        begin = StartStep(pathway_id=pathway_id, step_id=step.step_id)
        yield Act(begun_at, stream, learner.actor, begin)
        done_at = later(chance, begun_at, 30, 100)
        yield Act(done_at, stream, teacher, CompleteStep(pathway_id=pathway_id, step_id=step.step_id))
    if happens(chance, 0.4):  # two in five change course
        other = Modality.PROJECT if steps[-1].modality is not Modality.PROJECT else Modality.SMALL_GROUP
        changed = (*steps[:-1], steps[-1].model_copy(update={"modality": other}))
        change = ChangePathway(pathway_id=pathway_id, steps=changed, because=chance.choice(_CHANGES))
        yield Act(later(chance, done_at, 1, 20), stream, teacher, change)


def _goal(seed: int, learner: Learner, number: int, set_at: datetime) -> Iterator[Act]:
    chance, goal_id = random(seed, "goal", learner.id, number), GoalId(f"g-{learner.id}-{number}")
    stream, teacher = goal_stream(goal_id), learner.teacher("durable")
    line = chance.choice(lines_for(chance.choice(SUBJECTS), learner.school.band))
    terms = SetGoal(
        goal_id=goal_id,
        learner_id=learner.id,
        statement=chance.choice(_GOALS).format(code=line.id),
        horizon=Horizon.SHORT_TERM if number == 1 else Horizon.LONG_TERM,
        competency_ids=(CompetencyId(line.id),),
        target_level=LevelCode("proficient"),
        due_on=f"{set_at + timedelta(days=120):%Y-%m-%d}",
    )
    yield Act(set_at, stream, learner.actor, terms)
    signed_at = set_at
    for signer in (learner.actor, learner.guardian, teacher):
        signed_at = later(chance, signed_at, 0, 6)
        yield Act(signed_at, stream, signer, SignGoal(goal_id=goal_id))
    noted_at = later(chance, signed_at, 14, 40)
    yield Act(noted_at, stream, teacher, NoteGoalProgress(goal_id=goal_id, note="A first try is in", percent=40))
    if happens(chance, 0.15):  # some goals turn out to be another goal
        words = terms.model_dump(exclude={"learner_id", "statement"})
        revise = ReviseGoal(**words, statement=f"Show {line.id} in a way that fits the exhibition")
        yield Act(later(chance, noted_at, 1, 5), stream, learner.actor, revise)
    if happens(chance, 0.85):  # some stay open
        outcome = Outcome.ACHIEVED if happens(chance, 0.5 + learner.growth / 5) else Outcome.ABANDONED
        yield Act(later(chance, noted_at, 30, 70), stream, teacher, CloseGoal(goal_id=goal_id, outcome=outcome))


def _judgement(seed: int, learner: Learner, judged_at: datetime) -> Iterator[Act]:
    chance = random(seed, "judgement", learner.id)
    subject = chance.choice(SUBJECTS[:3])
    competency_id = CompetencyId(chance.choice(lines_for(subject, learner.school.band)).id)
    stream, teacher = judgement_stream(learner.id, competency_id), learner.teacher(subject)
    record = RecordJudgement(
        judgement_id=JudgementId(f"j-{learner.id}"),
        learner_id=learner.id,
        competency_id=competency_id,
        level=LevelCode("proficient"),
        reason=_JUDGED,
    )
    yield Act(judged_at, stream, teacher, record)
    if happens(chance, 0.2):  # one in five is lifted again
        lift = LiftJudgement(learner_id=learner.id, competency_id=competency_id, reason=_LIFTED)
        yield Act(later(chance, judged_at, 10, 40), stream, teacher, lift)

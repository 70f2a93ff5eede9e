"""The framework of the sandbox district: 42 competencies in four subjects, prerequisites, a scale of four levels.

The statements are the sandbox's own; they are worded as district frameworks word theirs.
"""

from typing import Final, NamedTuple

from domain.framework.decider import LevelCut, PublishFramework, PublishScale
from domain.framework.events import Association, AssociationKind, Competency, CompetencyKind
from domain.kernel.ids import CompetencyId, FrameworkId, LevelCode, ScaleId

SCALE: Final = ScaleId("alder-four")
FRAMEWORK: Final = FrameworkId("alder-graduate")
"""Grades 3-5, 6-8 and 9-11: one school each."""
EVERY_BAND: Final = "all"


class Line(NamedTuple):
    """A competency: its id (also its code), band, kind and statement, and the competencies that precede it."""

    id: str
    band: str
    statement: str
    after: tuple[str, ...] = ()
    kind: CompetencyKind = CompetencyKind.SKILL


_KNOWLEDGE: Final = CompetencyKind.KNOWLEDGE
_DISPOSITION: Final = CompetencyKind.DISPOSITION

MATH: Final = (
    Line("MA.E.1", "elementary", "Explain and use place value to add and subtract within 1,000"),
    Line(
        "MA.E.2",
        "elementary",
        "Choose and carry out multiplication and division to solve problems in context",
        ("MA.E.1",),
    ),
    Line("MA.E.3", "elementary", "Represent, compare and reason about fractions as numbers", ("MA.E.2",)),
    Line(
        "MA.E.4",
        "elementary",
        "Measure, and find area and perimeter, of shapes that matter in a real setting",
        ("MA.E.2",),
    ),
    Line("MA.M.1", "middle", "Reason with ratios and rates to solve everyday problems", ("MA.E.3",)),
    Line("MA.M.2", "middle", "Operate with rational numbers and explain why the rules hold", ("MA.E.3",)),
    Line("MA.M.3", "middle", "Write and solve linear equations that model a situation", ("MA.M.1", "MA.M.2")),
    Line("MA.M.4", "middle", "Gather data and describe what they show and what they do not", ("MA.M.1",)),
    Line("MA.H.1", "high", "Model change with linear, quadratic and exponential functions", ("MA.M.3",)),
    Line("MA.H.2", "high", "Prove geometric relationships and use them to design", ("MA.M.3",)),
    Line("MA.H.3", "high", "Draw justified conclusions from samples, studies and experiments", ("MA.M.4",)),
    Line("MA.H.4", "high", "Plan personal and public finances and defend the plan with mathematics", ("MA.M.1",)),
)
ELA: Final = (
    Line("EL.E.1", "elementary", "Read stories and information texts fluently and say what they mean"),
    Line("EL.E.2", "elementary", "Write an opinion with reasons that a reader can follow", ("EL.E.1",)),
    Line("EL.E.3", "elementary", "Tell an experience so that listeners want to know how it ends"),
    Line("EL.M.1", "middle", "Cite evidence from several texts to support an analysis", ("EL.E.1",)),
    Line("EL.M.2", "middle", "Write an argument that answers a counter-claim", ("EL.E.2", "EL.M.1")),
    Line("EL.M.3", "middle", "Discuss a text so that others build on what was said", ("EL.E.3",)),
    Line("EL.H.1", "high", "Analyze how an author's choices shape meaning and effect", ("EL.M.1",)),
    Line("EL.H.2", "high", "Research a question of one's own and report it with sources judged", ("EL.M.2",)),
    Line("EL.H.3", "high", "Write and perform for an audience outside the school", ("EL.M.3",)),
)
SCIENCE: Final = (
    Line("SC.E.1", "elementary", "Ask a question that a fair test can answer, and run the test"),
    Line("SC.E.2", "elementary", "Describe how living things depend on each other and on their place", kind=_KNOWLEDGE),
    Line("SC.E.3", "elementary", "Explain everyday changes of matter and energy", kind=_KNOWLEDGE),
    Line("SC.M.1", "middle", "Plan an investigation that controls variables", ("SC.E.1",)),
    Line("SC.M.2", "middle", "Explain cells, bodies and ecosystems as systems with parts", ("SC.E.2",), _KNOWLEDGE),
    Line("SC.M.3", "middle", "Use models of forces, energy and waves to predict", ("SC.E.3",), _KNOWLEDGE),
    Line("SC.H.1", "high", "Argue from evidence where data and models disagree", ("SC.M.1",)),
    Line("SC.H.2", "high", "Explain inheritance, evolution and the unity of life", ("SC.M.2",), _KNOWLEDGE),
    Line("SC.H.3", "high", "Design, test and improve a solution under real constraints", ("SC.M.1", "SC.M.3")),
)
DURABLE: Final = (
    Line("DS.1", EVERY_BAND, "Work in a team so that each member's contribution shows"),
    Line("DS.2", EVERY_BAND, "Say and show ideas so that the audience at hand understands"),
    Line("DS.3", EVERY_BAND, "Define a problem, weigh several ways and choose with reasons"),
    Line("DS.4", EVERY_BAND, "Make something original and useful, and improve it with feedback"),
    Line("DS.5", EVERY_BAND, "Judge whether a source can be trusted, and use media responsibly"),
    Line("DS.6", EVERY_BAND, "Plan own work, keep to the plan and adapt it", ("DS.3",)),
    Line("DS.7", EVERY_BAND, "Keep going, and try another way, when work is hard", kind=_DISPOSITION),
    Line("DS.8", EVERY_BAND, "Stay curious: ask, look further, take up what is new", kind=_DISPOSITION),
    Line("DS.9", EVERY_BAND, "Notice how others feel and act with care", kind=_DISPOSITION),
    Line("DS.10", EVERY_BAND, "Know own strengths and ask for the help that is needed", kind=_DISPOSITION),
    Line("DS.11", EVERY_BAND, "Take part in the community and do a share of its work", ("DS.1",), _DISPOSITION),
    Line("DS.12", EVERY_BAND, "Reflect on own learning and set the next step", ("DS.6",)),
)
SUBJECTS: Final = {"math": MATH, "ela": ELA, "science": SCIENCE, "durable": DURABLE}
"""The competencies by subject; a section teaches one subject, an advisory the durable skills."""

LEVELS: Final = ("beginning", "developing", "proficient", "advanced")


def lines_for(subject: str, band: str) -> tuple[Line, ...]:
    """Return the competencies that learners of a band work on in a subject, prerequisites first."""
    return tuple(line for line in SUBJECTS[subject] if line.band in (band, EVERY_BAND))


def publish_scale() -> PublishScale:
    """Return the command that publishes the scale: values 1 to 4, a level at each whole value."""
    levels = tuple(
        LevelCut(code=LevelCode(code), label=code.capitalize(), at=number) for number, code in enumerate(LEVELS, 1)
    )
    return PublishScale(scale_id=SCALE, title="Alder four levels", lowest=1, highest=len(LEVELS), levels=levels)


def publish_framework() -> PublishFramework:
    """Return the command that publishes the framework with its prerequisites."""
    lines = [(subject, line) for subject, group in SUBJECTS.items() for line in group]
    return PublishFramework(
        framework_id=FRAMEWORK,
        title="Profile of an Alder graduate",
        edition="1",
        scale_id=SCALE,
        competencies=tuple(
            Competency(
                competency_id=CompetencyId(line.id),
                code=line.id,
                statement=line.statement,
                kind=line.kind,
                subject=subject,
                grade=None if line.band == EVERY_BAND else line.band,
            )
            for subject, line in lines
        ),
        associations=tuple(
            Association(kind=AssociationKind.PRECEDES, from_id=CompetencyId(before), to_id=CompetencyId(line.id))
            for _, line in lines
            for before in line.after
        ),
    )

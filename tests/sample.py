"""Words that many tests share: a published framework with its scale, and the people around one learner."""

from typing import Final, TypeVar

from pydantic import BaseModel

from domain.framework.catalogue import EMPTY
from domain.framework.events import Competency, FrameworkPublished, Level, ScalePublished
from domain.kernel.envelope import Actor, Meta, Reason, Role
from domain.kernel.ids import ActorId, CompetencyId, FrameworkId, LevelCode, ScaleId

M = TypeVar("M", bound=BaseModel)
SCALE: Final = ScalePublished(
    scale_id=ScaleId("four-point"),
    title="Four levels",
    lowest_micro=0,
    highest_micro=4_000_000,
    levels=(
        Level(code=LevelCode("beginning"), label="Beginning", at_micro=0),
        Level(code=LevelCode("proficient"), label="Proficient", at_micro=3_000_000),
    ),
)
POINTS: Final = ScalePublished(scale_id=ScaleId("points-20"), title="Points", lowest_micro=0, highest_micro=20_000_000)
FRAMEWORK: Final = FrameworkPublished(
    framework_id=FrameworkId("math-4"),
    title="Mathematics, grade 4",
    edition="2026",
    scale_id=SCALE.scale_id,
    competencies=(
        Competency(competency_id=CompetencyId("4.NF.1"), statement="Explains why fractions are equivalent"),
        Competency(competency_id=CompetencyId("4.NF.2"), statement="Compares two fractions"),
    ),
)
CATALOGUE: Final = EMPTY.evolve(SCALE).evolve(POINTS).evolve(FRAMEWORK)
REASON: Final = Reason(code="typing-error")
LEARNER: Final = Actor(id=ActorId("l-91"), role=Role.LEARNER)
GUARDIAN: Final = Actor(id=ActorId("g-7"), role=Role.GUARDIAN)
TEACHER: Final = Actor(id=ActorId("t-1"), role=Role.TEACHER)
ADMINISTRATOR: Final = Actor(id=ActorId("a-1"), role=Role.ADMINISTRATOR)
BOARD: Final = (Actor(id=ActorId("a-2"), role=Role.ADMINISTRATOR), Actor(id=ActorId("a-3"), role=Role.ADMINISTRATOR))
"""Two people who approve policies."""
SERVICE: Final = Actor(id=ActorId("gradebook"), role=Role.SERVICE)
META: Final = Meta(actor=ADMINISTRATOR)


def of(form: type[M], /, **words: object) -> M:
    """Return a command or event of plain words, as JSON brings them."""
    return form.model_validate(words)

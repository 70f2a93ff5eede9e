"""The catalogue: what is published at this moment, as a fact that deciders are given."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self, assert_never

from domain.framework.events import FrameworkEvent, FrameworkPublished, ScalePublished
from domain.kernel.errors import Refused
from domain.kernel.ids import CompetencyId, FrameworkId, LevelCode, ScaleId


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All published scales, the last edition of each framework, and which framework holds which competency."""

    scales: Mapping[ScaleId, ScalePublished] = field(default_factory=dict)
    frameworks: Mapping[FrameworkId, FrameworkPublished] = field(default_factory=dict)
    homes: Mapping[CompetencyId, FrameworkPublished] = field(default_factory=dict)
    """The framework that holds a competency now; one that an edition dropped takes no further act."""

    def evolve(self, event: FrameworkEvent) -> Self:
        """Return the catalogue after a publication."""
        match event:
            case ScalePublished():
                return replace(self, scales={**self.scales, event.scale_id: event})
            case FrameworkPublished():
                kept = {key: home for key, home in self.homes.items() if home.framework_id != event.framework_id}
                held = {competency.competency_id: event for competency in event.competencies}
                frameworks = {**self.frameworks, event.framework_id: event}
                return replace(self, frameworks=frameworks, homes={**kept, **held})
            case _:
                assert_never(event)

    def home(self, competency_id: CompetencyId) -> FrameworkPublished:
        """Return the framework that holds a competency.

        Raises:
            Refused: competency-unknown.
        """
        home = self.homes.get(competency_id)
        if home is None:
            raise Refused("competency-unknown", f"competency {competency_id} is in no published framework")
        return home

    def check_held(self, competency_ids: Iterable[CompetencyId]) -> None:
        """Refuse competencies that no framework holds.

        Raises:
            Refused: competency-unknown.
        """
        for competency_id in competency_ids:
            self.home(competency_id)

    def scale(self, scale_id: ScaleId) -> ScalePublished:
        """Return a scale.

        Raises:
            Refused: scale-unknown.
        """
        scale = self.scales.get(scale_id)
        if scale is None:
            raise Refused("scale-unknown", f"scale {scale_id} is not published")
        return scale

    def check_level(self, competency_id: CompetencyId, level: LevelCode) -> None:
        """Refuse a level that the scale of the competency's framework does not have.

        Raises:
            Refused: competency-unknown, level-unknown.
        """
        scale = self.scale(self.home(competency_id).scale_id)
        codes = [known.code for known in scale.levels]
        if level not in codes:
            raise Refused(
                "level-unknown",
                f"level {level} is not one of {', '.join(codes) or 'no levels'}",
                scale=scale.scale_id,
                competency=competency_id,
            )


EMPTY = Catalogue()
"""Before anything was published."""

"""The rules of scales and frameworks."""

from typing import Any, Final

import pytest

from domain.framework.catalogue import EMPTY
from domain.framework.decider import (
    INITIAL,
    FrameworkCommand,
    Publication,
    PublishFramework,
    PublishScale,
    decide,
    evolve,
)
from domain.framework.events import FrameworkEvent
from domain.kernel.errors import Refused
from domain.kernel.ids import CompetencyId, LevelCode
from tests.sample import CATALOGUE, FRAMEWORK, SCALE, of
from tests.spec import Spec

SPEC: Spec[Publication, FrameworkCommand, FrameworkEvent] = Spec(
    INITIAL, evolve, lambda state, command: decide(state, command, CATALOGUE)
)
given = SPEC.given
LEVELS: Final = [
    {"code": "beginning", "label": "Beginning", "at": "0"},
    {"code": "proficient", "label": "Proficient", "at": "3"},
]
SCALE_WORDS: Final[dict[str, Any]] = {
    "scale_id": "four-point",
    "title": "Four levels",
    "lowest": "0",
    "highest": "4",
    "levels": LEVELS,
}
EDITION: Final[dict[str, Any]] = FRAMEWORK.model_dump()


def test_a_scale_is_published_in_micro_units() -> None:
    given().when(of(PublishScale, **SCALE_WORDS)).then(SCALE)


def test_a_scale_is_published_once() -> None:
    given(SCALE).when(of(PublishScale, **SCALE_WORDS)).refused("scale-exists")


@pytest.mark.parametrize(
    "words",
    [
        {"lowest": "4"},
        {"lowest": "-3", "highest": "-1", "levels": []},
        {"levels": LEVELS[::-1]},
        {"levels": [LEVELS[0], LEVELS[0]]},
        {"levels": [LEVELS[0], LEVELS[1] | {"at": "4.5"}]},
    ],
)
def test_a_scale_does_not_contradict_itself(words: dict[str, Any]) -> None:
    given().when(of(PublishScale, **SCALE_WORDS | words)).refused("malformed")


def test_a_framework_is_published_as_one_fact() -> None:
    given().when(of(PublishFramework, **EDITION)).then(FRAMEWORK)


def test_a_new_edition_differs_from_the_one_before() -> None:
    given(FRAMEWORK).when(of(PublishFramework, **EDITION)).refused("framework-unchanged")
    newer = of(PublishFramework, **EDITION | {"edition": "2027"})
    given(FRAMEWORK).when(newer).then(FRAMEWORK.model_copy(update={"edition": "2027"}))


def test_a_framework_names_a_published_scale() -> None:
    given().when(of(PublishFramework, **EDITION | {"scale_id": "stars"})).refused("scale-unknown")


def test_a_competency_belongs_to_one_framework() -> None:
    other = of(PublishFramework, **EDITION | {"framework_id": "science-4"})
    given().when(other).refused("competency-held-elsewhere", "competency 4.NF.1 is held by framework math-4")


def test_a_framework_lists_a_competency_once() -> None:
    twice = of(PublishFramework, **EDITION | {"competencies": [*EDITION["competencies"], EDITION["competencies"][0]]})
    given().when(twice).refused("malformed", "competency 4.NF.1 is listed 2 times")


def test_an_edition_that_drops_a_competency_holds_it_no_more() -> None:
    newer = FRAMEWORK.model_copy(update={"competencies": FRAMEWORK.competencies[1:]})
    catalogue = CATALOGUE.evolve(newer)
    assert catalogue.home(CompetencyId("4.NF.2")) == newer
    with pytest.raises(Refused) as refusal:
        catalogue.home(CompetencyId("4.NF.1"))
    assert refusal.value.rule == "competency-unknown"


def test_a_publication_leaves_the_catalogue_before_it_as_it_was() -> None:
    EMPTY.evolve(SCALE)
    assert EMPTY.scales == {}


def test_a_level_is_one_of_the_scale_of_the_competency() -> None:
    CATALOGUE.check_level(CompetencyId("4.NF.1"), LevelCode("proficient"))
    with pytest.raises(Refused) as refusal:
        CATALOGUE.check_level(CompetencyId("4.NF.1"), LevelCode("great"))
    assert refusal.value.fault == "level great is not one of beginning, proficient"

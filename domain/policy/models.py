"""The named models: ways to a value that are no mean of the scores, each in the version that its name says.

A model is named in `combine` as `{"op": "bkt@1", ...}`. Changed behaviour is a new version beside the old one.
A model that speaks in states takes them as values 0, 1, 2 ...; the policy's levels name them by their cuts.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.kernel.ids import Code
from domain.kernel.scores import MICRO, to_micro
from domain.policy.stages import (
    Count,
    Exact,
    HalfLife,
    MeanOrCurve,
    MeanWithExtraCredit,
    Positive,
    PowerLaw,
    Stage,
    Sum,
)


class KnowledgeTracing(Stage):
    """Bayesian knowledge tracing: the probability that the skill is known at the next step.

    A score counts as right at or above `right_at`. Probabilities are held on a grid of 10^-12.
    Source: Corbett and Anderson (1995); CAHLR/pyBKT.
    """

    op: Literal["bkt@1"] = "bkt@1"
    prior: Exact
    learn: Exact
    forget: Exact = "0"
    guess: Exact
    slip: Exact
    right_at: Exact = "1"

    @model_validator(mode="after")
    def _are_probabilities(self) -> Self:
        for name in ("prior", "learn", "forget", "guess", "slip"):
            if not 0 <= to_micro(getattr(self, name)) <= MICRO:
                raise ValueError(f"{name} {getattr(self, name)} is outside 0..1")
        return self


class Item(Stage):
    """What is known of a task: how well it tells learners apart, and how hard it is."""

    discrimination: Positive = "1"
    difficulty: Exact = "0"


class Elo(Stage):
    """A rating that moves by k x (right - expected) with each score; expected is a logistic curve.

    Tasks that `items` does not list have difficulty 0. Ratings are held on a grid of 10^-12.
    Source: Pelanek (2016), Applications of the Elo rating system in adaptive educational systems.
    """

    op: Literal["elo@1"] = "elo@1"
    start: Exact = "0"
    k: Positive
    items: dict[Code, Item] = Field({})
    right_at: Exact = "1"


class ItemResponse(Stage):
    """The expected ability under a 2PL item response model and a standard normal prior, on a grid of nodes.

    The order of the scores does not matter. Logarithms and weights are held on a grid of 10^-12.
    Source: Bock and Mislevy (1982), expected a posteriori.
    """

    op: Literal["irt_2pl_eap@1"] = "irt_2pl_eap@1"
    nodes: Annotated[int, Field(strict=True, ge=2, le=1000)] = 41
    low: Exact = "-4"
    high: Exact = "4"
    items: dict[Code, Item] = Field({})
    right_at: Exact = "1"

    @model_validator(mode="after")
    def _has_a_range(self) -> Self:
        if to_micro(self.low) >= to_micro(self.high):
            raise ValueError(f"low {self.low} is not below high {self.high}")
        return self


class KhanLadder(Stage):
    """Khan Academy's states: 0 not started, 1 attempted, 2 familiar, 3 proficient, 4 mastered.

    An exercise is scored in percent and a kind of `exercises`; every other kind is a question of a mixed
    assessment, right at 1. Source: Khan Academy support 5548760867853, announcement of September 2018.
    """

    op: Literal["khan@1"] = "khan@1"
    exercises: Annotated[tuple[Code, ...], Field(min_length=1)] = ("exercise",)


class DurableMastery(Stage):
    """Evidence of several types, one of them delayed: 0 none, 1 developing, 2 provisional, 3 review due, 4 strong.

    A type is shown while its latest score is right (1). Strong needs all three types, the delayed one at least
    `delay_days` after the first independent one; it holds until `review_days` have passed without a further
    right delayed or review score. The list of review days goes on with its last one.
    Source: salmansrizon/dataentropy issue 5.
    """

    op: Literal["durable@1"] = "durable@1"
    independent: Code = "independent"
    transfer: Code = "transfer"
    delayed: Code = "delayed"
    review: Code = "review"
    delay_days: Count = 7
    review_days: Annotated[tuple[Count, ...], Field(min_length=1)] = (30, 90)


class MoodleCompetency(Stage):
    """Moodle's competency grade: completion gives the default grade once, an override gives its own.

    Kinds: `complete` (only if there is no grade), `complete_override`, `override` (the score), `unrate` (no grade
    again), any other (a note, no effect). Source: moodle/moodle competency api::add_evidence.
    """

    op: Literal["moodle_competency@1"] = "moodle_competency@1"
    default_grade: Exact


class Assertions(Stage):
    """Claims for (above 0) and against (below 0): 0 unknown, 1 false, 2 both (indeterminate), 3 true.

    Source: cassproject, OptimisticQuadnaryAssertionProcessor.
    """

    op: Literal["assertions@1"] = "assertions@1"


class AssertionRelation(Stage):
    """What related competencies' assertions (0 to 3 as above) say of this one.

    Source: cassproject, OptimisticQuadnaryAssertionProcessor.
    """

    op: Literal["assertion_relation@1"] = "assertion_relation@1"
    relation: Literal["and", "or", "narrows", "broadens", "requires", "is_required_by"]


class Criterion(Stage):
    """A task's score compared with a value. `ever`: any of its scores will do; else its latest has to."""

    task: Code
    compare: Literal["gte", "lte", "eq"] = "gte"
    value: Exact
    ever: bool = True
    archived: bool = False


class CriteriaGroup(Stage):
    """Criteria and groups of them of which all, or any, have to be met; what is archived is left out."""

    op: Literal["and", "or"]
    children: tuple["Criterion | CriteriaGroup", ...]
    archived: bool = False


class CriteriaTree(Stage):
    """1 if a tree of criteria over tasks is met, else 0. Source: openedx/openedx-core ADR 0002, issue 815."""

    op: Literal["criteria@1"] = "criteria@1"
    tree: CriteriaGroup | Criterion


Model = (
    KnowledgeTracing
    | Elo
    | ItemResponse
    | KhanLadder
    | DurableMastery
    | MoodleCompetency
    | Assertions
    | AssertionRelation
    | CriteriaTree
)
"""The models known here."""
Folding = Sum | MeanWithExtraCredit | HalfLife | PowerLaw | Model
"""What is folded over the scores of a cell (`domain.mastery.folds`); the compiled rules do the others."""
Combine = Annotated[MeanOrCurve | Model, Field(discriminator="op")]
"""Every way to make a value of several scores, told apart by `op`."""

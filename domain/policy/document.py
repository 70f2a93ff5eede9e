"""The policy document: a mastery policy as data, in a closed vocabulary, identified by its content.

The stages apply in this order, whatever the order in the text; an absent stage does nothing:

    rollup -> validity -> select -> clock -> normalise -> replace -> window -> weigh -> combine -> require -> unmet
    -> round -> adjust -> levels -> hold -> prerequisites -> judgement -> mastered -> convert

`domain.mastery.compile` turns a document into integer tables, `domain.mastery.rules` applies them.
The words of each stage are in `domain.policy.stages`, `domain.policy.models` and `domain.policy.outcome`.
"""

import hashlib
import json
from typing import Annotated, Final, Self

from pydantic import Field, ValidationError, model_validator

from domain.kernel.errors import Invalid
from domain.kernel.ids import LevelCode, ScaleId
from domain.kernel.scores import to_micro
from domain.policy.models import Combine
from domain.policy.outcome import Adjust, Hold, Mark, Prerequisite, Rollup, Validity
from domain.policy.stages import (
    Cap,
    Clause,
    Clock,
    Judgement,
    Level,
    MeanOfKinds,
    Normalise,
    Replace,
    Round,
    Select,
    Stage,
    Sum,
    Weigh,
    WeightedMean,
    Window,
)

PROFICIENT: Final = LevelCode("proficient")
"""The level that counts as mastered where a policy has it and names no other."""


class PolicyDocument(Stage):
    """A mastery policy: how the ordered scores of one learner x competency become a value and a level.

    Levels are listed from the highest cut to the lowest, or the other way round; a value is at a level when it
    is at or above its cut. Every number is an exact decimal, held as text.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(max_length=2000)] | None = None
    scale: ScaleId | None = None
    """The proficiency scale that the levels belong to."""
    select: Select = Select()
    clock: Clock = Clock()
    normalise: Normalise | None = None
    replace: Replace | None = None
    window: Window | None = None
    weigh: Weigh | None = None
    combine: Combine
    require: tuple[Clause, ...] = ()
    unmet: Annotated[str, Field(pattern="^insufficient$")] | Cap = "insufficient"
    """What unmet requirements do: no level at all, or at most the level that `cap` names."""
    round: Round = Round()
    levels: Annotated[tuple[Level, ...], Field(max_length=100)] = ()
    judgement: Judgement = Judgement()
    rollup: Rollup | None = None
    validity: Validity | None = None
    adjust: Adjust | None = None
    hold: Hold | None = None
    prerequisites: Annotated[tuple[Prerequisite, ...], Field(min_length=1)] | None = None
    mastered: LevelCode | None = None
    """The lowest level that counts as mastered; absent: `proficient` if there is such a level, else the highest."""
    convert: Annotated[tuple[Mark, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        codes = self.level_codes
        cuts = [to_micro(level.at) for level in self.levels]
        if len(set(codes)) != len(codes):
            raise ValueError(f"levels {', '.join(codes)} repeat a code")
        if cuts not in (sorted(set(cuts)), sorted(set(cuts), reverse=True)):
            raise ValueError(f"level cuts {', '.join(level.at for level in self.levels)} are not strictly ordered")
        if isinstance(self.unmet, Cap) and self.unmet.cap not in codes:
            raise ValueError(f"cap {self.unmet.cap} is not one of the levels")
        if self.mastered not in (None, *codes):
            raise ValueError(f"mastered {self.mastered} is not one of the levels")
        if self.replace is not None and self.replace.keep == "pooled" and self.normalise is None:
            raise ValueError("replace keep pooled needs normalise")
        weighted = isinstance(self.combine, WeightedMean | MeanOfKinds)
        if weighted != (self.weigh is not None) and not isinstance(self.combine, Sum):
            raise ValueError(f"weigh and combine {self.combine.op} do not go together")
        caps = [one.cap for one in self.prerequisites or () if one.cap not in (None, *codes)]
        if caps:
            raise ValueError(f"cap {caps[0]} of a prerequisite is not one of the levels")
        return self

    @property
    def level_codes(self) -> tuple[LevelCode, ...]:
        """The codes of the levels as listed."""
        return tuple(level.code for level in self.levels)

    @property
    def mastered_level(self) -> LevelCode | None:
        """The lowest level that counts as mastered; null if there are no levels."""
        if self.mastered is not None or not self.levels:
            return self.mastered
        return PROFICIENT if PROFICIENT in self.level_codes else self.rising_levels[-1]

    @property
    def rising_levels(self) -> list[LevelCode]:
        """The codes of the levels from the lowest."""
        return [level.code for level in sorted(self.levels, key=lambda level: to_micro(level.at))]

    def is_at_least(self, level: str | None, wanted: str | None) -> bool:
        """Say whether a level is the wanted one or a higher one; a level that the policy does not know is not."""
        rising: list[str] = [*self.rising_levels]
        if level not in rising or wanted not in rising:
            return False
        return rising.index(level) >= rising.index(wanted)

    @property
    def canonical_json(self) -> str:
        """The one text of this policy: keys sorted, no spaces, defaults written out, absent stages left out."""
        content = self.model_dump(mode="json", exclude_none=True)
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @property
    def version(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal: the same content has the same version."""
        return hashlib.sha256(self.canonical_json.encode()).hexdigest()


def parse_policy(document: object) -> PolicyDocument:
    """Read a policy document from parsed JSON.

    Raises:
        Invalid: policy-invalid, naming the first fault, its place and the words known there.
    """
    try:
        return PolicyDocument.model_validate(document)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"])) or "document"
        raise Invalid("policy-invalid", f"{place}: {fault['msg'][0].lower()}{fault['msg'][1:]}") from error

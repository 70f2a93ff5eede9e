"""A learner's pathways: the steps and how far each is; every change with its because, old beside new."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg.rows import DictRow

from domain.pathway.events import Because, Step
from services.query_api.answers import Answer, Connection, Part, rows

PATHWAY_ACTS: Final = """
    SELECT pathway_id, act, actor_id, actor_role, title, because, steps, step_id, occurred_at
      FROM read_model.pathway_act
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
       AND learner_id = %(learner_id)s
       AND (%(as_of)s::timestamptz IS NULL OR occurred_at <= %(as_of)s)
     ORDER BY position
"""


class PathwayStep(Part):
    """One step and how far the learner is with it: waiting, started or completed."""

    step: Step
    state: str = "waiting"
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Altered(Part):
    """A step that stayed, but not as it was."""

    before: Step
    after: Step


class PathwayChange(Part):
    """One change: who made it, because of what, and what is different."""

    at: datetime
    by: str
    by_role: str
    because: Because
    added: tuple[Step, ...]
    removed: tuple[Step, ...]
    altered: tuple[Altered, ...]
    before: tuple[str, ...]
    """The ids of the steps in their order before."""
    after: tuple[str, ...]


class Pathway(Part):
    """A pathway as it stands, with all its changes, oldest first."""

    pathway_id: str
    title: str | None
    approved_by: str
    approved_at: datetime
    steps: tuple[PathwayStep, ...]
    changes: tuple[PathwayChange, ...] = ()


class LearnerPathways(Answer):
    """All pathways of a learner, in the order in which they were approved."""

    learner_id: str
    as_of: datetime | None
    pathways: tuple[Pathway, ...]


async def read_pathways(connection: Connection, learner_id: str, as_of: datetime | None = None) -> LearnerPathways:
    """Return a learner's pathways; `as_of` looks at what had occurred by then."""
    acts = await rows(connection, PATHWAY_ACTS, {"learner_id": learner_id, "as_of": as_of})
    return LearnerPathways(learner_id=learner_id, as_of=as_of, pathways=fold_pathways(acts))


def fold_pathways(acts: Iterable[DictRow]) -> tuple[Pathway, ...]:
    """Return the pathways that acts, in order, have led to; acts before the approval count for nothing."""
    pathways: dict[str, Pathway] = {}
    for act in acts:
        known = pathways.get(act["pathway_id"])
        if act["act"] == "approved":
            pathways[act["pathway_id"]] = _approved(act)
        elif known is not None:
            pathways[act["pathway_id"]] = known.model_copy(update=_changes(known, act))
    return tuple(pathways.values())


def _approved(act: DictRow) -> Pathway:
    return Pathway(
        pathway_id=act["pathway_id"],
        title=act["title"],
        approved_by=act["actor_id"],
        approved_at=act["occurred_at"],
        steps=tuple(PathwayStep(step=step) for step in act["steps"]),
    )


def _changes(pathway: Pathway, act: DictRow) -> dict[str, Any]:
    """Return what an act changes of a pathway; a step that stays keeps how far it is."""
    if act["act"] == "changed":
        new = tuple(Step(**step) for step in act["steps"])
        known = {kept.step.step_id: kept for kept in pathway.steps}
        steps = tuple(known.get(step.step_id, PathwayStep(step=step)).model_copy(update={"step": step}) for step in new)
        change = _difference([kept.step for kept in pathway.steps], new, act)
        return {"steps": steps, "changes": (*pathway.changes, change)}
    state = act["act"].removeprefix("step_")
    move = {"state": state, f"{state}_at": act["occurred_at"]}
    return {
        "steps": tuple(
            kept.model_copy(update=move) if kept.step.step_id == act["step_id"] else kept for kept in pathway.steps
        )
    }


def _difference(old: Sequence[Step], new: Sequence[Step], act: DictRow) -> PathwayChange:
    before, after = {step.step_id: step for step in old}, {step.step_id: step for step in new}
    both = [(before[key], after[key]) for key in after if key in before]
    return PathwayChange(
        at=act["occurred_at"],
        by=act["actor_id"],
        by_role=act["actor_role"],
        because=act["because"],
        added=tuple(step for step in new if step.step_id not in before),
        removed=tuple(step for step in old if step.step_id not in after),
        altered=tuple(Altered(before=was, after=now) for was, now in both if was != now),
        before=tuple(before),
        after=tuple(after),
    )

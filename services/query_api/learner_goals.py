"""A learner's goals: what is aimed at, who signed, how it went; now or as of a time."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from psycopg.rows import DictRow

from services.query_api.answers import Answer, Connection, Part, rows

GOAL_ACTS: Final = """
    SELECT goal_id, act, actor_id, actor_role, statement, horizon, competency_ids, target_level, due_on,
           note, percent, outcome, reason, occurred_at
      FROM read_model.goal_act
     WHERE generation = (SELECT generation FROM read_model.live WHERE projector = 'learner_profile')
       AND learner_id = %(learner_id)s
       AND (%(as_of)s::timestamptz IS NULL OR occurred_at <= %(as_of)s)
     ORDER BY position
"""
AIM: Final = ("statement", "horizon", "competency_ids", "target_level", "due_on")


class Signature(Part):
    """Who agreed to the goal as it stands, in what role, and when."""

    actor_id: str
    actor_role: str
    at: datetime


class Progress(Part):
    """What somebody saw of progress toward the goal."""

    note: str
    percent: int | None
    by: str
    at: datetime


class Goal(Part):
    """A goal as it stands: proposed, active, achieved or abandoned. Signatures are those of this revision."""

    goal_id: str
    state: str
    revision: int
    statement: str
    horizon: str
    competency_ids: tuple[str, ...]
    target_level: str | None
    due_on: date | None
    signatures: tuple[Signature, ...] = ()
    progress: tuple[Progress, ...] = ()
    set_by: str
    set_at: datetime
    closed_at: datetime | None = None
    reason: str | None = None
    """Why it was revised or closed last."""


class LearnerGoals(Answer):
    """All goals of a learner, in the order in which they were set."""

    learner_id: str
    as_of: datetime | None
    goals: tuple[Goal, ...]


async def read_goals(connection: Connection, learner_id: str, as_of: datetime | None = None) -> LearnerGoals:
    """Return a learner's goals; `as_of` looks at what had occurred by then."""
    acts = await rows(connection, GOAL_ACTS, {"learner_id": learner_id, "as_of": as_of})
    return LearnerGoals(learner_id=learner_id, as_of=as_of, goals=fold_goals(acts))


def fold_goals(acts: Iterable[DictRow]) -> tuple[Goal, ...]:
    """Return the goals that acts, in order, have led to; acts on a goal that is not set yet count for nothing."""
    goals: dict[str, dict[str, Any]] = {}
    for act in acts:
        if act["act"] == "set":
            goals[act["goal_id"]] = _set(act)
        elif act["goal_id"] in goals:
            goals[act["goal_id"]].update(_changes(goals[act["goal_id"]], act))
    return tuple(Goal(**goal) for goal in goals.values())


def _set(act: DictRow) -> dict[str, Any]:
    by = {"set_by": act["actor_id"], "set_at": act["occurred_at"]}
    return {"goal_id": act["goal_id"], "state": "proposed", "revision": 1, **by, **{key: act[key] for key in AIM}}


def _changes(goal: dict[str, Any], act: DictRow) -> dict[str, Any]:
    """Return what an act changes of a goal."""
    at, by = act["occurred_at"], act["actor_id"]
    match act["act"]:
        case "signed":
            signature = Signature(actor_id=by, actor_role=act["actor_role"], at=at)
            return {"signatures": (*goal.get("signatures", ()), signature)}
        case "activated":
            return {"state": "active"}
        case "revised":
            aim = {key: act[key] for key in AIM}
            again = {"state": "proposed", "revision": goal["revision"] + 1, "signatures": ()}
            return {**aim, **again, "reason": act["reason"]}
        case "progress_noted":
            progress = Progress(note=act["note"], percent=act["percent"], by=by, at=at)
            return {"progress": (*goal.get("progress", ()), progress)}
        case "closed":
            return {"state": act["outcome"], "closed_at": at, "reason": act["reason"]}
        case other:
            raise AssertionError(f"act {other} on a goal is unknown")

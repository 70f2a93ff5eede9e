"""The history of a level: each change of it, and what changed it."""

from datetime import datetime
from typing import Any, Final

from domain.kernel.envelope import Reason
from domain.kernel.ids import CompetencyId
from domain.kernel.scores import from_micro
from domain.mastery.cause import CauseKind, kind_of
from services.query_api.answers import Answer, Asked, Connection, Part, rows
from services.query_api.levels.one_level import Target, read_target

CHANGES: Final = """
    SELECT change.changed_at, change.before_level, change.after_level, change.before_value_micro,
           change.after_value_micro, change.held_level, change.policy_version, change.cause_position AS position,
           event.type, event.meta, event.occurred_at, drafted.policy_id, drafted.policy,
           published.meta AS published, published.position AS published_position
      FROM read_model.mastery_change AS change
      JOIN ledger.event ON event.position = change.cause_position
      LEFT JOIN LATERAL (
           SELECT draft.data->>'policy_id' AS policy_id, draft.data->'document'->>'name' AS policy
             FROM ledger.event AS draft
            WHERE draft.learner_id IS NULL AND draft.type = 'policy.drafted.v1'
              AND draft.data->>'version' = change.policy_version AND draft.position < change.cause_position
            ORDER BY draft.position DESC
            LIMIT 1) AS drafted ON true
      LEFT JOIN LATERAL (
           SELECT public.meta, public.position
             FROM ledger.event AS public
            WHERE change.cause = 'policy' AND public.learner_id IS NULL AND public.type = 'policy.published.v1'
              AND event.type = 'policy.activated.v1'
              AND public.data->>'policy_id' = event.data->>'policy_id'
              AND public.data->>'version' = event.data->>'version'
              AND public.position < change.cause_position
            ORDER BY public.position DESC
            LIMIT 1) AS published ON true
     WHERE change.generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
       AND change.learner_id = %(learner_id)s AND change.competency_id = %(competency_id)s
     ORDER BY change.cause_position
"""


class Cause(Part):
    """The event that changed a level: what, by whom, why; for a rule also who published it, and why."""

    kind: CauseKind
    position: int
    type: str
    actor_id: str
    actor_role: str
    reason: Reason | None
    occurred_at: datetime
    published_position: int | None
    published_by: str | None
    published_reason: Reason | None


class LevelChange(Part):
    """A change of the level that holds, or of its value, with the policy that decides from then on.

    The values are decimal text; `held_level` is a level of before that stands although the policy computes a lower.
    """

    at: datetime
    """When it was recorded."""
    before_level: str | None
    after_level: str | None
    before_value: str | None
    after_value: str | None
    held_level: str | None
    policy_id: str | None
    """Null for the policy that is built in."""
    policy: str | None
    """The policy's name."""
    version: str
    cause: Cause

    @property
    def is_of_level(self) -> bool:
        """Say whether the level changed, and not only its value."""
        return self.before_level != self.after_level


class AboutCompetency(Asked):
    """Which competency is asked about."""

    competency: CompetencyId


class Growth(Answer):
    """How a learner's level of a competency has grown: its history, oldest first, never an average."""

    learner_id: str
    competency_id: str
    framework_id: str
    statement: str
    changes: tuple[LevelChange, ...]


async def read_growth(connection: Connection, learner_id: str, competency_id: str) -> Growth:
    """Return the history of a learner's level.

    Raises:
        Unknown: competency-unknown, if no framework holds the competency.
    """
    target = await read_target(connection, competency_id)
    changes = await read_changes(connection, learner_id, target)
    return Growth(learner_id=learner_id, **target._asdict(), changes=tuple(changes))


async def read_changes(connection: Connection, learner_id: str, target: Target) -> list[LevelChange]:
    """Return the changes of a level, oldest first."""
    asked = {"learner_id": learner_id, "competency_id": target.competency_id}
    return [_change(row) for row in await rows(connection, CHANGES, asked)]


def _change(row: dict[str, Any]) -> LevelChange:
    return LevelChange(
        at=row["changed_at"],
        before_level=row["before_level"],
        after_level=row["after_level"],
        before_value=_decimal(row["before_value_micro"]),
        after_value=_decimal(row["after_value_micro"]),
        held_level=row["held_level"],
        policy_id=row["policy_id"],
        policy=row["policy"],
        version=row["policy_version"],
        cause=_cause(row),
    )


def _cause(row: dict[str, Any]) -> Cause:
    meta, published = row["meta"], row["published"] or {}
    return Cause(
        kind=kind_of(row["type"]),
        position=row["position"],
        type=row["type"],
        actor_id=meta["actor"]["id"],
        actor_role=meta["actor"]["role"],
        reason=meta.get("reason"),
        occurred_at=row["occurred_at"],
        published_position=row["published_position"],
        published_by=published["actor"]["id"] if published else None,
        published_reason=published.get("reason"),
    )


def _decimal(micro: int | None) -> str | None:
    return None if micro is None else from_micro(micro)

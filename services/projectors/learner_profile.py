"""The read model `learner_profile`: who a learner is, where, toward what, on which path, and how busily of late.

Profile entries, goals, pathways, enrolments and official acts are few and decoded whole; evidence and scores are
many and only counted by learner and day, so their data is not decoded at all.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

import orjson
import psycopg
from pydantic import ValidationError

from domain.evidence.events import FeedbackGiven
from domain.goal.events import GoalClosed, GoalEvent, GoalProgressNoted, GoalRevised, GoalSet, GoalSigned
from domain.kernel.envelope import Meta
from domain.kernel.errors import Invalid
from domain.kernel.event import Event
from domain.pathway.events import PathwayApproved, PathwayChanged, PathwayEvent
from domain.profile.events import ProfileEntryNoted, ProfileEntryRetired, ProfileEvent
from domain.progression.events import ProgressionEvent
from domain.roster.events import LearnerEnrolled, LearnerRegistered, LearnerWithdrawn, RosterEvent, SubgroupsChanged
from domain.support.events import SupportEnded, SupportEvent, SupportStarted
from schemas.registry import UPCASTERS, decode, faults_of
from services.projectors import help_given, ledger, official_acts
from services.projectors.parts import Part
from services.projectors.read_model import Gather, Poison, Span, StoredRow

EVIDENCE, SCORES, AMENDMENTS, PLANS = range(4)
"""The counters of a learner's day."""
COUNTED: Final = {
    "evidence.submitted.v1": EVIDENCE,
    "evidence.resubmitted.v1": EVIDENCE,
    "score.given.v1": SCORES,
    "score.corrected.v1": AMENDMENTS,
    "score.voided.v1": AMENDMENTS,
    "evidence.withdrawn.v1": AMENDMENTS,
    "judgement.recorded.v1": AMENDMENTS,
    "judgement.lifted.v1": AMENDMENTS,
}
ROSTER: Final = frozenset(event.type for event in get_args(RosterEvent))
PLANNED: Final = frozenset(event.type for event in get_args(GoalEvent | PathwayEvent | ProfileEvent))
ACTS: Final = frozenset(event.type for event in get_args(ProgressionEvent | SupportEvent)) | {FeedbackGiven.type}
OLD: Final = frozenset(old for old, (new, _) in UPCASTERS.items() if new in PLANNED)

COLUMNS: Final = {
    "learner": "learner_id, occurred_at, recorded_at, display_name",
    "learner_subgroups": "learner_id, occurred_at, recorded_at, subgroups",
    "enrolment": "learner_id, opened_at, recorded_at, enrolment_id, section_id, school_id, grade",
    "profile_entry": """learner_id, noted_at, recorded_at, noted_by, noted_by_role,
        entry_id, kind, area, text, source_system""",
    "goal_act": """learner_id, occurred_at, recorded_at, actor_id, actor_role, goal_id, act,
        statement, horizon, competency_ids, target_level, due_on, note, percent, outcome, reason""",
    "pathway_act": """learner_id, occurred_at, recorded_at, actor_id, actor_role, pathway_id, act,
        title, because, steps, step_id""",
    **official_acts.COLUMNS,
    **help_given.COLUMNS,
}
"""Table -> the columns after generation and position, in the order in which rows are made."""
RETIRE_ENTRIES: Final = """
    UPDATE read_model.profile_entry AS entry
       SET retired_position = done.position, retired_at = done.occurred_at,
           retired_by = done.actor_id, retired_reason = done.reason
      FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[])
           AS done (position, learner_id, entry_id, occurred_at, actor_id, reason)
     WHERE entry.generation = %s AND entry.learner_id = done.learner_id AND entry.entry_id = done.entry_id
       AND entry.position < done.position AND entry.retired_position IS NULL
"""
CLOSE_ENROLMENTS: Final = """
    UPDATE read_model.enrolment
       SET closed_position = done.position, closed_at = done.occurred_at
      FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[])
           AS done (position, learner_id, enrolment_id, occurred_at)
     WHERE enrolment.generation = %s AND enrolment.learner_id = done.learner_id
       AND enrolment.enrolment_id = done.enrolment_id
       AND enrolment.position < done.position AND enrolment.closed_position IS NULL
"""
NEW_DAYS: Final = """
    CREATE TEMPORARY TABLE IF NOT EXISTS new_day (LIKE read_model.learner_day) ON COMMIT DELETE ROWS
"""
DAY_COLUMNS: Final = """
    generation, learner_id, day, evidence, scores, amendments, plans, last_occurred_at, last_recorded_at, last_position
"""
COPY_DAYS: Final = f"COPY new_day ({DAY_COLUMNS}) FROM STDIN"
ADD_DAYS: Final = f"""
    INSERT INTO read_model.learner_day AS day ({DAY_COLUMNS})
    SELECT {DAY_COLUMNS} FROM {{days}}
    ON CONFLICT (generation, learner_id, day) DO UPDATE
       SET evidence = day.evidence + excluded.evidence, scores = day.scores + excluded.scores,
           amendments = day.amendments + excluded.amendments, plans = day.plans + excluded.plans,
           last_occurred_at = greatest(day.last_occurred_at, excluded.last_occurred_at),
           last_recorded_at = greatest(day.last_recorded_at, excluded.last_recorded_at),
           last_position = greatest(day.last_position, excluded.last_position)
"""

COUNT_DAYS: Final = """(
    SELECT %(generation)s::int AS generation, learner_id, occurred_at::date AS day,
        count(*) FILTER (WHERE type = ANY(%(of_evidence)s)) AS evidence,
        count(*) FILTER (WHERE type = ANY(%(of_scores)s)) AS scores,
        count(*) FILTER (WHERE type = ANY(%(of_amendments)s)) AS amendments,
        0 AS plans, max(occurred_at) AS last_occurred_at, max(recorded_at) AS last_recorded_at,
        max(position) AS last_position
    FROM ({events}) AS event GROUP BY learner_id, occurred_at::date
) AS counted"""

Rows = list[tuple[Any, ...]]


def _gather_days(connection: psycopg.Connection[Any], generation: int, span: Span) -> Sequence[int]:
    """Count the events of a span by learner and day, in the database."""
    events, values = ledger.events_of(span, COUNTED)
    for name, counter in (("evidence", EVIDENCE), ("scores", SCORES), ("amendments", AMENDMENTS)):
        values[f"of_{name}"] = [kind for kind, counted in COUNTED.items() if counted == counter]
    query = ADD_DAYS.format(days=COUNT_DAYS.format(events=events))
    connection.execute(query.encode(), {"generation": generation, **values})
    return ()


class LearnerProfile:
    """A learner's profile, goals, pathways, enrolments, official acts and days of activity."""

    name: Final = "learner_profile"
    tables: Final = (*COLUMNS, "feedback", "learner_day")
    late_tables: Final[Mapping[str, str | None]] = {}
    breaks: Final[frozenset[str]] = frozenset()
    gather: Final = Gather(frozenset(COUNTED), _gather_days)
    moments: Final[frozenset[str]] = frozenset()
    types: Final = frozenset(COUNTED) | ROSTER | PLANNED | ACTS | OLD

    def apply(self, connection: psycopg.Connection[Any], generation: int, batch: Sequence[StoredRow]) -> None:
        """Write the rows of a batch; later events of the batch meet what its earlier ones wrote.

        Raises:
            Poison: an event that does not have its form.
        """
        new: dict[str, Rows] = defaultdict(list)
        days: dict[tuple[str, str], list[Any]] = {}
        for row in batch:
            assert row.learner_id is not None, f"event {row.position} of type {row.type} is about no learner"
            if row.type not in COUNTED:
                _add(new, row)
            if row.type not in ROSTER | ACTS:
                _count(days, row.learner_id, row)
        with connection.cursor() as cursor:
            for table, columns in COLUMNS.items():
                _copy(cursor, table, columns, generation, new[table])
            _amend(cursor, RETIRE_ENTRIES, generation, new["retired"])
            _amend(cursor, CLOSE_ENROLMENTS, generation, new["closed"])
            for amended, statement in {**official_acts.AMENDMENTS, **help_given.AMENDMENTS}.items():
                _amend(cursor, statement, generation, new[amended])
            _add_days(cursor, generation, days)

    def settle(self, connection: psycopg.Connection[Any], generation: int) -> None:
        """Do nothing: a batch leaves nothing."""

    def derive(self, connection: psycopg.Connection[Any], generation: int, part: Part, until: int) -> None:
        """Do nothing: rows follow from single events."""

    def finish(self, connection: psycopg.Connection[Any], generation: int, until: int) -> None:
        """Do nothing: rows are written ready for readers."""


def _count(days: dict[tuple[str, str], list[Any]], learner_id: str, row: StoredRow) -> None:
    key = (learner_id, row.occurred_at[:10])
    day = days.setdefault(key, [0, 0, 0, 0, row.occurred_at, row.recorded_at, row.position])
    day[COUNTED.get(row.type, PLANS)] += 1
    day[4:] = max(day[4], row.occurred_at), max(day[5], row.recorded_at), max(day[6], row.position)


def _add_days(cursor: psycopg.Cursor[Any], generation: int, days: dict[tuple[str, str], list[Any]]) -> None:
    cursor.execute(NEW_DAYS)
    with cursor.copy(COPY_DAYS) as copy:
        for key, day in days.items():
            copy.write_row((generation, *key, *day))
    cursor.execute(ADD_DAYS.format(days="new_day").encode())


def _copy(cursor: psycopg.Cursor[Any], table: str, columns: str, generation: int, rows: Rows) -> None:
    if rows:
        with cursor.copy(f"COPY read_model.{table} (generation, position, {columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row((generation, *row))


def _amend(cursor: psycopg.Cursor[Any], statement: str, generation: int, rows: Rows) -> None:
    if rows:
        cursor.execute(statement, (*map(list, zip(*rows, strict=True)), generation))


def _add(new: dict[str, Rows], row: StoredRow) -> None:
    """Put the rows that an event makes to those of its table."""
    try:
        event, meta = decode(row.type, row.data), Meta.model_validate_json(row.meta)
    except Invalid as error:
        raise Poison(row.position, row.learner_id, str(error)) from error
    except ValidationError as error:
        raise Poison(row.position, row.learner_id, faults_of(error)) from error
    start = (row.position, row.learner_id, row.occurred_at, row.recorded_at)
    _add_roster(new, start, event)
    _add_plan(new, start, event, meta)


def _add_roster(new: dict[str, Rows], start: tuple[Any, ...], event: Event) -> None:
    match event:
        case LearnerRegistered():
            new["learner"].append((*start, event.display_name))
            new["learner_subgroups"].append((*start, list(event.subgroups)))
        case SubgroupsChanged():
            new["learner_subgroups"].append((*start, list(event.subgroups)))
        case LearnerEnrolled(enrolment_id=enrolment_id):
            new["enrolment"].append((*start, enrolment_id, event.section_id, event.school_id, event.grade))
        case LearnerWithdrawn(enrolment_id=enrolment_id):
            position, learner_id, occurred_at, _ = start
            new["closed"].append((position, learner_id, enrolment_id, occurred_at))
        case _:
            pass


def _add_plan(new: dict[str, Rows], start: tuple[Any, ...], event: Event, meta: Meta) -> None:
    actor = event.signer if isinstance(event, GoalSigned) else meta.actor
    by, reason = (actor.id, actor.role), (meta.reason.text or meta.reason.code) if meta.reason else None
    match event:
        case ProfileEntryNoted():
            source = meta.source and meta.source.system
            entry = (event.entry_id, event.kind, event.area, event.text, source)
            new["profile_entry"].append((*start, *by, *entry))
        case ProfileEntryRetired(entry_id=entry_id):
            position, learner_id, occurred_at, _ = start
            new["retired"].append((position, learner_id, entry_id, occurred_at, actor.id, reason))
        case _ if isinstance(event, GoalEvent):
            new["goal_act"].append((*start, *by, event.goal_id, _act(event), *_goal(event), reason))
        case _ if isinstance(event, PathwayEvent):
            new["pathway_act"].append((*start, *by, event.pathway_id, _act(event), *_pathway(event)))
        case _ if isinstance(event, ProgressionEvent):
            for table, row in official_acts.rows(event, start, actor.id, reason):
                new[table].append(row)
        case SupportStarted() | SupportEnded() | FeedbackGiven():
            table, row = help_given.row(event, start, actor.id, reason)
            new[table].append(row)
        case _:
            pass


def _act(event: Event) -> str:
    """Return what was done, from the type name: `goal.progress_noted.v1` -> `progress_noted`."""
    return event.type.split(".")[1]


def _goal(event: GoalEvent) -> tuple[Any, ...]:
    """Return statement, horizon, competencies, target level, due day, note, percent and outcome."""
    match event:
        case GoalSet() | GoalRevised():
            aim = (event.statement, event.horizon, list(event.competency_ids), event.target_level, event.due_on)
            return (*aim, None, None, None)
        case GoalProgressNoted():
            return (*[None] * 5, event.note, event.percent, None)
        case GoalClosed():
            return (*[None] * 7, event.outcome)
        case _:
            return (None,) * 8


def _pathway(event: PathwayEvent) -> tuple[Any, ...]:
    """Return title, because, steps (both as JSON) and step."""
    match event:
        case PathwayApproved():
            return (event.title, None, _json(event.steps), None)
        case PathwayChanged():
            return (None, _json(event.because), _json(event.steps), None)
        case _:
            return (None, None, None, event.step_id)


def _json(value: object) -> str:
    return orjson.dumps(value, default=lambda part: part.model_dump(mode="json", exclude_none=True)).decode()

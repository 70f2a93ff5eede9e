"""What is exported: the columns of each table, people by id only, all as of one moment in the world."""

from collections.abc import Mapping
from typing import Final

_OF: Final = """
    (SELECT {generation} FROM read_model.live WHERE projector = '{projector}')
"""
_LEVELS: Final = _OF.format(generation="generation", projector="mastery").strip()
_FACTS: Final = _OF.format(generation="facts_generation", projector="mastery").strip()
_PROFILE: Final = _OF.format(generation="generation", projector="learner_profile").strip()
EVENTS: Final = """
    SELECT position, stream, version, type, event_id::text AS event_id, learner_id, occurred_at, recorded_at,
           meta->'actor'->>'role' AS actor_role, meta->'reason'->>'code' AS reason_code,
           meta->'source'->>'system' AS source_system, data::text AS data
      FROM ledger.event
     WHERE occurred_at <= {as_of}
     ORDER BY position
"""
TABLES: Final[Mapping[str, str]] = {
    "scores": f"""
        SELECT score_id, revision, evidence_id, learner_id, competency_id, framework_id, scale_id, value_micro,
               possible_micro, kind, task, attempt, purpose, assessor_role, source_system, occurred_at, recorded_at,
               position, given_at, given_position, ended_at, ended_position, ended_by
          FROM read_model.score WHERE generation = {_FACTS} AND occurred_at <= {{as_of}} ORDER BY position
    """,
    "judgements": f"""
        SELECT judgement_id, learner_id, competency_id, level, actor_role, occurred_at, recorded_at, position,
               lifted_at, lifted_position
          FROM read_model.judgement WHERE generation = {_FACTS} AND occurred_at <= {{as_of}} ORDER BY position
    """,
    "enrolments": f"""
        SELECT enrolment_id, learner_id, section_id, school_id, grade, opened_at, recorded_at, closed_at, position
          FROM read_model.enrolment WHERE generation = {_PROFILE} AND opened_at <= {{as_of}} ORDER BY position
    """,
    "official_acts": f"""
        SELECT act_id, kind, learner_id, competency_ids, levels, policy_versions, level, policy_version,
               given_position, occurred_at, recorded_at, position, revoked_position, revoked_at
          FROM read_model.official_act WHERE generation = {_PROFILE} AND occurred_at <= {{as_of}} ORDER BY position
    """,
}
LEVELS: Final[Mapping[str, str]] = {
    "mastery": f"""
        SELECT learner_id, competency_id, framework_id, value_micro, level, judged_level, effective_level, status,
               counted, scores, latest_occurred_at, policy_id, policy_version, position
          FROM read_model.current_mastery WHERE generation = {_LEVELS} ORDER BY learner_id, competency_id
    """,
    "mastery_changes": f"""
        SELECT learner_id, competency_id, before_level, after_level, before_value_micro, after_value_micro, cause,
               cause_position, policy_version, changed_at
          FROM read_model.mastery_change WHERE generation = {_FACTS}
         ORDER BY cause_position, learner_id, competency_id
    """,
}
"""What the policies say now: left out of an export as of a day, for they said something else then."""
POSITIONS: Final = """
    SELECT 'log' AS name, coalesce(max(position), 0) AS position FROM ledger.event
    UNION ALL
    SELECT name, position FROM read_model.projector WHERE generation IS NOT NULL ORDER BY name
"""

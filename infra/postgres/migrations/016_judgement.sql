-- mastery: one row a judgement, in force from position until lifted_position.
CREATE TABLE read_model.judgement (
    generation      int         NOT NULL,
    judgement_id    text        NOT NULL,
    learner_id      text        NOT NULL,
    competency_id   text        NOT NULL,
    level           text        NOT NULL,
    actor_id        text        NOT NULL,
    actor_role      text        NOT NULL,
    reason          text,
    occurred_at     timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL,
    position        bigint      NOT NULL,
    lifted_at       timestamptz,
    lifted_position bigint
) PARTITION BY LIST (generation);
CREATE INDEX judgement_by_cell ON read_model.judgement (learner_id, competency_id);

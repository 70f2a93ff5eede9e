-- mastery: one row a revision of a score, in force from position until ended_position.
CREATE TABLE read_model.score (
    generation     int         NOT NULL,
    score_id       text        NOT NULL,
    revision       int         NOT NULL,
    evidence_id    text        NOT NULL,
    learner_id     text        NOT NULL,
    competency_id  text        NOT NULL,
    framework_id   text        NOT NULL,
    scale_id       text        NOT NULL,
    value_micro    bigint      NOT NULL,
    possible_micro bigint      NOT NULL,
    kind           text        NOT NULL,
    task           text,
    attempt        int         NOT NULL,
    purpose        text,
    assessor_id    text        NOT NULL,
    assessor_role  text        NOT NULL,
    source_system  text,
    occurred_at    timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL, -- of this revision
    position       bigint      NOT NULL,
    given_at       timestamptz NOT NULL, -- recorded_at of the first revision: a correction does not move a score
    given_position bigint      NOT NULL,
    ended_at       timestamptz,
    ended_position bigint,
    ended_by       text CHECK (ended_by IN ('corrected', 'voided', 'withdrawn'))
) PARTITION BY LIST (generation);
CREATE INDEX score_by_cell ON read_model.score (learner_id, competency_id);
CREATE INDEX score_by_id ON read_model.score (score_id);
CREATE INDEX score_by_position ON read_model.score USING brin (position);
CREATE INDEX score_by_end ON read_model.score (ended_position) WHERE ended_position IS NOT NULL;

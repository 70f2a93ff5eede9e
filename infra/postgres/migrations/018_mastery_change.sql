-- mastery: every change of a cell's effective level, value or status, with its cause.
CREATE TABLE read_model.mastery_change (
    generation         int         NOT NULL,
    learner_id         text        NOT NULL,
    competency_id      text        NOT NULL,
    before_level       text,
    after_level        text,
    before_value_micro bigint,
    after_value_micro  bigint,
    cause              text        NOT NULL CHECK (cause IN ('event', 'policy')),
    cause_position     bigint      NOT NULL,
    policy_version     text        NOT NULL,
    changed_at         timestamptz NOT NULL -- recorded_at of the cause
) PARTITION BY LIST (generation);
CREATE INDEX mastery_change_by_learner ON read_model.mastery_change (learner_id);

-- mastery: one row a cell (learner x competency): what the policies in force say of it.
CREATE TABLE read_model.current_mastery (
    generation         int    NOT NULL,
    learner_id         text   NOT NULL,
    competency_id      text   NOT NULL,
    framework_id       text,
    value_micro        bigint,
    level              text,            -- computed
    status             text   NOT NULL CHECK (status IN ('no_evidence', 'insufficient', 'determined', 'out_of_bounds')),
    judged_level       text,
    effective_level    text,
    counted            int    NOT NULL,
    scores             int    NOT NULL, -- in force
    latest_occurred_at timestamptz,
    policy_id          text   NOT NULL,
    policy_version     text   NOT NULL,
    evidence_digest    bigint NOT NULL, -- of the scores in force, whatever the policy
    position           bigint NOT NULL, -- of the last event that touched the cell
    PRIMARY KEY (generation, learner_id, competency_id)
) PARTITION BY LIST (generation);

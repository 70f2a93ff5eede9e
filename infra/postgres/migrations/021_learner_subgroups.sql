-- learner_profile: the subgroups of a learner from occurred_at on, one row a change.
CREATE TABLE read_model.learner_subgroups (
    generation  int         NOT NULL,
    position    bigint      NOT NULL,
    learner_id  text COLLATE "C" NOT NULL,
    subgroups   text[]      NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (generation, position)
) PARTITION BY LIST (generation);
CREATE INDEX learner_subgroups_by_learner ON read_model.learner_subgroups (learner_id, occurred_at);

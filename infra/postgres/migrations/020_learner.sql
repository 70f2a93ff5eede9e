-- learner_profile: the learners that the district has registered.
CREATE TABLE read_model.learner (
    generation   int         NOT NULL,
    position     bigint      NOT NULL,
    learner_id   text COLLATE "C" NOT NULL,
    display_name text,
    occurred_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    PRIMARY KEY (generation, position)
) PARTITION BY LIST (generation);
CREATE INDEX learner_by_id ON read_model.learner (learner_id, position);

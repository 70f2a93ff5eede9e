-- learner_profile: the acts on a learner's pathways, in order, each change with its because and all its steps.
CREATE TABLE read_model.pathway_act (
    generation  int         NOT NULL,
    position    bigint      NOT NULL,
    pathway_id  text COLLATE "C" NOT NULL,
    learner_id  text COLLATE "C" NOT NULL,
    act         text        NOT NULL, -- approved, changed, step_started, step_completed
    actor_id    text COLLATE "C" NOT NULL,
    actor_role  text        NOT NULL,
    title       text,
    because     json,
    steps       json,
    step_id     text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (generation, position)
) PARTITION BY LIST (generation);
CREATE INDEX pathway_act_by_learner ON read_model.pathway_act (learner_id, position);

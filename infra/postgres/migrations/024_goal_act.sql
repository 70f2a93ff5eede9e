-- learner_profile: the acts on a learner's goals, in order; a goal as of any time is the fold of its acts until then.
CREATE TABLE read_model.goal_act (
    generation     int         NOT NULL,
    position       bigint      NOT NULL,
    goal_id        text COLLATE "C" NOT NULL,
    learner_id     text COLLATE "C" NOT NULL,
    act            text        NOT NULL, -- set, signed, activated, revised, progress_noted, closed
    actor_id       text COLLATE "C" NOT NULL, -- of a signature: the signer
    actor_role     text        NOT NULL,
    statement      text,
    horizon        text,
    competency_ids text[],
    target_level   text,
    due_on         date,
    note           text,
    percent        int,
    outcome        text,
    reason         text,
    occurred_at    timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL,
    PRIMARY KEY (generation, position)
) PARTITION BY LIST (generation);
CREATE INDEX goal_act_by_learner ON read_model.goal_act (learner_id, position);

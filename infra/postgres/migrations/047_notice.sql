-- One notice for each learner's level that a switch of policies changed, issued once, whatever becomes of generations.
CREATE TABLE read_model.notice (
    notice_id       bigint GENERATED ALWAYS AS IDENTITY, -- in the order of issue
    switch_position bigint      NOT NULL,
    learner_id      text COLLATE "C" NOT NULL,
    competency_id   text COLLATE "C" NOT NULL,
    before_level    text,
    after_level     text,
    policy_version  text        NOT NULL,
    hold_harmless   text,                                -- the mode that the level changed under, if one
    issued_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (switch_position, learner_id, competency_id)
);
CREATE UNIQUE INDEX notice_in_order ON read_model.notice (notice_id);
CREATE INDEX notice_by_learner ON read_model.notice (learner_id, notice_id);

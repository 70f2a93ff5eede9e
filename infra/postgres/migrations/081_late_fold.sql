-- mastery: from which position on a learner's events were folded late, and where the log ended when they were.
-- What is on record before that end had been made without those events.
CREATE TABLE read_model.late_fold (
    generation int    NOT NULL, -- of the facts
    learner_id text   NOT NULL,
    head       bigint NOT NULL, -- position of the last event then
    since      bigint NOT NULL, -- of the first that was folded late
    PRIMARY KEY (generation, learner_id, head)
);

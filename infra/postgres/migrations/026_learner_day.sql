-- learner_profile: what happened for a learner on a day (UTC), counted: progress far more often than a report card.
CREATE TABLE read_model.learner_day (
    generation       int         NOT NULL,
    learner_id       text COLLATE "C" NOT NULL,
    day              date        NOT NULL,
    evidence         int         NOT NULL, -- submitted, resubmitted
    scores           int         NOT NULL, -- given
    amendments       int         NOT NULL, -- corrected, voided, withdrawn, judged
    plans            int         NOT NULL, -- acts on goals, pathways and the profile
    last_occurred_at timestamptz NOT NULL,
    last_recorded_at timestamptz NOT NULL,
    last_position    bigint      NOT NULL,
    PRIMARY KEY (generation, learner_id, day)
) PARTITION BY LIST (generation);

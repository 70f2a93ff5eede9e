-- learner_profile: where a learner learns, from opened_at until closed_at.
CREATE TABLE read_model.enrolment (
    generation      int         NOT NULL,
    position        bigint      NOT NULL,
    enrolment_id    text COLLATE "C" NOT NULL,
    learner_id      text COLLATE "C" NOT NULL,
    section_id      text        NOT NULL,
    school_id       text        NOT NULL,
    grade           text,
    opened_at       timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL,
    closed_at       timestamptz,
    closed_position bigint,
    PRIMARY KEY (generation, position)
) PARTITION BY LIST (generation);
CREATE INDEX enrolment_by_learner ON read_model.enrolment (learner_id, enrolment_id);

-- audit_trail: one row an event, with what the log itself can't be searched by or does not say:
-- who did it, why, what it was about, before and after. Stream, learner, clocks and data are the log's, by position.
CREATE TABLE read_model.audit_event (
    generation     int         NOT NULL,
    position       bigint      NOT NULL,
    type           text COLLATE "C" NOT NULL,
    subject_id     text, -- the score, goal, entry ... acted on
    competency_ids text[] COLLATE "C",
    actor_id       text COLLATE "C" NOT NULL,
    actor_role     text        NOT NULL,
    reason_code    text COLLATE "C", -- of the envelope, else the kind of a pathway change's because
    reason_text    text,
    before         text,
    after          text,
    recorded_at    timestamptz NOT NULL,
    PRIMARY KEY (generation, position)
) PARTITION BY LIST (generation);
CREATE INDEX audit_event_by_actor ON read_model.audit_event (actor_id, position);
CREATE INDEX audit_event_by_type ON read_model.audit_event (type, position);
CREATE INDEX audit_event_by_reason ON read_model.audit_event (reason_code, position) WHERE reason_code IS NOT NULL;
CREATE INDEX audit_event_by_time ON read_model.audit_event (recorded_at, position);

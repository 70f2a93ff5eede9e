-- learner_profile: what was noted about a learner, by whom, and until when it held.
CREATE TABLE read_model.profile_entry (
    generation       int         NOT NULL,
    position         bigint      NOT NULL,
    entry_id         text COLLATE "C" NOT NULL,
    learner_id       text COLLATE "C" NOT NULL,
    kind             text        NOT NULL,
    area             text,
    text             text        NOT NULL,
    noted_by         text        NOT NULL,
    noted_by_role    text        NOT NULL,
    source_system    text,
    noted_at         timestamptz NOT NULL,
    recorded_at      timestamptz NOT NULL,
    retired_by       text,
    retired_reason   text,
    retired_at       timestamptz,
    retired_position bigint,
    PRIMARY KEY (generation, position)
) PARTITION BY LIST (generation);
CREATE INDEX profile_entry_by_learner ON read_model.profile_entry (learner_id, entry_id);

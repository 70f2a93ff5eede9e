-- The log: one row an event, in commit order. `json` keeps the exact text that was written.
CREATE TABLE ledger.event (
    position bigint PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    type text COLLATE "C" NOT NULL,
    event_id uuid NOT NULL,
    learner_id text COLLATE "C",
    occurred_at timestamptz NOT NULL,
    meta json NOT NULL,
    data json NOT NULL,
    CONSTRAINT event_stream_version UNIQUE (stream, version),
    CONSTRAINT event_id_unique UNIQUE (event_id)
);
CREATE INDEX event_learner ON ledger.event (learner_id, position) WHERE learner_id IS NOT NULL;
CREATE INDEX event_type ON ledger.event (type, position) WHERE learner_id IS NULL;
GRANT USAGE ON SCHEMA ledger TO mastery_app;
GRANT SELECT, INSERT ON ledger.event TO mastery_app;

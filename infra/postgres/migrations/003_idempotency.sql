-- The first receipt of each idempotency key, written in the transaction of its append.
CREATE TABLE ledger.idempotency (
    key text COLLATE "C" PRIMARY KEY,
    body_hash bytea NOT NULL,
    stream text NOT NULL,
    first_version integer NOT NULL,
    first_position bigint NOT NULL,
    count integer NOT NULL,
    recorded_at timestamptz NOT NULL
);
GRANT SELECT, INSERT ON ledger.idempotency TO mastery_app;

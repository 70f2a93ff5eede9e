-- The log as the event-sourcing library reads it (infra/postgres/library.py).
CREATE VIEW ledger.stored_event AS
    SELECT
        stream AS originator_id,
        version AS originator_version,
        type AS topic,
        convert_to(json_build_object('occurred_at', occurred_at, 'meta', meta, 'data', data)::text, 'UTF8') AS state,
        position AS notification_id
    FROM ledger.event;
GRANT SELECT ON ledger.stored_event TO mastery_app;

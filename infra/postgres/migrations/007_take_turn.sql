-- A turn at the log: take its lock, held to commit, then tell what a batch of appends meets. One round trip.
-- The query is a statement of its own inside the function, so it sees all that was committed before the lock came.
CREATE FUNCTION ledger.take_turn(
    streams text[],
    keys text[],
    OUT head bigint,
    OUT recorded_at timestamptz,
    OUT versions text,
    OUT receipts text
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(77, 2);
    SELECT
        coalesce((SELECT e.position FROM ledger.event e ORDER BY e.position DESC LIMIT 1), 0),
        greatest(clock_timestamp(), (SELECT e.recorded_at FROM ledger.event e ORDER BY e.position DESC LIMIT 1)),
        (SELECT json_object_agg(wanted.stream, latest.version)
         FROM unnest(streams) AS wanted (stream)
         CROSS JOIN LATERAL (SELECT e.version FROM ledger.event e WHERE e.stream = wanted.stream
                             ORDER BY e.version DESC LIMIT 1) AS latest),
        (SELECT json_object_agg(i.key, json_build_array(encode(i.body_hash, 'hex'), i.stream, i.first_version,
                                                        i.first_position, i.count, i.recorded_at))
         FROM ledger.idempotency i WHERE i.key = ANY(keys))
    INTO head, recorded_at, versions, receipts;
END
$$;

-- webhooks: how far each one is served. Its secret is not here: it follows from the key of the installation.
CREATE TABLE read_model.webhook (
    webhook_id     text COLLATE "C" PRIMARY KEY,
    url            text        NOT NULL,               -- empty when it is removed
    types          text[]      NOT NULL,               -- of events; empty: all
    state          text        NOT NULL,               -- active, paused, gone (says the receiver), removed
    noted_position bigint      NOT NULL,               -- of the last act on it
    position       bigint      NOT NULL,               -- all up to here is delivered, or passed over
    resend_after   bigint,                             -- what is sent again lies after this position,
    resend_until   bigint,                             -- and not after this one
    attempts       integer     NOT NULL DEFAULT 0,     -- that failed, of the event that is next
    next_at        timestamptz NOT NULL DEFAULT now(), -- nothing is sent before
    fault          text                                -- of the last attempt
);

-- webhooks: each attempt to deliver an event, kept for thirty days.
CREATE TABLE read_model.webhook_delivery (
    delivery_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id  text COLLATE "C" NOT NULL,
    position    bigint           NOT NULL, -- of the event
    event_id    uuid             NOT NULL,
    type        text             NOT NULL,
    attempt     integer          NOT NULL,
    is_resend   boolean          NOT NULL,
    at          timestamptz      NOT NULL DEFAULT now(),
    took_ms     integer          NOT NULL,
    status      integer,                   -- of the answer, if there was one
    fault       text,
    outcome     text             NOT NULL  -- delivered, failed (there is another attempt), passed_over
);

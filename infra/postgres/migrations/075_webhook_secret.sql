-- webhooks: which of its secrets signs; the one before signs too until `previous_until`.
ALTER TABLE read_model.webhook
    ADD COLUMN secret_number integer NOT NULL DEFAULT 1,
    ADD COLUMN previous_until timestamptz;

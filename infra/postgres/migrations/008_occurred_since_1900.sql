-- No event occurred at a time that a program can't read: before the year 1 or after 9999. Not checked of what is stored.
ALTER TABLE ledger.event ADD CONSTRAINT event_occurred_since_1900
    CHECK (occurred_at >= '1900-01-01 UTC' AND occurred_at < '9999-12-31 UTC') NOT VALID;

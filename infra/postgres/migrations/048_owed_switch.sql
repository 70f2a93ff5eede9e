-- A switch of policies that readers see, whose changes and notices the projector writes before its next batch.
CREATE TABLE read_model.owed_switch (
    facts_generation  int PRIMARY KEY,
    before_generation int         NOT NULL,
    after_generation  int         NOT NULL,
    position          bigint      NOT NULL,
    recorded_at       timestamptz NOT NULL
);

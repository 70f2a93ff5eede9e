-- Events that a projector can't digest: each parks its learner, whose later events wait in order in the ledger.
CREATE TABLE read_model.parked (
    projector  text        NOT NULL,
    generation int         NOT NULL,                -- of the facts
    position   bigint      NOT NULL,
    learner_id text,                                  -- null: the event is about no learner, nobody waits
    type       text        NOT NULL,
    why        text        NOT NULL,
    since      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projector, generation, position)
);

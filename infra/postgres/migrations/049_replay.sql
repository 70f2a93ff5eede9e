-- How far the levels of each publication are made. What is pending follows from the ledger; this is to go on, and to watch.
CREATE TABLE read_model.replay (
    position        bigint PRIMARY KEY,         -- of the publication
    policy_id       text        NOT NULL,
    version         text        NOT NULL,
    state           text        NOT NULL CHECK (state IN ('computing', 'verifying', 'catching_up', 'waiting', 'paused',
                                                          'switching', 'done', 'cancelled', 'refused')),
    upon            bigint      NOT NULL,       -- the switch whose policies the published one joins
    generation      int         NOT NULL,       -- of the levels
    facts_generation int        NOT NULL,
    at_position     bigint      NOT NULL,       -- at which the levels are made
    last_learner    text COLLATE "C",           -- whose levels are made, and those of all before
    is_computed     boolean     NOT NULL DEFAULT false,
    is_verified     boolean     NOT NULL DEFAULT false,
    cells           bigint      NOT NULL,       -- about how many there are
    cells_done      bigint      NOT NULL DEFAULT 0,
    digest          text        NOT NULL,       -- of the levels made so far, at the position of the simulation
    digest_simulated text,
    effective_from  timestamptz,
    switch_position bigint,                     -- of the activation
    fault           text,
    started_at      timestamptz NOT NULL DEFAULT now(),
    computed_at     timestamptz,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz
);

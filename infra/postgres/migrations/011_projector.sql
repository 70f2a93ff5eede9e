-- One row a projector: the live generation and how far it has come.
CREATE TABLE read_model.projector (
    name              text        PRIMARY KEY,
    generation        int,                            -- live; null until the first one is built
    facts_generation  int,                            -- the generation whose facts the live one was computed from
    position          bigint      NOT NULL DEFAULT 0, -- of the live generation
    epoch             int         NOT NULL DEFAULT 0, -- grows when another process changes rows behind the runner
    events_per_second int         NOT NULL DEFAULT 0, -- of the latest batch
    updated_at        timestamptz NOT NULL DEFAULT now()
);

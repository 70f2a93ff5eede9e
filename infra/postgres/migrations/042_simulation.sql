-- What-ifs: what a policy would do, asked for by events and kept until pruned. Belongs to no generation.
CREATE TABLE read_model.simulation (
    simulation_id text        PRIMARY KEY,
    policy_id     text        NOT NULL,
    version       text        NOT NULL,
    state         text        NOT NULL CHECK (state IN ('asked', 'running', 'finished', 'cancelled', 'failed')),
    at_position   bigint      NOT NULL,           -- pinned: what lies behind it is not looked at
    cells_done    bigint      NOT NULL DEFAULT 0, -- evaluated so far
    cells         bigint      NOT NULL DEFAULT 0, -- about how many there are, while running; then exactly
    moved         bigint,
    digest        text,                           -- of all levels that there would be; domain/mastery/digest.py
    impact        json,                           -- matrix, slices, flags, acts
    recorded_at_position bigint,                  -- of the event policy.simulated, if the draft still stands
    fault         text,                           -- why it failed, or was not recorded
    started_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz
);

-- One row a generation of a read model.
CREATE SEQUENCE read_model.generation_number AS int;
CREATE TABLE read_model.generation (
    projector         text        NOT NULL,
    generation        int         NOT NULL,
    facts_generation  int         NOT NULL,
    state             text        NOT NULL CHECK (state IN ('building', 'ready', 'live', 'kept')),
    position          bigint      NOT NULL DEFAULT 0, -- while live: see read_model.projector
    policies          json,                           -- mastery only: the policy set of its levels
    events_per_second int         NOT NULL DEFAULT 0,
    started_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projector, generation)
);

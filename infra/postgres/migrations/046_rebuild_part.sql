-- One row a part of a generation that is built: the learners of one hash, filled by one process at a time.
CREATE TABLE read_model.rebuild_part (
    projector         text        NOT NULL,
    generation        int         NOT NULL,
    part              int         NOT NULL,               -- from 0
    parts             int         NOT NULL,
    position          bigint      NOT NULL DEFAULT 0,     -- filled so far
    until             bigint      NOT NULL,               -- to be filled so far: a head of the log
    is_derived        boolean     NOT NULL DEFAULT false, -- what follows from its facts is made
    events_per_second int         NOT NULL DEFAULT 0,     -- of the latest batch
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projector, generation, part)
);

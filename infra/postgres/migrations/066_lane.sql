-- One row a lane: the learners of one partition of the topic, while workers follow it; see services/projectors/lanes/lanes.py.
CREATE TABLE read_model.lane (
    projector         text        NOT NULL,
    lane              int         NOT NULL,           -- the partition, from 0
    lanes             int         NOT NULL,
    position          bigint      NOT NULL,           -- in the log: all up to here is in the live generation
    events_per_second int         NOT NULL DEFAULT 0, -- of the latest batch
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projector, lane)
);

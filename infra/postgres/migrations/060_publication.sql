-- publisher: how far each topic has come; a position is tracked after the broker has acknowledged all up to it.
CREATE TABLE read_model.publication (
    topic             text        PRIMARY KEY,
    position          bigint      NOT NULL DEFAULT 0, -- in the log
    messages          bigint      NOT NULL DEFAULT 0, -- acknowledged, repeated ones counted again
    fault             text,                           -- why it stands, while it does
    updated_at        timestamptz NOT NULL DEFAULT now()
);

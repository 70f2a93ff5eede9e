-- learner_profile: what a learner is given to master something, because of what, and until when.
CREATE TABLE read_model.support (
    generation     int         NOT NULL,
    position       bigint      NOT NULL,
    support_id     text COLLATE "C" NOT NULL,
    learner_id     text COLLATE "C" NOT NULL,
    kind           text        NOT NULL,
    text           text,
    competency_id  text,
    because_kind   text        NOT NULL,
    because_ref    text,
    because_text   text,
    started_by     text        NOT NULL,
    started_at     timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL,
    ended_by       text,
    ended_reason   text,
    ended_at       timestamptz,
    ended_position bigint,
    PRIMARY KEY (generation, position)
) PARTITION BY LIST (generation);
CREATE INDEX support_by_learner ON read_model.support (learner_id, position);
-- Generations that were built before get an empty partition: there was none before their position.
DO $$
DECLARE
    built int;
BEGIN
    FOR built IN SELECT generation FROM read_model.generation WHERE projector = 'learner_profile' LOOP
        EXECUTE format(
            'CREATE TABLE read_model.support_g%s PARTITION OF read_model.support FOR VALUES IN (%s)', built, built
        );
    END LOOP;
END
$$;

-- learner_profile: what learners, or others for them, asked for, and how it was answered.
CREATE TABLE read_model.advancement_request (
    generation        int         NOT NULL,
    position          bigint      NOT NULL,
    act_id            text COLLATE "C" NOT NULL,
    learner_id        text COLLATE "C" NOT NULL,
    competency_id     text        NOT NULL,
    requested_by      text        NOT NULL,
    occurred_at       timestamptz NOT NULL,
    recorded_at       timestamptz NOT NULL,
    answer            text, -- granted, declined; null while it waits
    answered_by       text,
    answer_reason     text,
    answered_position bigint,
    PRIMARY KEY (generation, position)
) PARTITION BY LIST (generation);
CREATE INDEX advancement_request_by_learner ON read_model.advancement_request (learner_id, position);
-- Generations that were built before get an empty partition: nothing was asked for before their position.
DO $$
DECLARE
    built int;
BEGIN
    FOR built IN SELECT generation FROM read_model.generation WHERE projector = 'learner_profile' LOOP
        EXECUTE format(
            'CREATE TABLE read_model.advancement_request_g%s PARTITION OF read_model.advancement_request'
            ' FOR VALUES IN (%s)', built, built
        );
    END LOOP;
END
$$;

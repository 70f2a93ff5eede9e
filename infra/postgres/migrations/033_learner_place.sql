-- mastery: where a learner learns, one row an enrolment, in force from position until closed_position.
CREATE TABLE read_model.learner_place (
    generation         int         NOT NULL, -- of the facts
    position           bigint      NOT NULL,
    learner_id         text COLLATE "C" NOT NULL,
    enrolment_id       text COLLATE "C" NOT NULL,
    school_id          text        NOT NULL,
    course_id          text,
    opened_at          timestamptz NOT NULL, -- in the world
    recorded_at        timestamptz NOT NULL,
    closed_position    bigint,
    closed_at          timestamptz,          -- in the world
    closed_recorded_at timestamptz,
    PRIMARY KEY (generation, position)
) PARTITION BY LIST (generation);
CREATE INDEX learner_place_by_learner ON read_model.learner_place (learner_id, enrolment_id);
-- Generations that were built before have passed enrolments by: they get those up to where they have come, less
-- those of learners who are parked before, which come with what else waits.
DO $$
DECLARE
    built record;
BEGIN
    FOR built IN
        SELECT generation.generation, CASE WHEN state = 'live' THEN projector.position ELSE generation.position END AS reached
        FROM read_model.generation JOIN read_model.projector ON name = projector
        WHERE projector = 'mastery' AND generation.facts_generation = generation.generation
    LOOP
        EXECUTE format(
            'CREATE TABLE read_model.learner_place_g%s PARTITION OF read_model.learner_place FOR VALUES IN (%s)',
            built.generation, built.generation
        );
        WITH place AS (
            SELECT * FROM ledger.event
            WHERE stream >= 'enrolment-' AND stream < 'enrolment.' AND position <= built.reached AND NOT EXISTS (
                SELECT FROM read_model.parked
                WHERE projector = 'mastery' AND generation = built.generation
                    AND parked.learner_id = event.learner_id AND parked.position <= event.position
            )
        )
        INSERT INTO read_model.learner_place
        SELECT built.generation, opened.position, opened.learner_id, opened.data->>'enrolment_id',
            opened.data->>'school_id', opened.data->>'course_id', opened.occurred_at, opened.recorded_at,
            closed.position, closed.occurred_at, closed.recorded_at
        FROM place AS opened
            LEFT JOIN place AS closed ON closed.stream = opened.stream AND closed.type = 'enrolment.closed.v1'
        WHERE opened.type = 'enrolment.opened.v1';
    END LOOP;
END
$$;

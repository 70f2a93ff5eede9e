-- learner_profile: feedback, with when the work that it is about was submitted: the latest attempt before it.
CREATE TABLE read_model.feedback (
    generation   int         NOT NULL,
    position     bigint      NOT NULL,
    feedback_id  text        NOT NULL,
    learner_id   text COLLATE "C" NOT NULL,
    evidence_id  text        NOT NULL,
    attempt      int         NOT NULL,
    section_id   text COLLATE "C",
    text         text        NOT NULL,
    given_by     text        NOT NULL,
    given_at     timestamptz NOT NULL,
    submitted_at timestamptz NOT NULL,
    PRIMARY KEY (generation, position)
) PARTITION BY LIST (generation);
CREATE INDEX feedback_by_learner ON read_model.feedback (learner_id, position);
CREATE INDEX feedback_by_section ON read_model.feedback (section_id, submitted_at);
-- Generations that were built before get an empty partition: there was none before their position.
DO $$
DECLARE
    built int;
BEGIN
    FOR built IN SELECT generation FROM read_model.generation WHERE projector = 'learner_profile' LOOP
        EXECUTE format(
            'CREATE TABLE read_model.feedback_g%s PARTITION OF read_model.feedback FOR VALUES IN (%s)', built, built
        );
    END LOOP;
END
$$;

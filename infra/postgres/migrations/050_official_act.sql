-- learner_profile: official acts that were given, and until when they count; what is merely asked for is not one.
CREATE TABLE read_model.official_act (
    generation       int         NOT NULL,
    position         bigint      NOT NULL, -- of the event that gave it
    act_id           text COLLATE "C" NOT NULL,
    kind             text        NOT NULL CHECK (kind IN ('advancement', 'credit', 'report_card')),
    learner_id       text COLLATE "C" NOT NULL,
    competency_ids   text[]      NOT NULL,
    levels           text[]      NOT NULL, -- parallel to competency_ids: the level that each was at
    policy_versions  text[]      NOT NULL, -- parallel: under which policy
    level            text,                 -- the level that counted as mastered; null for a report card, or where policies differ
    policy_version   text,                 -- null where the competencies have several
    title            text,                 -- of a credit; the period of a report card
    credits_micro    bigint,
    actor_id         text        NOT NULL,
    given_position   bigint      NOT NULL, -- at which the levels were so
    occurred_at      timestamptz NOT NULL,
    recorded_at      timestamptz NOT NULL,
    settled_position bigint,               -- of the last change of its basis that a review settled
    revoked_position bigint,
    revoked_at       timestamptz,
    revoked_by       text,
    revoked_reason   text,
    PRIMARY KEY (generation, position)
) PARTITION BY LIST (generation);
CREATE INDEX official_act_by_learner ON read_model.official_act (learner_id, position);
CREATE INDEX official_act_by_id ON read_model.official_act (act_id);
-- Generations that were built before get an empty partition: no act lies before their position.
DO $$
DECLARE
    built int;
BEGIN
    FOR built IN SELECT generation FROM read_model.generation WHERE projector = 'learner_profile' LOOP
        EXECUTE format(
            'CREATE TABLE read_model.official_act_g%s PARTITION OF read_model.official_act FOR VALUES IN (%s)',
            built, built
        );
    END LOOP;
END
$$;

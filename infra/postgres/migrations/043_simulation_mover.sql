-- The cells that a simulated policy would move to another level.
CREATE TABLE read_model.simulation_mover (
    simulation_id      text   NOT NULL,
    learner_id         text   COLLATE "C" NOT NULL,
    competency_id      text   COLLATE "C" NOT NULL,
    framework_id       text,
    school_id          text,            -- where the learner is, of several the one entered last
    before_level       text,
    after_level        text,
    before_value_micro bigint,
    after_value_micro  bigint,
    before_version     text   NOT NULL, -- of the policy that decides
    after_version      text   NOT NULL,
    PRIMARY KEY (simulation_id, learner_id, competency_id)
);

-- Official acts whose level a simulated policy would no longer give: they stand, and would come up for review.
CREATE TABLE read_model.simulation_act (
    simulation_id text NOT NULL,
    act_id        text NOT NULL,
    kind          text NOT NULL,
    learner_id    text NOT NULL,
    competency_id text NOT NULL,
    level         text NOT NULL, -- that the act says
    after_level   text,
    PRIMARY KEY (simulation_id, act_id, competency_id)
);

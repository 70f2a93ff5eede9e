-- publisher: the parked events that the topic of parked events tells of now.
CREATE TABLE read_model.published_parked (
    projector  text   NOT NULL,
    position   bigint NOT NULL,
    learner_id text,
    PRIMARY KEY (projector, position)
);

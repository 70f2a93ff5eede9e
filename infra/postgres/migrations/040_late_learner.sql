-- mastery: learners whose passed-over events were folded late, when the projector had come to `position`.
-- Their facts lie before what others have derived from the facts; whoever stands at or before `position` reads them again.
CREATE TABLE read_model.late_learner (
    generation int    NOT NULL, -- of the facts
    learner_id text   NOT NULL,
    position   bigint NOT NULL,
    PRIMARY KEY (generation, learner_id)
);

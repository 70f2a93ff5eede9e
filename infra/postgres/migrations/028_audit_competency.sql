-- audit_trail: which events name a competency; the index gives the newest of them in order, be they many or none.
CREATE TABLE read_model.audit_competency (
    generation    int    NOT NULL,
    competency_id text COLLATE "C" NOT NULL,
    position      bigint NOT NULL,
    PRIMARY KEY (generation, competency_id, position)
) PARTITION BY LIST (generation);

-- mastery: the judgements in force that end on a day.
CREATE INDEX judgement_expiring ON read_model.judgement (expires_on) WHERE expires_on IS NOT NULL AND lifted_position IS NULL;

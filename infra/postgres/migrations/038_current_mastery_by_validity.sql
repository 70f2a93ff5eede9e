-- mastery: whether a level holds no longer is asked every second; it costs nothing where no policy has a validity.
CREATE INDEX current_mastery_by_validity ON read_model.current_mastery (valid_until) WHERE valid_until IS NOT NULL;

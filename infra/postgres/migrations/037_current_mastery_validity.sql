-- mastery: until when a level holds if nothing but time happens; null: as long as nothing else does.
ALTER TABLE read_model.current_mastery ADD COLUMN valid_until timestamptz;

-- mastery: the last day on which a judgement holds; null: until it is lifted.
ALTER TABLE read_model.judgement ADD COLUMN expires_on date;

-- What a replay is verified by: the cells of learners touched since its simulation, as they were then and as they were
-- made. Digests of before were of the position of the simulation: what is not wholly made begins anew.
ALTER TABLE read_model.replay
    ADD COLUMN digest_touched_then text NOT NULL DEFAULT '0.00000000000000000000000000000000',
    ADD COLUMN digest_touched_now  text NOT NULL DEFAULT '0.00000000000000000000000000000000';
UPDATE read_model.replay SET upon = -1 WHERE finished_at IS NULL AND NOT is_computed;

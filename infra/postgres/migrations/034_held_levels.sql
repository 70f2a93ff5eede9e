-- mastery: the level that stood before a policy that holds harmless, and whether it still does.
ALTER TABLE read_model.current_mastery
    ADD COLUMN hold_harmless text, -- never_lower, after_next_evidence, lower_with_notice; null: what is computed holds
    ADD COLUMN before_level  text, -- where levels are kept: the one that stood when the policy came into force
    ADD COLUMN held_level    text; -- the same, as long as it stands although a lower one is computed

-- mastery: under which hold-harmless terms a level changed, and whether the level from before them stands.
ALTER TABLE read_model.mastery_change
    ADD COLUMN hold_harmless text,
    ADD COLUMN held_level    text;

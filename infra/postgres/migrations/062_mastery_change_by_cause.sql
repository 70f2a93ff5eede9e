-- publisher: the changes since a position. They are written in the order of their causes, so a block range index does.
CREATE INDEX mastery_change_by_cause ON read_model.mastery_change USING brin (cause_position);

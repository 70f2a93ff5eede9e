-- What decides in a what-if is read from the log, by the versions that its movers name; nobody writes it down here any more.
ALTER TABLE read_model.simulation DROP COLUMN policies;

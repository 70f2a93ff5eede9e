-- What decides in a simulation, now and with the draft: version -> document and terms; its movers name the versions.
ALTER TABLE read_model.simulation ADD COLUMN policies json;

-- Read models can be made again from the ledger; the application owns them, partitions and all.
CREATE SCHEMA read_model AUTHORIZATION mastery_app;

-- projector: messages of the topic that are not of this ledger, and were passed over.
ALTER TABLE read_model.projector ADD COLUMN foreign_messages bigint NOT NULL DEFAULT 0;

-- Whom a what-if would have moved is kept until pruned; what it came to stays.
ALTER TABLE read_model.simulation ADD COLUMN movers_pruned_at timestamptz;

"""PostgreSQL: the event log, and what programs share of the read models. The tables are in migrations/.

- The log: `event_store` is its door; `append`, `pattern`, `gather`, `turn`, `exchange` and `link` are behind it;
  `library` lets the event-sourcing library use it, `published` reads it as it leaves the ledger.
- The database: `database`, `embedded`, `migrate`; `lease` keeps one live runner of a name.
- Scores as cells: `score_cells`, `all_scores`, `merging`; what decides on them: `learner_places`, `editions`.
- Acts: `standing`, `evidence_below`, `reviews`; `policy_documents`: what policies in force say; they
  read by `tuples`.
- Many rows without a Python value for each: `columns`, `json_fields`, `binary_copy`.
"""

"""The questions that the ledger answers over HTTP: one file a question, its SQL beside it."""

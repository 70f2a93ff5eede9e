"""The rules of the ledger: pure, without clock, socket or framework."""

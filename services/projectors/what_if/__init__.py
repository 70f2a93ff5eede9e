"""What-ifs: what a policy would do to every cell, as the ledger stood at a position; nothing live is written."""

from services.projectors.what_if.evaluate import Draft, simulate

__all__ = ["Draft", "simulate"]

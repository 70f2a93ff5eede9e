"""The lease, for the projectors."""

from infra.postgres.lease import LOCK_CLASS, give_back, is_taken, take

__all__ = ["LOCK_CLASS", "give_back", "is_taken", "take"]

"""Webhooks: events sent to addresses that registered for them, signed."""

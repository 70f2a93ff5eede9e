"""Putting policies in force: replays beside the live levels, the switch, and what comes due by time."""

"""Ids, errors, score values and envelope words that every aggregate shares."""

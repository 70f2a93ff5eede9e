"""The sandbox district of `mastery demo`: made from a seed, event for event the same."""

"""A learner's profile: dated entries with their source, strengths first."""

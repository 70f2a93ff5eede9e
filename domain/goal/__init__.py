"""A learner's goal: set, signed by learner, guardian and teacher, revised, progressed, closed."""

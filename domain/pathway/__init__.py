"""A learner's pathway: ordered steps toward competencies, each change with its because."""

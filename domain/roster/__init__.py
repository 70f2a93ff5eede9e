"""Learners, their subgroups, schools, sections and enrolments."""

"""Frameworks of competencies (CASE) and proficiency scales."""

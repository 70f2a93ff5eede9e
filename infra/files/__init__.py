"""Readers of the files that districts have: rows with their line, and what is wrong with the others."""

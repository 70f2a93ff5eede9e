"""The tests; PostgreSQL is always real."""

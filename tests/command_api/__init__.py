"""The command API through its public door, on a real PostgreSQL."""

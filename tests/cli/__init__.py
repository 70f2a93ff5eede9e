"""The `mastery` executable on an embedded database of its own."""

"""Building a generation from position 0, by this process or by a crew of workers."""

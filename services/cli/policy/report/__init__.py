"""The page about a what-if that a school board reads."""

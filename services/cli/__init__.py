"""The `mastery` command: one file a noun. Each command imports what it needs when it runs, so that help is quick."""

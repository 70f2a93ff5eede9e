"""Programs. None imports another; only the command, `cli`, which starts them, imports all."""

"""`mastery policy`: one file a group of commands, and what they do; the noun itself is `app`."""

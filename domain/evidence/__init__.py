"""A piece of evidence and the scores given for it: one stream each piece."""

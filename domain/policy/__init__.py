"""The mastery policy: a document in a closed vocabulary, and its life."""

"""The pages of docs/ that are made from code, and the tests that hold every page to it."""

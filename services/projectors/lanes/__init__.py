"""Projectors that run from the topic: any number of workers, each with the learners of some partitions."""

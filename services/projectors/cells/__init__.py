"""Cells of learner x competency: their facts, what the policies say of them, and the shards that keep all of them."""

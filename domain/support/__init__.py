"""What a learner is given to master something: supports, each begun because of something, and ended."""

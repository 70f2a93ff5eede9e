"""The words that people meet: what they mean, in each language, and how a district calls them."""

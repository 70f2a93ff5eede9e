"""The broker: addresses, topics, the producer."""

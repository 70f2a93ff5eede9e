"""The publisher: the event log as Kafka topics."""

"""The published language: envelope, event registry, upcasters."""

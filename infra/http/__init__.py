"""What both HTTP APIs share: who asks, how a refusal reads, the pages about the API."""

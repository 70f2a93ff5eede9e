"""The event-sourcing library as it comes, on tables of its own: what our figures are compared with."""

from collections.abc import Sequence
from uuid import uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent

from infra.postgres.embedded import EmbeddedServer


class Evidence(Aggregate):
    """A score as the library's users write it: one aggregate, one event, the same fields as ours."""

    @event("ScoreGiven")
    def __init__(self, score: dict[str, object]) -> None:
        self.score = score


class Scores(Application):  # type: ignore[type-arg]
    """The library's application: one `save` a command, one transaction each."""

    def give_score(self, score: dict[str, object]) -> int:
        """Save one score; return its notification id."""
        [recording] = self.save(Evidence(score))
        return recording.notification.id


def open_library(server: EmbeddedServer, database: str, threads: int) -> Scores:
    """Return the library's application with a connection for each thread, on tables in schema public."""
    environment = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": database,
        "POSTGRES_HOST": str(server.sockets),
        "POSTGRES_USER": "postgres",
        "POSTGRES_PASSWORD": "",
        "POSTGRES_POOL_SIZE": str(threads),
        "POSTGRES_MAX_OVERFLOW": "0",
    }
    return Scores(env=environment)


def stored(state: bytes) -> Sequence[StoredEvent]:
    """Return a new stream's first event, ready for the library's recorder."""
    return [StoredEvent(uuid4(), 1, "score.given.v1", state)]

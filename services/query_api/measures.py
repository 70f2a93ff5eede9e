"""What the query API tells of itself: one log line a request, counts and times for Prometheus."""

import time
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.query_api.projections import Projections

BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)


class Measures:
    """The measures of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "mastery_query_seconds",
            "Seconds to answer a question.",
            ("question", "status"),
            registry=self.registry,
            buckets=BUCKETS_S,
        )
        self._lag_events = self._gauge("lag_events", "Events that a projector is behind the head of the log.")
        self._lag_seconds = self._gauge("lag_seconds", "Age of the oldest event that a projector has not seen.")
        self._rate = self._gauge("events_per_second", "Events that a projector took a second, in its last batch.")
        self._parked = self._gauge("parked", "Events that park a learner in a projector.")
        self._foreign = self._gauge("foreign_messages", "Messages of the topic that were not of this ledger.")
        self._topic_lag = Gauge(
            "mastery_publisher_lag_events", "Events not yet acknowledged.", ("topic",), registry=self.registry
        )
        self._topic_stands = Gauge(
            "mastery_publisher_stands", "1 while the publisher can't go on.", ("topic",), registry=self.registry
        )

    def _gauge(self, name: str, help_text: str) -> Gauge:
        return Gauge(f"mastery_projector_{name}", help_text, ("projector",), registry=self.registry)

    def text(self, projections: Projections) -> bytes:
        """Return all measures in Prometheus' text format."""
        for projector in projections.projectors:
            self._lag_events.labels(projector.name).set(projector.lag_events)
            self._lag_seconds.labels(projector.name).set(projector.lag_seconds)
            self._rate.labels(projector.name).set(projector.events_per_second)
            self._parked.labels(projector.name).set(projector.parked)
            self._foreign.labels(projector.name).set(projector.foreign_messages)
        for publication in projections.publications:
            self._topic_lag.labels(publication.topic).set(publication.lag_events)
            self._topic_stands.labels(publication.topic).set(publication.fault is not None)
        return generate_latest(self.registry)


class Measured:
    """Middleware: measures and logs each request by its route, never by what it asked about."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self.app = app
        self.measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note how it was answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            seconds = time.perf_counter() - started
            question = getattr(scope.get("route"), "path", "none")
            self.measures.seconds.labels(question, status).observe(seconds)
            structlog.get_logger().info("answered", question=question, status=status, seconds=round(seconds, 4))

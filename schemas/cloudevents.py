"""An event as a CloudEvent: headers and bytes for Kafka (binary mode), one JSON document for HTTP (structured mode).

Source: CloudEvents 1.0.2, its Kafka and JSON bindings, and its extensions partitioning, sequence, recorded time,
correlation and data classification.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from schemas.published import published_data, schema_id

CONTENT_TYPE: Final = "application/json"
_CONTENT: Final = ("content-type", CONTENT_TYPE.encode())
STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch+json"
_ATTRIBUTES: Final = (
    "specversion", "id", "source", "type", "subject", "time", "dataschema", "recordedtime", "partitionkey", "sequence",
    "dataclassification", "actorrole", "correlationid", "causationid",
)  # fmt: skip
_HEADERS: Final = {name: f"ce_{name}" for name in _ATTRIBUTES}
"""Of the attributes those that are headers; `datacontenttype` is one by another name."""
SEQUENCE_DIGITS: Final = 19
"""Digits of the largest position, so that sequences sort as text."""


class StoredEvent(NamedTuple):
    """An event as the log holds it; times are ISO 8601 text, `meta` and `data` the JSON that was written."""

    position: int
    stream: str
    type: str
    event_id: str
    learner_id: str | None
    occurred_at: str
    recorded_at: str
    meta: str
    data: str


class CloudEvent(NamedTuple):
    """A CloudEvent: its attributes, all text, and its data, canonical JSON without personal fields."""

    attributes: Mapping[str, str]
    data: bytes

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """The headers of a Kafka message in binary mode; its value is `data`."""
        own = [(_HEADERS[name], text.encode()) for name, text in self.attributes.items() if name in _HEADERS]
        return [_CONTENT, *own]

    @property
    def structured(self) -> bytes:
        """The whole as one JSON document."""
        return orjson.dumps({**self.attributes, "data": orjson.Fragment(self.data)})


def cloud_event(stored: StoredEvent, source: str) -> CloudEvent:
    """Return a stored event as it leaves the ledger `source` (a URI reference).

    The partition key is the learner, so that each learner's events stay in order; where there is none, the stream.

    Raises:
        Invalid: event-unreadable.
    """
    type_name, data = published_data(stored.type, stored.data)
    meta: dict[str, Any] = orjson.loads(stored.meta)
    attributes = {
        "specversion": "1.0",
        "id": stored.event_id,
        "source": source,
        "type": type_name,
        "subject": stored.stream,
        "time": stored.occurred_at,
        "datacontenttype": CONTENT_TYPE,
        "dataschema": schema_id(type_name),
        "recordedtime": stored.recorded_at,
        "partitionkey": stored.learner_id or stored.stream,
        "sequence": f"{stored.position:0{SEQUENCE_DIGITS}d}",
        "dataclassification": "internal" if stored.learner_id is None else "confidential",
        "actorrole": meta["actor"]["role"],
    }
    for name, word in (("correlationid", "correlation_id"), ("causationid", "causation_id")):
        if word in meta:
            attributes[name] = str(meta[word])
    return CloudEvent(attributes, data)

"""The AsyncAPI 3 document of the event stream: its channels, each message with its schema and a real example.

Source: AsyncAPI 3.0.0, its Kafka bindings 0.5.0, and CloudEvents 1.0.2 for the headers.
"""

from collections.abc import Mapping
from typing import Any, Final

from schemas.messages import MESSAGES, message_schema
from schemas.published import Schema, published_schema
from schemas.registry import EVENTS

PREFIX: Final = "mastery."
"""What the names of all topics begin with, unless a district says otherwise."""
EVENTS_TOPIC: Final = "events"
"""All events, keyed by learner (where there is none, by stream), so that each learner's events stay in order."""
POLICIES_TOPIC: Final = "policies"
"""The events in the life of policies."""
CHANGES_TOPIC: Final = "changes"
"""What the policies say now of each cell, keyed `learner|competency`; keeps the latest of each."""
PARKED_TOPIC: Final = "parked"
"""What is parked now, keyed `projector|position`; a tombstone says that it is resolved."""
CHANNELS: Final[Mapping[str, str]] = {
    EVENTS_TOPIC: "Every event of the ledger, in commit order for each key: the learner, or the stream where there is"
    " none. At least once: `ce_id` tells a repeated event.",
    POLICIES_TOPIC: "The events in the life of mastery policies, in commit order for each policy.",
    CHANGES_TOPIC: "What the policies in force say of each cell (`learner|competency`) now: compacted, so that it holds"
    " the latest of each; a tombstone where nothing is known any more.",
    PARKED_TOPIC: "Events that no projector can digest, by `projector|position`: compacted, a tombstone if resolved.",
}
_TEXT: Final = {"type": "string"}
HEADERS: Final[Schema] = {
    "type": "object",
    "properties": {
        "content-type": {"const": "application/json"},
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid", "description": "The event's own id: a repeated one is the same."},
        "ce_source": {"type": "string", "format": "uri-reference", "description": "The ledger."},
        "ce_type": _TEXT | {"description": "The event type with its version."},
        "ce_subject": _TEXT | {"description": "The stream that the event is in."},
        "ce_time": {"type": "string", "format": "date-time", "description": "When it was true in the world."},
        "ce_dataschema": {"type": "string", "format": "uri", "description": "The `$id` of the schema of the data."},
        "ce_recordedtime": {"type": "string", "format": "date-time", "description": "When the ledger recorded it."},
        "ce_partitionkey": _TEXT | {"description": "The learner; where there is none, the stream."},
        "ce_sequence": {"type": "string", "pattern": "^[0-9]{19}$", "description": "The position in the log."},
        "ce_dataclassification": {"enum": ["internal", "confidential"], "description": "Confidential: of a learner."},
        "ce_actorrole": _TEXT | {"description": "The role of who acted."},
        "ce_correlationid": _TEXT,
        "ce_causationid": _TEXT | {"description": "The position or id of what led to the event."},
    },
}


def asyncapi(examples: Mapping[str, Any], version: str) -> Schema:
    """Return the document, given an example of each event's published data by type name."""
    messages = {name: _message(name, examples[name]) for name in EVENTS}
    policies = [name for name in EVENTS if name.startswith("policy.")]
    messages |= {name: _plain_message(name) for name in MESSAGES}
    channels = {
        EVENTS_TOPIC: list(EVENTS),
        POLICIES_TOPIC: policies,
        CHANGES_TOPIC: ["mastery.now"],
        PARKED_TOPIC: ["parked.now"],
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Mastery Ledger: the event stream",
            "version": version,
            "description": "Every observation of learning as an immutable event; people by id only, nothing personal.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic, names) for topic, names in channels.items()},
        "operations": {
            f"send.{topic}": {"action": "send", "channel": {"$ref": f"#/channels/{topic}"}} for topic in channels
        },
        "components": {
            "messages": messages,
            "messageTraits": {"cloudevent": {"headers": {"schemaFormat": _JSON_SCHEMA, "schema": HEADERS}}},
        },
    }


_JSON_SCHEMA: Final = "application/schema+json;version=draft-07"


def _channel(topic: str, names: list[str]) -> Schema:
    return {
        "address": PREFIX + topic,
        "description": CHANNELS[topic],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"topic": PREFIX + topic, "bindingVersion": "0.5.0"}},
    }


def _plain_message(name: str) -> Schema:
    return _described(name, message_schema(name))


def _message(type_name: str, example: Any) -> Schema:
    return _described(type_name, published_schema(type_name)) | {
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "examples": [{"name": "stored", "payload": example}],
    }


def _described(name: str, schema: Schema) -> Schema:
    return {
        "name": name,
        "title": schema["title"],
        "summary": schema["description"].split("\n")[0],
        "contentType": "application/json",
        "payload": {"schemaFormat": "application/schema+json;version=2020-12", "schema": schema},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
    }

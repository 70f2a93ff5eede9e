"""Every event type that was ever stored: its class, or the upcaster to the next version."""

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

import orjson
from pydantic import ValidationError

from domain.evidence.events import EvidenceEvent
from domain.framework.events import FrameworkEvent
from domain.glossary.events import LabelsChanged
from domain.goal.events import GoalEvent
from domain.kernel.errors import Invalid
from domain.kernel.event import Event
from domain.mastery.events import JudgementEvent
from domain.operations.events import OperationsEvent
from domain.pathway.events import PathwayEvent
from domain.policy.events import PolicyEvent
from domain.profile.events import ProfileEvent
from domain.progression.events import ProgressionEvent
from domain.roster.events import RosterEvent
from domain.simulation.events import SimulationEvent
from domain.support.events import SupportEvent
from domain.webhook.events import WebhookEvent
from schemas.canonical import canonical_model

_FAMILIES: Final = (
    FrameworkEvent,
    RosterEvent,
    EvidenceEvent,
    JudgementEvent,
    GoalEvent,
    PathwayEvent,
    ProfileEvent,
    PolicyEvent,
    SimulationEvent,
    ProgressionEvent,
    SupportEvent,
    OperationsEvent,
    WebhookEvent,
)
EVENTS: Final[Mapping[str, type[Event]]] = {event.type: event for family in _FAMILIES for event in get_args(family)} | {
    LabelsChanged.type: LabelsChanged
}
"""The current version of each event, by stored type name."""

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


def _pathway_changed_v1(data: dict[str, Any]) -> dict[str, Any]:
    """v1 said because of what in a bare text, always by a teacher."""
    return data | {"because": {"kind": "teacher_observation", "text": data["because"]}}


UPCASTERS: Final[Mapping[str, tuple[str, Upcaster]]] = {
    "pathway.changed.v1": ("pathway.changed.v2", _pathway_changed_v1),
}
"""Old stored type name -> the next version's name and how its data is made."""


def encode(event: Event) -> bytes:
    """Return the canonical JSON of an event's data."""
    return canonical_model(event)


def decode(type_name: str, data: bytes | str) -> Event:
    """Return the event that was stored under a type name, brought to its current version.

    Raises:
        Invalid: event-unreadable, for an unknown type or data that does not have its form.
    """
    try:
        if type_name in EVENTS:
            return EVENTS[type_name].model_validate_json(data)
        return _upcast(type_name, orjson.loads(data))
    except ValidationError as error:
        raise Invalid("event-unreadable", f"event of type {type_name} has not its form: {faults_of(error)}") from error
    except (KeyError, orjson.JSONDecodeError) as error:
        raise Invalid("event-unreadable", f"event of type {type_name} has not its form: {error}") from error


def faults_of(error: ValidationError) -> str:
    """Return which fields have not their form and why, without their values: these may be personal."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)


def _upcast(type_name: str, data: dict[str, Any]) -> Event:
    while type_name in UPCASTERS:
        type_name, upcast = UPCASTERS[type_name]
        data = upcast(data)
    if type_name not in EVENTS:
        raise Invalid("event-unreadable", f"event type {type_name} is not registered")
    return EVENTS[type_name].model_validate_json(orjson.dumps(data))

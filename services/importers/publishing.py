"""Publishes the scales and frameworks that a file brings along, through the same rules as a command does."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, assert_never

from domain.framework.catalogue import EMPTY, Catalogue
from domain.framework.decider import (
    INITIAL,
    FrameworkCommand,
    PublishFramework,
    PublishScale,
    decide,
    framework_stream,
    scale_stream,
)
from domain.framework.events import FrameworkPublished, ScalePublished
from domain.kernel.envelope import Meta
from infra.postgres.append import Append
from infra.postgres.event_store import EventStore
from services.importers.preparing import Proposal

_PAGE: Final = 1_000
"""Publications in one reading."""


async def load_catalogue(store: EventStore) -> Catalogue:
    """Return what is published in the ledger."""
    catalogue, position = EMPTY, 0
    while page := await store.read(position, _PAGE, (ScalePublished.type, FrameworkPublished.type)):
        for recorded in page:
            assert isinstance(recorded.event, ScalePublished | FrameworkPublished)
            catalogue = catalogue.evolve(recorded.event)
        position = page[-1].position
    return catalogue


def publish(
    catalogue: Catalogue, commands: Sequence[FrameworkCommand], file: str, occurred_at: datetime, meta: Meta
) -> tuple[Catalogue, list[Proposal]]:
    """Return the catalogue after the commands, and what they append; a framework that is there gets a new edition.

    Raises:
        Refused, Invalid: as `domain.framework.decider.decide`.
    """
    proposals = []
    for command in commands:
        events = decide(INITIAL, command, catalogue)
        for event in events:
            catalogue = catalogue.evolve(event)
        proposals.append(Proposal(file, 1, Append(_stream_of(command), 0, events, occurred_at, meta)))
    return catalogue, proposals


def _stream_of(command: FrameworkCommand) -> str:
    match command:
        case PublishScale():
            return scale_stream(command.scale_id)
        case PublishFramework():
            return framework_stream(command.framework_id)
        case _:
            assert_never(command)

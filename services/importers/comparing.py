"""Compares rows with what stands in their streams.

The same adds nothing, more of the same (a score that has come in since) adds the rest, other subgroups of a
learner add their change, other content of a framework a new edition, and anything else is reported as `row-changed`:
an import never rewrites a record.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.framework.events import FrameworkPublished, ScalePublished
from domain.kernel.errors import Refused
from domain.kernel.event import Event
from domain.roster.decider import ChangeSubgroups, Registered
from domain.roster.decider import decide as decide_roster
from domain.roster.events import LearnerRegistered, SubgroupsChanged
from infra.files.rows import BadRow
from infra.postgres.append import Append, decode_append, facts_of
from infra.postgres.event_store import EventStore
from schemas.envelope import Recorded
from services.importers.preparing import Proposal, Ready, made_ready

Outcome = tuple[str, ...] | BadRow
"""The types of the events that a row added, none for a repeated one, or why it was refused."""


async def compare(store: EventStore, rows: Sequence[Ready]) -> tuple[list[Outcome], list[Ready]]:
    """Return what became of the rows that are on record, and the others, each with what its stream lacks."""
    facts = await store.facts({row.encoded.stream for row in rows})
    settled: list[Outcome] = []
    lacking: list[Ready] = []
    unlike: list[Ready] = []
    for row in rows:
        there = facts.get(row.encoded.stream, [])
        if there and there[row.encoded.expected_version :] == facts_of(row.encoded):
            settled.append(())
        else:
            (unlike if there else lacking).append(row)
    histories = await asyncio.gather(*(store.load(row.encoded.stream) for row in unlike))
    for row, history in zip(unlike, histories, strict=True):
        wanted = decode_append(row.encoded)
        try:
            events = _lacking(history.events[wanted.expected_version :], wanted)
        except Refused as error:
            settled.append(BadRow.of(row.file, row.line, error))
            continue
        if events:
            append = replace(wanted, expected_version=history.version, events=events)
            lacking.append(made_ready(Proposal(row.file, row.line, append)))
        else:
            settled.append(())
    return settled, lacking


def _lacking(stored: Sequence[Recorded[Event]], wanted: Append) -> Sequence[Event]:
    """Return the events of `wanted` that come after those stored in its place.

    Raises:
        Refused: row-changed.
    """
    first = wanted.events[0]
    if stored and isinstance(first, LearnerRegistered):
        return _changed_subgroups(stored, first)
    if stored and isinstance(first, ScalePublished) and stored[-1].event == first:
        return []  # whenever that was
    if stored and isinstance(first, FrameworkPublished):
        return [] if stored[-1].event == first else [first]
    for before, event in zip(stored, wanted.events, strict=False):
        if difference := _difference(before, event, wanted.occurred_at):
            raise Refused("row-changed", f"{event.type} differs in {difference}", stream=wanted.stream)
    return wanted.events[len(stored) :]


def _difference(before: Recorded[Event], event: Event, occurred_at: datetime) -> str:
    """Name the fields that differ; not their values, which may be personal."""
    if type(before.event) is not type(event):
        return f"type: {before.event.type} is on record"
    fields = [name for name in type(event).model_fields if getattr(before.event, name) != getattr(event, name)]
    return ", ".join(fields + ["occurred_at"] * (before.occurred_at != occurred_at))


def _changed_subgroups(stored: Sequence[Recorded[Event]], wanted: LearnerRegistered) -> Sequence[Event]:
    last = stored[-1].event
    assert isinstance(last, LearnerRegistered | SubgroupsChanged), last
    command = ChangeSubgroups(learner_id=wanted.learner_id, subgroups=wanted.subgroups)
    return decide_roster(Registered(last.subgroups), command)

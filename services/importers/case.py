"""Imports a CASE package: it becomes a framework, or the next edition of a framework that is there."""

from datetime import datetime
from pathlib import Path
from typing import Final

from domain.framework.decider import FrameworkCommand, LevelCut, PublishScale
from domain.kernel.envelope import Actor, Meta, Source
from domain.kernel.ids import LevelCode, ScaleId
from infra.files.case import read_case
from infra.postgres.event_store import EventStore
from services.importers.preparing import Row
from services.importers.publishing import load_catalogue, publish
from services.importers.writing import ImportReport, Progress, silent, write

SYSTEM: Final = "case"
FOUR_LEVELS: Final = PublishScale(
    scale_id=ScaleId("four-levels"),
    title="Four levels",
    lowest=0,
    highest=4,
    levels=tuple(
        LevelCut(code=LevelCode(code), label=code.capitalize(), at=number)
        for number, code in enumerate(("beginning", "developing", "proficient", "advanced"), 1)
    ),
)
"""The scale of a framework that brings none; published with the first that needs it."""


async def import_case(
    store: EventStore,
    path: Path,
    *,
    actor: Actor,
    now: datetime,
    scale_id: ScaleId = FOUR_LEVELS.scale_id,
    dry_run: bool = False,
    progress: Progress = silent,
) -> ImportReport:
    """Import a CASE package from a JSON file; it is adopted `now`.

    Args:
        store: where to.
        path: where from.
        actor: who adopts the framework.
        now: from when on it is adopted.
        scale_id: a published scale for its competencies, if not `FOUR_LEVELS`.
        dry_run: only say what would be added.
        progress: told when it is done.

    Raises:
        Invalid: malformed, when the file is no CASE package.
        Refused: scale-unknown, competency-held-elsewhere.
        Misconfigured: when the file is missing.
    """
    package = read_case(path, scale_id)
    commands: list[FrameworkCommand] = [FOUR_LEVELS] if scale_id == FOUR_LEVELS.scale_id else []
    commands.append(package.command)
    meta = Meta(actor=actor, source=Source(system=SYSTEM, batch=path.name))
    _, proposals = publish(await load_catalogue(store), commands, path.name, now, meta)
    rows: list[Row] = [*proposals, *package.bad]
    report = await write(store, iter(rows), len(rows), dry_run=dry_run, progress=progress)
    report.notes.extend(package.notes)
    return report

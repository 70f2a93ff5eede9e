"""A what-if from the command line with all that is wanted of it: files, other drafts beside it, the page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from domain.kernel.envelope import Meta
from domain.kernel.errors import Unknown
from domain.kernel.ids import PolicyId, PolicyVersion
from domain.policy.commands import DraftPolicy
from domain.policy.document import parse_policy
from domain.policy.events import Scope, ScopedPolicy, Terms
from infra.postgres.database import Database
from services.cli.policy import acts
from services.cli.policy.engines import Engine
from services.cli.policy.mover_files import MoverFiles
from services.cli.policy.report.page import Page, write_page
from services.cli.policy.simulating import Kept, Sample, Trial, Tried, try_out
from services.projectors.what_if import Draft
from services.projectors.what_if.evaluate import Watcher

EXAMPLES: Final = 3
"""Movers that the page explains: so many that fall, and so many that rise."""


class Files(NamedTuple):
    """What is written beside the answer."""

    csv: Path | None
    parquet: Path | None
    report: Path | None


class Wanted(NamedTuple):
    """What is tried, beside which others, from where it is looked at, and what is written."""

    policy_id: str
    drafts: Sequence[DraftPolicy]
    """The documents: the first one is that of the policy, unless the policy is named by its id alone."""
    terms: Terms
    at_position: int | None
    flag_ratio: str
    files: Files
    engine: Engine


def run(database: Database, wanted: Wanted, meta: Meta) -> dict[str, Any]:
    """Simulate, compare and write the files; return all that is known.

    Raises:
        Unknown: policy-unknown.
        Misconfigured: configuration, for a file that can't be written, or an engine that is not installed.
        Unavailable: unavailable, if the projector has not come to the position.
    """
    trials = _trials(database, wanted)
    sample, kept = Sample(EXAMPLES), [Kept() for _ in trials]
    files = MoverFiles(wanted.files.csv, wanted.files.parquet)
    try:
        watchers = [files, sample, *kept[: len(trials) > 1]]
        first = _tried(database, wanted, trials[0], meta, watchers)
    finally:
        files.close()
    position = first.simulated.at_position
    others = [
        _tried(database, wanted._replace(at_position=position), trial._replace(revision=None), meta, [seen])
        for trial, seen in zip(trials[1:], kept[1:], strict=True)
    ]
    tried = [first, *others]
    differing = cells_that_differ(kept) if others else 0
    if wanted.files.report is not None:
        write_page(wanted.files.report, database, Page(tried, sample.movers, differing))
    document = first.told()
    if others:
        document |= {"compared": [one.told() for one in others], "cells_that_differ": differing}
    return document


def _tried(database: Database, wanted: Wanted, trial: Trial, meta: Meta, watchers: Sequence[Watcher]) -> Tried:
    ratio, engine = wanted.flag_ratio, wanted.engine
    return try_out(database, trial, meta, wanted.at_position, flag_ratio=ratio, watchers=watchers, engine=engine)


def _trials(database: Database, wanted: Wanted) -> list[Trial]:
    """Return what is tried: the policy, as a drafted revision if it reads so, then the others in its scope."""
    trials = [_undrafted(draft, wanted.terms) for draft in wanted.drafts]
    is_given = bool(trials) and trials[0].scoped.policy_id == wanted.policy_id
    try:
        last = acts.last_draft(database, PolicyId(wanted.policy_id))
    except Unknown:
        if is_given:
            return trials
        raise
    drafted = Trial(Draft.of(last, wanted.terms), last.revision)
    if is_given:
        return [drafted if drafted.scoped == trials[0].scoped else trials[0], *trials[1:]]
    scope = drafted.scoped.scope.model_dump()
    drafts = [one.draft._replace(scoped=one.scoped.model_copy(update=scope)) for one in trials]
    return [drafted, *map(Trial, drafts)]


def _undrafted(draft: DraftPolicy, terms: Terms) -> Trial:
    document, scope = parse_policy(draft.document), draft.model_dump(include=set(Scope.model_fields))
    version = PolicyVersion(document.version)
    return Trial(Draft(ScopedPolicy(policy_id=draft.policy_id, version=version, terms=terms, **scope), document))


def cells_that_differ(kept: Sequence[Kept]) -> int:
    """Return at how many cells drafts do not all come to the same level; what a draft does not move has no row."""
    cells = pa.concat_tables([table for one in kept for table in one.tables]).group_by(["learner_id", "competency_id"])
    distinct = ("after_level", "count_distinct", pc.CountOptions(mode="all"))
    found = cells.aggregate([([], "count_all"), distinct])
    everywhere = pc.equal(found.column("count_all"), len(kept))
    same = pc.and_(everywhere, pc.equal(found.column("after_level_count_distinct"), 1))
    return len(found) - int(pc.sum(same).as_py() or 0)

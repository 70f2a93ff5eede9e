"""The page as one file that needs nothing else: no script, no font, no picture from anywhere."""

import shlex
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from domain.kernel.errors import Misconfigured
from domain.mastery.equity import Group
from domain.mastery.suppression import LEAST_PEOPLE
from domain.policy.events import HoldHarmless, Reach, ScopedPolicy
from domain.policy.words.catalogue import Language
from domain.policy.words.sentences import tell
from infra.identity import utc_now
from infra.postgres.database import Database
from services.cli.ledger import ask
from services.cli.policy.report.flow import flow
from services.cli.policy.simulating import Tried
from services.query_api.answers import Connection
from services.query_api.mover_explained import Because, Cell, Drafted, explain_cell

WIDE: Final = (960.0, 190.0)
NARROW: Final = (340.0, 104.0)
"""Width of the picture and of the room for its text, on a screen or on a telephone."""
_TENTH: Final = Decimal("0.1")
HOLDS: Final[Mapping[HoldHarmless, str]] = {
    HoldHarmless.NONE: "levels may fall when the policy comes into force",
    HoldHarmless.NEVER_LOWER: "no level falls below what it is when the policy comes into force",
    HoldHarmless.AFTER_NEXT_EVIDENCE: "a level falls only once there is new evidence",
    HoldHarmless.LOWER_WITH_NOTICE: "levels may fall, and whoever is concerned gets a notice",
}


class Page(NamedTuple):
    """What the page tells: the draft, others beside it, some movers, and how many cells differ between drafts."""

    tried: Sequence[Tried]
    movers: Sequence[Mapping[str, Any]]
    cells_that_differ: int


class Example(NamedTuple):
    """One mover, told without a name."""

    name: str
    statement: str
    before_level: str
    after_level: str
    before: str
    after: str


def write_page(file: Path, database: Database, page: Page) -> None:
    """Write the page.

    Raises:
        Misconfigured: configuration, if the file can't be written.
    """
    text = render(page, ask(database, partial(_examples, page=page)))
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misconfigured("configuration", f"file can't be written: {error.strerror}", file=file) from error


def render(page: Page, examples: Sequence[Example]) -> str:
    """Return the page as HTML."""
    first = page.tried[0]
    impact, trial = first.simulated.impact, first.trial
    environment = Environment(
        loader=PackageLoader("services.cli.policy.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"number": _number, "percent": _percent}
    return environment.get_template("page.html.j2").render(
        policy=trial.document,
        sentences=[one.text for one in tell(trial.document)],
        scope=_scope(trial.scoped),
        terms=_terms(trial.scoped),
        impact=impact,
        pictures=[
            ("wide", flow(impact.levels, impact.matrix, *WIDE)),
            ("narrow", flow(impact.levels, impact.matrix, *NARROW)),
        ],
        flagged=[(one, group) for one in impact.dimensions for group in one.groups if group.flagged],
        hides=any(not one.is_whole for one in impact.dimensions),
        shares=_shares,
        few=0 < impact.learners < LEAST_PEOPLE,
        least=LEAST_PEOPLE,
        examples=examples,
        tried=page.tried,
        cells_that_differ=page.cells_that_differ,
        position=first.simulated.at_position,
        digest=first.simulated.digest.text,
        first=first,
        command=_command(first),
        day=f"{utc_now():%-d %B %Y}",
    )


async def _examples(connection: Connection, page: Page) -> list[Example]:
    """Explain the movers under both policies, each learner by a number instead of a name."""
    first = page.tried[0]
    told = []
    for place, row in enumerate(page.movers, 1):
        levels = (row["before_level"], row["after_level"])
        cell = Cell(row["learner_id"], row["competency_id"], first.simulated.at_position, *levels)
        draft = Drafted(*first.trial.draft)
        before, after = await explain_cell(connection, cell, draft, Language.ENGLISH, str(place))
        told.append(_example(place, row, before, after))
    return told


def _example(place: int, row: Mapping[str, Any], before: Because, after: Because) -> Example:
    levels = (row["before_level"] or "no level", row["after_level"] or "no level")
    return Example(f"Learner {place}", before.statement, *levels, before.in_words, after.in_words)


def _scope(scoped: ScopedPolicy) -> str:
    parts = [
        f"{name} {value}"
        for name, value in (
            ("school", scoped.school_id),
            ("course", scoped.course_id),
            ("framework", scoped.framework_id),
            ("competency", scoped.competency_id),
        )
        if value is not None
    ]
    return ", ".join(parts) or "the whole district"


def _terms(scoped: ScopedPolicy) -> list[str]:
    reach = {
        Reach.ALL_EVIDENCE: "all evidence counts, also that from before",
        Reach.EVIDENCE_SINCE: f"evidence from {scoped.terms.evidence_since} on counts",
        Reach.NEW_LEARNERS: "it decides on learners who are new to the district",
    }
    return [reach[scoped.terms.reach], HOLDS[scoped.terms.hold_harmless]]


def _shares(group: Group) -> dict[str, str]:
    """Return the shares that fall and rise in percent, as far as they may be shown."""
    if not group.cells:
        return {}
    shown = {"fall": group.fell, "rise": group.rose}
    return {name: _share(number, group.cells) for name, number in shown.items() if number is not None}


def _command(tried: Tried) -> str:
    """Return the command that repeats the simulation."""
    scoped, position = tried.trial.scoped, tried.simulated.at_position
    words = ["mastery", "policy", "simulate", scoped.policy_id if tried.trial.revision else "DOCUMENT.json"]
    for option, value in (
        ("--framework", scoped.framework_id),
        ("--school", scoped.school_id),
        ("--course", scoped.course_id),
        ("--competency", scoped.competency_id),
    ):
        words += [option, value] if value is not None and not tried.trial.revision else []
    if scoped.terms.reach is not Reach.ALL_EVIDENCE:
        words += ["--reach", scoped.terms.reach]
    if scoped.terms.evidence_since is not None:
        words += ["--evidence-since", str(scoped.terms.evidence_since)]
    if scoped.terms.hold_harmless is not HoldHarmless.NONE:
        words += ["--hold-harmless", scoped.terms.hold_harmless]
    return shlex.join([*words, "--at-position", str(position)])


def _number(number: int) -> str:
    return f"{number:,}"


def _share(number: int, of: int) -> str:
    return str((Decimal(100 * number) / of).quantize(_TENTH, ROUND_HALF_UP)) if of else "0.0"


def _percent(number: int, of: int) -> str:
    share = _share(number, of)
    return "< 0.1\u202f%" if number and share == "0.0" else f"{share}\u202f%"

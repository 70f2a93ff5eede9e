"""`mastery policy simulate`: what a policy would do to everybody, before anybody is affected."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from services.cli.output import AsJSON, err, examples, out, print_table, read_json, show
from services.cli.policy.engines import Engine, OnEngine
from services.cli.policy.life import (
    As,
    Competency,
    Course,
    Framework,
    HoldHarmless,
    Holding,
    InReach,
    NamedId,
    Reach,
    School,
    Since,
    Why,
    print_moves,
)

Report = Annotated[Path | None, typer.Option(dir_okay=False, help="Write a page for a board to this file: HTML.")]
CSV = Annotated[Path | None, typer.Option("--csv", dir_okay=False, help="Write who would move to this file.")]
Parquet = Annotated[Path | None, typer.Option(dir_okay=False, help="The same as Parquet.")]
Compare = Annotated[
    list[Path] | None, typer.Option(exists=True, dir_okay=False, help="Another document, twice at most.")
]
Ratio = Annotated[str, typer.Option(help="Flag a group that falls so many times as often as the rest.")]
Position = Annotated[int | None, typer.Option(min=1, help="Look at the cells as they stood there; without: now.")]
COMPARED_MAX: Final = 2
CANCELLED: Final = 130


def register(parent: typer.Typer) -> None:
    """Add the command to `mastery policy`."""
    epilog = examples(
        "mastery policy simulate latest.json --report latest.html",
        "mastery policy simulate latest --at-position 120000 --csv movers.csv --json",
    )
    parent.command("simulate", epilog=epilog)(simulate)


def simulate(
    policy: Annotated[str, typer.Argument(help="The id of a drafted policy; or a policy document, JSON.")],
    *,
    policy_id: NamedId = None,
    framework: Framework = None,
    school: School = None,
    course: Course = None,
    competency: Competency = None,
    reach: InReach = Reach.ALL_EVIDENCE,
    evidence_since: Since = None,
    hold_harmless: Holding = HoldHarmless.NONE,
    at_position: Position = None,
    flag_ratio: Ratio = "1.25",
    compare: Compare = None,
    report: Report = None,
    csv: CSV = None,
    parquet: Parquet = None,
    engine: OnEngine = Engine.HERE,
    person: As = None,
    reason: Why = "",
    as_json: AsJSON = False,
) -> None:
    """Show who would move if a policy were in force, by school, grade and subgroup; nothing live is written.

    A drafted revision is put on record as simulated; of a document that is not drafted nothing is written at all.
    Ctrl-C cancels.
    """
    from domain.kernel.envelope import Reason
    from domain.kernel.parsing import parse_command
    from domain.policy.commands import DraftPolicy
    from domain.simulation.decider import AskSimulation
    from services.cli.catch_up import catch_up
    from services.cli.ledger import open_ledger
    from services.cli.policy.acts import Person
    from services.cli.policy.trying import Files, Wanted, run

    if len(compare or ()) > COMPARED_MAX:
        raise typer.BadParameter(f"{len(compare or ())} documents are more than {COMPARED_MAX} to compare with")
    file = Path(policy) if Path(policy).is_file() else None
    name = policy if file is None else policy_id or file.stem
    scope = {"framework_id": framework, "school_id": school, "course_id": course, "competency_id": competency}
    words = {"reach": reach, "evidence_since": evidence_since, "hold_harmless": hold_harmless}
    asked = {"simulation_id": name, "policy_id": name, "terms": words, "flag_ratio": flag_ratio}
    terms = parse_command(AskSimulation, asked).terms
    drafts = [
        parse_command(DraftPolicy, {"policy_id": one, "document": read_json(path), **scope})
        for one, path in [(name, file), *((path.stem, path) for path in compare or ())]
        if path is not None
    ]
    wanted = Wanted(name, drafts, terms, at_position, flag_ratio, Files(csv, parquet, report), engine)
    try:
        with open_ledger() as database:
            catch_up(database)
            document = run(database, wanted, Person(person).meta(Reason(text=reason) if reason else None))
    except KeyboardInterrupt:
        err.print("cancelled: nothing was recorded")
        raise typer.Exit(CANCELLED) from None
    show(document, as_json=as_json, render=lambda: _print(document))


def _print(document: dict[str, Any]) -> None:
    print_moves(document)
    for one in document["dimensions"]:
        rows = (
            [
                group["name"],
                *(_shown(group[name]) for name in ("learners", "cells", "fell", "stayed", "rose")),
                group["falls_ratio"],
                "falls more than the rest" if group["flagged"] else None,
            ]
            for group in one["groups"]
        )
        columns = (one["name"], "learners", "cells", "fall", "stay", "rise", "times the rest", "")
        print_table(f"By {one['name']} (·: few learners, or others could be worked out)", columns, rows)
    for lost in document["acts"]:
        out.print(f"{lost['acts']:,} acts ({lost['kind']}) say a level that would be lost")
    for other in document.get("compared", ()):
        out.print(f"{other['policy_id']}: {other['moved']:,} move, {other['fell']:,} fall, {other['rose']:,} rise")
    recorded = document["recorded_at_position"]
    kept = f"on record at position {recorded}" if recorded else "not a drafted revision: not on record"
    out.print(f"at position {document['position']}, digest {document['digest']}, {kept}")


def _shown(number: int | None) -> int | str:
    return "·" if number is None else number

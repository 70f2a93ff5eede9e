"""`mastery learner show` and `mastery explain`: what a learner masters, and why."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from services.cli.output import AsJSON, an_id, err, examples, out, print_records, print_table, show, utc
from services.cli.policy.words import InLanguage, Lang

if TYPE_CHECKING:
    from services.query_api.answers import Connection
    from services.query_api.learner_supports import LearnerSupports

app = typer.Typer(no_args_is_help=True, help="Learners: their levels, profile, goals, pathways and official acts.")
Learner = Annotated[str, typer.Argument(callback=an_id, help="The learner's id.")]
AsOf = Annotated[datetime | None, typer.Option(help="As it was in the world at this time (UTC).")]
KnownAt = Annotated[datetime | None, typer.Option(help="As the ledger knew at this time (UTC).")]
Since = Annotated[datetime | None, typer.Option(help="Also say what changed since this time (UTC), and why.")]
PolicyName = Annotated[str | None, typer.Option("--policy", help="Under this policy: an id or a version.")]

OF_SOME: Final = frozenset({"mark", "valid_until"})
"""What only some policies say of a level."""


def register(parent: typer.Typer) -> None:
    """Add the noun, and the command `explain`."""
    parent.add_typer(app, name="learner")
    parent.command(
        "explain",
        epilog=examples(
            "mastery explain l1 math.ratio",
            "mastery explain l1 math.ratio --since 2026-01-31 --json",
        ),
    )(explain)


@app.command("show", epilog=examples("mastery learner show l1", "mastery learner show l1 --as-of 2026-01-31 --json"))
def show_learner(
    learner_id: Learner,
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    policy: PolicyName = None,
    as_json: AsJSON = False,
) -> None:
    """Show a learner's levels, profile, goals, pathways, supports, newest feedback and official acts."""
    from services.cli.catch_up import catch_up
    from services.cli.ledger import ask, open_ledger
    from services.query_api.answers import Connection, Page
    from services.query_api.feedback import read_feedback
    from services.query_api.learner_goals import read_goals
    from services.query_api.learner_mastery import View, read_mastery
    from services.query_api.learner_pathway import read_pathways
    from services.query_api.learner_profile import read_profile
    from services.query_api.learner_supports import read_supports
    from services.query_api.official_acts import read_credits

    async def question(connection: Connection) -> dict[str, Any]:
        await _require_known(connection, learner_id)
        view = View(as_of=utc(as_of), known_at=utc(known_at), policy=policy)
        mastery = await read_mastery(connection, learner_id, view)
        return {
            "learner_id": learner_id,
            "mastery": mastery.model_dump(mode="json")["competencies"],
            "profile": (await read_profile(connection, learner_id, utc(as_of))).model_dump(mode="json"),
            "goals": (await read_goals(connection, learner_id, utc(as_of))).model_dump(mode="json")["goals"],
            "pathways": (await read_pathways(connection, learner_id, utc(as_of))).model_dump(mode="json")["pathways"],
            "supports": _supports(await read_supports(connection, learner_id, utc(as_of))),
            "feedback": (await read_feedback(connection, learner_id, Page())).model_dump(mode="json")["feedback"],
            "acts": (await read_credits(connection, learner_id, utc(as_of))).model_dump(mode="json")["acts"],
        }

    with open_ledger() as database:
        catch_up(database)
        document = ask(database, question)
    show(document, as_json=as_json, render=lambda: _print_learner(document))


def explain(
    learner_id: Learner,
    competency_id: Annotated[str, typer.Argument(callback=an_id, help="The competency's id.")],
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    policy: PolicyName = None,
    since: Since = None,
    lang: InLanguage = Lang.ENGLISH,
    as_json: AsJSON = False,
) -> None:
    """Explain a level: which scores count, which do not and why, what is met, what is still needed."""
    from services.cli.catch_up import catch_up
    from services.cli.ledger import ask, open_ledger
    from services.query_api.answers import Connection
    from services.query_api.explain_mastery import CellView, MasteryExplained, read_explanation

    async def question(connection: Connection) -> MasteryExplained:
        await _require_known(connection, learner_id)
        return await read_explanation(connection, learner_id, view)

    moment = {"as_of": utc(as_of), "known_at": utc(known_at), "since": utc(since)}
    view = CellView.model_validate({"competency": competency_id, "policy": policy, "lang": lang.value, **moment})
    with open_ledger() as database:
        catch_up(database)
        explained = ask(database, question)
    document = explained.model_dump(mode="json")
    show(document, as_json=as_json, render=lambda: print_explanation(document))


async def _require_known(connection: "Connection", learner_id: str) -> None:
    """Refuse a learner whom no event is about; warn where levels lack the events of a parked learner.

    Raises:
        Unknown: learner-unknown.
    """
    from domain.kernel.errors import Unknown
    from services.query_api.projections import read_tracking

    tracking = await read_tracking(connection, "mastery", learner_id)
    if not tracking.is_known:
        raise Unknown("learner-unknown", f"no event is about learner {learner_id}")
    if tracking.parked_at is not None:
        err.print(f"learner {learner_id} is parked: events from position {tracking.parked_at} on do not count yet")


def _supports(told: "LearnerSupports") -> list[dict[str, Any]]:
    return [one.model_dump(mode="json") for one in (*told.running, *told.ended)]


def _print_learner(document: dict[str, Any]) -> None:
    profile = document["profile"]
    out.print(profile["display_name"] or "", document["learner_id"], *profile["subgroups"])
    _print_mastery(document["mastery"])
    print_records("Profile", ("kind", "noted_by", "age_days", "text"), profile["entries"])
    print_records("Goals", ("state", "horizon", "due_on", "statement"), document["goals"])
    for pathway in document["pathways"]:
        steps = ((one["step"]["competency_id"], one["step"]["modality"], one["state"]) for one in pathway["steps"])
        print_table(f"Pathway {pathway['title'] or pathway['pathway_id']}", ("competency", "modality", "state"), steps)
    print_records(
        "Supports", ("kind", "competency_id", "started_by", "because_text", "ended_reason"), document["supports"]
    )
    print_records("Feedback", ("evidence_id", "given_by", "hours", "text"), document["feedback"])
    print_records("Official acts", ("kind", "act_id", "title", "credits", "given_by", "counts"), document["acts"])


def _print_mastery(levels: list[dict[str, Any]]) -> None:
    """Print levels; marks and last days stand there where a policy gives some."""
    until = [one["valid_until"] and one["valid_until"][:10] for one in levels]
    rows = [one | {"valid_until": day} for one, day in zip(levels, until, strict=True)]
    columns = ["competency_id", "effective_level", "mark", "value", "judged_level", "status", "counted", "scores"]
    shown = [one for one in (*columns, "valid_until") if one not in OF_SOME or any(row[one] for row in rows)]
    print_records("Mastery", shown, rows)


def print_explanation(document: dict[str, Any]) -> None:
    """Print an explanation for people: in words, then the scores."""
    out.print(document["in_words"])
    if document["changed"]:
        out.print(document["changed_in_words"])
    out.print(document["next_step"])
    rows = (
        (
            day(entry["occurred_us"]),
            entry["kind"],
            entry["assessor_id"],
            f"{entry['value']} of {entry['possible']}",
            entry["counted_as"] if entry["weight"] else None,
            f"{Decimal(entry['share']):.1%}" if entry["weight"] else entry["dropped_because"],
        )
        for entry in document["entries"]
    )
    columns = ("day", "kind", "assessor", "score", "counts as", "share, or why not")
    print_table(f"Scores of {document['learner_id']} in {document['competency_id']}", columns, rows)


def day(clock_us: int | None) -> str:
    """Return the day (UTC) of microseconds since 1970."""
    from datetime import UTC

    return "" if clock_us is None else f"{datetime.fromtimestamp(clock_us // 1_000_000, UTC):%Y-%m-%d}"

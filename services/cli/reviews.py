"""`mastery reviews`: official acts whose basis is not given any more."""

from typing import Annotated, Any

import typer

from services.cli.output import AsJSON, an_id, examples, out, print_table, show


def register(parent: typer.Typer) -> None:
    """Add the command."""
    parent.command("reviews", epilog=examples("mastery reviews", "mastery reviews --learner l1 --json"))(reviews)


def reviews(
    *,
    learner: Annotated[str | None, typer.Option(callback=an_id, help="Acts for this learner.")] = None,
    after: Annotated[str | None, typer.Option(help="Go on after this cursor.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most acts to show.")] = 20,
    as_json: AsJSON = False,
) -> None:
    """Show the official acts that wait for a person: a later rule, changed work or time no longer gives them."""
    from services.cli.catch_up import catch_up
    from services.cli.ledger import ask, open_ledger
    from services.query_api.reviews import ReviewSearch, read_reviews

    wanted = ReviewSearch.model_validate({"learner": learner, "after": after, "limit": limit})
    with open_ledger() as database:
        catch_up(database)
        page = ask(database, lambda connection: read_reviews(connection, wanted))
    document = page.model_dump(mode="json", include={"reviews", "next"})
    show(document, as_json=as_json, render=lambda: print_reviews(document))


def print_reviews(document: dict[str, Any]) -> None:
    """Print a page of the review list for people."""
    print_table(
        "Reviews",
        ("act", "id", "learner", "given", "competency", "level", "because of"),
        (
            (
                review["act"]["kind"].replace("_", " "),
                review["act"]["act_id"],
                review["act"]["learner_id"],
                review["act"]["given_at"][:10],
                lost["competency_id"],
                f"{lost['level_then']} -> {lost['level_after'] or 'none'}",
                because(lost),
            )
            for review in document["reviews"]
            for lost in review["lost"]
        ),
    )
    if document.get("next"):
        out.print(f"more: --after {document['next']}")


def because(lost: dict[str, Any]) -> str:
    """Return what took a basis away: the rule, the work, time ..., by which policy or event."""
    from domain.policy.words.catalogue import Language, word

    cause = lost["event_type"] or f"policy {lost['policy_version'][:8]}"
    return f"{word(Language.ENGLISH, 'cause', lost['why'])}: {cause}"

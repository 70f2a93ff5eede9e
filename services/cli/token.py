"""`mastery token`: a bearer token for development."""

from typing import Annotated, Final, Literal

import typer

from services.cli.output import AsJSON, an_id, examples, show

HOUR_S: Final = 3600
RoleName = Literal["learner", "guardian", "teacher", "administrator", "auditor", "service", "system"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "token",
        epilog=examples(
            "mastery token teacher t-mora", 'curl -H "Authorization: Bearer $(mastery token auditor me)" ...'
        ),
    )(token)


def token(
    role: Annotated[RoleName, typer.Argument(help="What the bearer is.")],
    subject: Annotated[
        str, typer.Argument(callback=an_id, help="Who the bearer is; a learner's own id for a learner.")
    ],
    *,
    learner: Annotated[
        list[str] | None, typer.Option(callback=an_id, help="A learner linked to a guardian; may be repeated.")
    ] = None,
    hours: Annotated[int, typer.Option(min=1, max=24 * 30, help="How long the token holds.")] = 12,
    as_json: AsJSON = False,
) -> None:
    """Print a bearer token that this installation's APIs believe, for development.

    It is signed with MASTERY_JWT_KEY, or with the key that the APIs keep in the data folder. Where tokens come from
    an issuer (MASTERY_JWKS_FILE, MASTERY_JWKS_URL), none can be made here.
    """
    from domain.kernel.envelope import Actor, Role
    from domain.kernel.ids import ActorId, LearnerId
    from domain.kernel.permissions import Principal
    from infra.http.auth import load_keys, mint_token
    from infra.settings import CommandAPISettings, read_settings

    settings = read_settings(CommandAPISettings)
    principal = Principal(Actor(id=ActorId(subject), role=Role(role)), frozenset(map(LearnerId, learner or ())))
    minted = mint_token(settings, load_keys(settings, settings.data_dir), principal, hours * HOUR_S)
    show({"token": minted, "hours": hours}, as_json=as_json, render=lambda: typer.echo(minted))

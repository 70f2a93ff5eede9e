"""The database of a program: the configured one or the embedded one, brought up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg.conninfo import conninfo_to_dict

from domain.kernel.errors import Misconfigured
from infra.postgres.embedded import embedded_server
from infra.postgres.migrate import migrate
from infra.settings import DatabaseSettings


class Database(NamedTuple):
    """The addresses of one database: for the application's role, and for its owner, where this program knows it.

    `cells` is the folder of its cell shards; None: none are kept.
    """

    app: str
    owner: str | None
    cells: Path | None = None


@contextmanager
def open_database(settings: DatabaseSettings) -> Iterator[Database]:
    """Use the database of the settings: start the embedded server where none is named, run the migrations.

    A program that knows a database but not its owner runs no migrations: another one has done so.

    Raises:
        Unavailable: the embedded server does not start.
        Misconfigured: an address that can't be read, a migration that was changed after it ran.
    """
    cells = settings.cells_dir or settings.data_dir / "cells"
    if settings.database_url is not None:
        _check_form("MASTERY_DATABASE_URL", settings.database_url)
        _check_form("MASTERY_DATABASE_OWNER_URL", settings.database_owner_url or "")
        if settings.database_owner_url is not None:
            migrate(settings.database_owner_url)
        yield Database(settings.database_url, settings.database_owner_url, cells)
        return
    with embedded_server(settings.data_dir / "postgres") as server:
        migrate(server.conninfo("mastery_owner"))
        yield Database(server.conninfo("mastery_app"), server.conninfo("mastery_owner"), cells)


def _check_form(variable: str, address: str) -> None:
    try:
        conninfo_to_dict(address)
    except psycopg.ProgrammingError:  # its text may hold the password
        raise Misconfigured("configuration", f"{variable} is not an address of PostgreSQL") from None

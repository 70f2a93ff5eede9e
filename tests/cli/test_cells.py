"""The cell shards from the command line: built, looked at, compared with the database."""

import psycopg

from infra.postgres.embedded import EmbeddedServer
from tests.cli.conftest import Mastery
from tests.cli.district import fill


def test_shards_are_built_looked_at_and_compared_with_the_database(mastery: Mastery) -> None:
    fill(mastery)
    assert mastery("status").code == 0
    none = mastery("cells", "verify")
    assert none.code == 3
    assert "run mastery cells build" in none.err
    assert mastery("cells", "status", "--json").document is None

    built = mastery("cells", "build", "--json").document
    assert built == mastery("cells", "status", "--json").document
    assert (built["shards"], built["learners_touched"]) == (1, 0)
    assert mastery("cells", "verify", "--json").document == {"scores": built["scores"], "position": built["position"]}
    assert mastery("cells", "verify", "--full").out == f"{built['scores']} scores are as in the database\n"

    server = EmbeddedServer(mastery.folder / "data/postgres", {})
    with psycopg.connect(server.conninfo("mastery_owner")) as connection:
        connection.execute("UPDATE read_model.score SET kind = 'forged', possible_micro = possible_micro + 1")
    assert mastery("cells", "verify").code == 0
    differs = mastery("cells", "verify", "--full")
    assert differs.code == 1
    assert "1 of 1 shards differ from the database" in differs.err
    assert mastery("cells", "build").code == 0
    assert mastery("cells", "verify", "--full").code == 0

"""Settings: read once, checked, frozen."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from domain.kernel.errors import Misconfigured
from infra.http.auth import load_keys
from infra.postgres.database import Database, open_database
from infra.settings import CommandAPISettings, DatabaseSettings, QueryAPISettings, read_settings

PROGRAMS = [CommandAPISettings, QueryAPISettings]


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MASTERY_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_variables_a_program_is_local(program: type[DatabaseSettings]) -> None:
    settings = read_settings(program)
    assert settings.data_dir == Path(".mastery")
    assert settings.database_url is None
    hosts = {value for name, value in settings.model_dump().items() if name.endswith("_host")}
    assert hosts <= {"127.0.0.1"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_setting_says_what_it_is(program: type[DatabaseSettings]) -> None:
    assert [name for name, field in program.model_fields.items() if not field.description] == []


def test_a_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTERY_COMMAND_API_PORT", "9000")
    assert read_settings(CommandAPISettings).command_api_port == 9000


def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTERY_QUERY_API_PORT", "many")
    with pytest.raises(Misconfigured, match="MASTERY_QUERY_API_PORT: Input should be a valid integer"):
        read_settings(QueryAPISettings)


def test_an_owner_of_no_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTERY_DATABASE_OWNER_URL", "postgresql://mastery_owner@db/mastery")
    with pytest.raises(Misconfigured, match="MASTERY_DATABASE_OWNER_URL is set without MASTERY_DATABASE_URL"):
        read_settings(DatabaseSettings)


def test_a_program_needs_not_know_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTERY_DATABASE_URL", "postgresql://mastery_app@db/mastery")
    with open_database(read_settings(DatabaseSettings)) as database:
        assert database == Database("postgresql://mastery_app@db/mastery", None, Path(".mastery/cells"))


def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTERY_DATABASE_URL", "a word")
    with pytest.raises(Misconfigured, match="MASTERY_DATABASE_URL is not an address of PostgreSQL"):
        open_database(read_settings(DatabaseSettings)).__enter__()


def test_a_data_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = CommandAPISettings(data_dir=tmp_path / "file")
    with pytest.raises(Misconfigured, match="data folder can't be used"):
        open_database(settings).__enter__()
    with pytest.raises(Misconfigured, match="data folder can't be used"):
        load_keys(settings, settings.data_dir)


def test_settings_do_not_change() -> None:
    settings = read_settings(DatabaseSettings)
    with pytest.raises(ValidationError, match="frozen"):
        settings.data_dir = Path("elsewhere")  # type: ignore[misc]

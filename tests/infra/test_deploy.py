"""The containers run the parts that `mastery serve` runs, with settings that there are."""

import re
from pathlib import Path
from typing import Final

from services.cli.serve import PARTS

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final = (ROOT / "infra" / "deploy" / "compose.yaml").read_text()
SECRETS: Final = {"MASTERY_OWNER_PASSWORD", "MASTERY_APP_PASSWORD"}
"""Of the database alone; the parts have them in addresses."""


def test_every_part_is_a_service_and_one_runs_the_migrations() -> None:
    commands = [tuple(command.split(", ")) for command in re.findall(r"command: \[(.+)\]", COMPOSE)]
    assert sorted(commands) == sorted([*PARTS.values(), ("migrate",)])


def test_the_services_are_given_settings_that_there_are() -> None:
    known = set(re.findall(r"`(MASTERY_\w+)`", (ROOT / "docs" / "settings.md").read_text()))
    assert set(re.findall(r"(MASTERY_\w+):", COMPOSE)) - SECRETS <= known

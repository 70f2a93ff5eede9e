"""Webhooks on the command line: listed, and their secrets told and rotated."""

import pytest

from infra.postgres.event_store import open_event_store
from tests.cli.conftest import Mastery
from tests.projectors.feeding import append
from tests.query_api.histories import fact

pytestmark = pytest.mark.anyio


async def test_a_secret_is_told_and_rotated_and_the_last_one_stays_for_the_overlap(mastery: Mastery) -> None:
    unknown = mastery("webhooks", "rotate-secret", "w1", "--reason", "a new year")
    assert (unknown.code, "webhook w1 is not registered" in unknown.err) == (1, True)
    with mastery.database() as database:
        async with open_event_store(database) as store:
            url = "https://hooks.example.org/mastery"
            await append(store, fact("webhook-w1", "2026-01-05", "webhook.registered.v1", webhook_id="w1", url=url))
    first = mastery("webhooks", "secret", "w1", "--json").document["secret"]
    rotated = mastery("webhooks", "rotate-secret", "w1", "--reason", "a new year", "--json").document
    assert (rotated["previous"], rotated["secret"].startswith("whsec_"), rotated["secret"] != first) == (
        first, True, True,
    )  # fmt: skip
    ended = mastery("webhooks", "rotate-secret", "w1", "--overlap-hours", "0", "--reason", "seen").out.split()
    assert (len(ended), rotated["secret"] in ended) == (1, False)
    assert mastery("webhooks", "list", "--json").document == {"webhooks": []}

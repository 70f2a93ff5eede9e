"""Webhooks: registered over HTTP, delivered by a courier's process to a real receiver."""

import base64
import hashlib
import hmac
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import psycopg
import pytest
from psycopg.rows import dict_row

from tests.journeys.public import Public
from tests.journeys.receiver import Message, Receiver, courier, receiving
from tests.sample import ADMINISTRATOR, TEACHER
from tests.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
ROUNDS = int(os.environ.get("MASTERY_TEST_ROUNDS", "4"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


async def register(apis: Public, receiver: Receiver, *types: str) -> int:
    """Register the receiver as webhook w1; return the position."""
    await apis.do("webhooks", ADMINISTRATOR, webhook_id="w1", url=receiver.url, types=types)
    return apis.position


async def learners(apis: Public, first: int, last: int) -> None:
    """Register learners, an event each."""
    for number in range(first, last + 1):
        await apis.do("learners", ADMINISTRATOR, learner_id=f"l{number}", display_name="CANARY")


async def told(apis: Public, path: str) -> dict[str, Any]:
    """Ask about webhooks."""
    answer = await apis.questions.get(f"/v1/webhooks{path}", headers=apis.sign_in(ADMINISTRATOR))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def standing(database: str) -> dict[str, Any]:
    """Return how webhook w1 stands."""
    query = "SELECT state, position, attempts, fault, resend_after FROM read_model.webhook"
    with psycopg.connect(database, row_factory=dict_row) as connection:
        return connection.execute(query).fetchone() or {"state": "not noted", "position": 0, "attempts": 0}


@pytest.mark.need("NEED-83")
async def test_a_webhook_gets_the_events_of_its_types_in_order_signed_by_its_secret(
    apis: Public, database: str, receiver: Receiver, tmp_path: Path
) -> None:
    position = await register(apis, receiver, "learner.registered.v1")
    await apis.do("enrolments", ADMINISTRATOR, enrolment_id="n", learner_id="l0", section_id="s", school_id="a")
    await learners(apis, 1, 3)
    with courier(database, tmp_path):
        receiver.wait_for(3)
        until(lambda: standing(database)["position"] == position + 4)
    assert receiver.positions == [position + 2, position + 3, position + 4]
    secret = (await told(apis, "/w1/secret"))["secret"]
    for message in receiver.messages:
        assert message.headers["webhook-signature"] == signature(secret, message)
        assert message.headers["webhook-id"] == message.event["id"]
        assert abs(int(message.headers["webhook-timestamp"]) - time.time()) < 60
        assert message.headers["content-type"] == "application/cloudevents+json"
    assert [message.event["data"] for message in receiver.messages] == [{"learner_id": f"l{n}"} for n in (1, 2, 3)]


def signature(secret: str, message: Message) -> str:
    """Return what a receiver expects: HMAC-SHA256 over id, time and body with the bytes behind `whsec_`."""
    signed = f"{message.headers['webhook-id']}.{message.headers['webhook-timestamp']}.".encode() + message.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


async def test_after_a_rotation_both_secrets_sign_for_a_while_and_after_another_only_the_new_one(
    apis: Public, database: str, receiver: Receiver, tmp_path: Path
) -> None:
    await register(apis, receiver, "learner.registered.v1")
    first = (await told(apis, "/w1/secret"))["secret"]
    (rotated,) = await apis.do("webhooks/w1/secret/rotation", ADMINISTRATOR)
    assert (rotated["type"], rotated["data"]["secret_number"]) == ("webhook.secret_rotated.v1", 2)
    during = await told(apis, "/w1/secret")
    assert (during["previous"], during["secret"] != first) == (first, True)
    assert timedelta(hours=23) < datetime.fromisoformat(during["previous_until"]) - datetime.now(UTC)
    with courier(database, tmp_path):
        await learners(apis, 1, 1)
        receiver.wait_for(1)
        await apis.do("webhooks/w1/secret/rotation", ADMINISTRATOR, overlap_hours=0, reason={"text": "was in a log"})
        after = await told(apis, "/w1/secret")
        await learners(apis, 2, 2)
        receiver.wait_for(2)
    both, alone = receiver.messages
    assert both.headers["webhook-signature"].split() == [signature(during["secret"], both), signature(first, both)]
    assert alone.headers["webhook-signature"].split() == [signature(after["secret"], alone)]
    assert (after["previous"], after["previous_until"], len({first, during["secret"], after["secret"]})) == (
        None, None, 3,
    )  # fmt: skip


async def test_a_secret_is_rotated_by_administrators_and_only_of_a_webhook_that_there_is(
    apis: Public, receiver: Receiver
) -> None:
    assert (await apis.try_to("webhooks/w1/secret/rotation", ADMINISTRATOR)).json()["code"] == "webhook-unknown"
    await register(apis, receiver)
    assert (await apis.try_to("webhooks/w1/secret/rotation", TEACHER)).status_code == 403
    for hours in (-1, 721, "x"):
        refused = await apis.try_to("webhooks/w1/secret/rotation", ADMINISTRATOR, overlap_hours=hours)
        assert (refused.status_code, refused.json()["code"]) == (422, "malformed")
    await apis.do("webhooks/w1/removal", ADMINISTRATOR)
    assert (await apis.try_to("webhooks/w1/secret/rotation", ADMINISTRATOR)).json()["code"] == "webhook-unknown"


async def test_a_message_is_sent_again_until_it_is_taken_and_every_attempt_is_listed(
    apis: Public, database: str, receiver: Receiver, tmp_path: Path
) -> None:
    position = await register(apis, receiver)
    await learners(apis, 1, 2)
    receiver.answer = lambda _: 503 if len(receiver.messages) <= 2 else 302 if len(receiver.messages) == 3 else 204
    with courier(database, tmp_path):
        receiver.wait_for(5)
        until(lambda: standing(database)["position"] == position + 2)
    assert receiver.positions == [position + 1] * 4 + [position + 2]
    assert {message.path for message in receiver.messages} == {"/hook?token=t0"}
    attempts = (await told(apis, "/w1/deliveries"))["deliveries"]
    assert [(one["position"] - position, one["attempt"], one["status"], one["outcome"]) for one in attempts] == [
        (2, 1, 204, "delivered"),
        (1, 4, 204, "delivered"),
        (1, 3, 302, "failed"),
        (1, 2, 503, "failed"),
        (1, 1, 503, "failed"),
    ]
    page = await told(apis, "/w1/deliveries?limit=2")
    assert len((await told(apis, f"/w1/deliveries?before={page['next']}"))["deliveries"]) == 3


async def test_an_event_that_the_receiver_cannot_take_is_passed_over_after_five_attempts(
    apis: Public, database: str, receiver: Receiver, tmp_path: Path
) -> None:
    position = await register(apis, receiver)
    await learners(apis, 1, 2)
    receiver.answer = lambda message: 422 if message.position == position + 1 else 200
    with courier(database, tmp_path):
        receiver.wait_for(6)
        until(lambda: standing(database)["position"] == position + 2)
    assert receiver.positions == [position + 1] * 5 + [position + 2]
    attempts = (await told(apis, "/w1/deliveries"))["deliveries"]
    assert [one["outcome"] for one in attempts] == ["delivered", "passed_over", *["failed"] * 4]


async def test_what_is_recorded_during_a_pause_is_sent_after_it_and_nothing_after_a_removal(
    apis: Public, database: str, receiver: Receiver, tmp_path: Path
) -> None:
    position = await register(apis, receiver, "learner.registered.v1")
    await apis.do("webhooks/w1/pause", ADMINISTRATOR)
    with courier(database, tmp_path):
        until(lambda: standing(database)["state"] == "paused")
        await learners(apis, 1, 1)
        assert receiver.messages == []
        await apis.do("webhooks/w1/resume", ADMINISTRATOR)
        receiver.wait_for(1)
        await apis.do("webhooks/w1/removal", ADMINISTRATOR)
        until(lambda: standing(database)["state"] == "removed")
        await learners(apis, 2, 2)
        await anyio.sleep(0.3)
    assert receiver.positions == [position + 2]
    assert (await told(apis, ""))["webhooks"] == []
    refused = await apis.try_to("webhooks/w1/pause", ADMINISTRATOR)
    assert (refused.status_code, refused.json()["code"]) == (404, "webhook-unknown")


async def test_a_receiver_that_says_it_is_gone_is_left_alone_until_somebody_resumes(
    apis: Public, database: str, receiver: Receiver, tmp_path: Path
) -> None:
    position = await register(apis, receiver)
    receiver.answer = lambda _: 410 if len(receiver.messages) == 1 else 200
    await learners(apis, 1, 1)
    with courier(database, tmp_path):
        until(lambda: standing(database)["state"] == "gone")
        await anyio.sleep(0.3)
        assert receiver.positions == [position + 1]
        await apis.do("webhooks/w1/resume", ADMINISTRATOR)
        until(lambda: standing(database)["position"] == position + 2)
    assert receiver.positions == [position + 1, position + 1, position + 2]


async def test_events_are_sent_again_on_demand_with_the_same_id(
    apis: Public, database: str, receiver: Receiver, tmp_path: Path
) -> None:
    position = await register(apis, receiver, "learner.registered.v1")
    await learners(apis, 1, 3)
    with courier(database, tmp_path):
        receiver.wait_for(3)
        await apis.do("webhooks/w1/resend", ADMINISTRATOR, first_position=position + 2, last_position=position + 3)
        receiver.wait_for(5)
        until(lambda: standing(database)["resend_after"] is None)
        await learners(apis, 4, 4)
        receiver.wait_for(6)
    assert [one - position for one in receiver.positions] == [1, 2, 3, 2, 3, 5]
    ids = [message.headers["webhook-id"] for message in receiver.messages]
    assert ids[3:5] == ids[1:3]


async def test_a_courier_that_is_killed_again_and_again_loses_nothing_and_repeats_one_event_a_kill(
    apis: Public, database: str, receiver: Receiver, tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - shown where the test fails
    chance = random.Random(seed)
    position = await register(apis, receiver)
    receiver.answer = lambda _: 200 if chance.random() < 0.9 else 500
    taken: list[int] = []
    for number in range(ROUNDS):
        await learners(apis, 20 * number, 20 * number + 19)
        with courier(database, tmp_path):
            receiver.wait_for(len(receiver.messages) + chance.randrange(5, 20))
    with courier(database, tmp_path):
        until(lambda: standing(database)["position"] == position + 20 * ROUNDS)
    for one in receiver.positions:
        if one not in taken:
            taken.append(one)
    assert taken == list(range(position + 1, position + 1 + 20 * ROUNDS))
    with psycopg.connect(database) as connection:
        query = "SELECT count(*) FROM read_model.webhook_delivery"
        row = connection.execute(query).fetchone()
    assert row is not None
    assert len(receiver.messages) - row[0] <= ROUNDS


async def test_of_two_couriers_one_stands_by_and_takes_over(
    apis: Public, database: str, receiver: Receiver, tmp_path: Path
) -> None:
    await register(apis, receiver)
    with courier(database, tmp_path) as first, courier(database, tmp_path):
        await learners(apis, 1, 5)
        receiver.wait_for(5)
        first.kill()
        await learners(apis, 6, 9)
        receiver.wait_for(9)
    assert len(set(receiver.positions)) == 9


async def test_a_private_address_is_never_connected_to_and_the_fault_is_told(
    apis: Public, database: str, receiver: Receiver, tmp_path: Path
) -> None:
    await register(apis, receiver)
    await learners(apis, 1, 1)
    with courier(database, tmp_path, private_targets=False):
        until(lambda: standing(database)["attempts"] > 0)
    assert receiver.messages == []
    [webhook] = (await told(apis, ""))["webhooks"]
    assert (webhook["fault"], webhook["state"]) == ("address is not a public one", "active")


async def test_the_secret_is_in_no_table_and_no_log_and_the_address_in_no_log(
    apis: Public, database: str, receiver: Receiver, tmp_path: Path
) -> None:
    await register(apis, receiver)
    await learners(apis, 1, 2)
    with courier(database, tmp_path, tmp_path / "log"):
        receiver.wait_for(2)
        until(lambda: standing(database)["position"] > 0 and (tmp_path / "log").read_text().count("delivered") == 2)
    secret = (await told(apis, "/w1/secret"))["secret"]
    with psycopg.connect(database) as connection:
        tables = ("ledger.event", "read_model.webhook", "read_model.webhook_delivery")
        kept = str([connection.execute(f"SELECT json_agg(one)::text FROM {name} one").fetchone() for name in tables])
    written = (tmp_path / "log").read_text()
    assert kept.count("w1") > len(tables)
    assert secret.removeprefix("whsec_") not in kept + written
    assert "token=t0" not in written
    assert "CANARY" not in written + str([message.body for message in receiver.messages])


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://hooks.example.org/"},
        {"url": "https://user:word@hooks.example.org/"},
        {"url": "ftp://hooks.example.org/"},
        {"url": "https://hooks.example.org/", "types": ["score.guessed.v1"]},
    ],
)
async def test_an_address_or_type_that_makes_no_sense_is_refused(apis: Public, body: dict[str, Any]) -> None:
    answer = await apis.try_to("webhooks", ADMINISTRATOR, **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


async def test_webhooks_are_for_administrators(apis: Public) -> None:
    answer = await apis.try_to("webhooks", TEACHER, url="https://hooks.example.org/")
    assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted")
    for path in ("", "/w1/deliveries", "/w1/secret"):
        asked = await apis.questions.get(f"/v1/webhooks{path}", headers=apis.sign_in(TEACHER))
        assert asked.status_code == 403

"""Ids that tell their time and increase."""

import time
from uuid import RFC_4122, UUID

from infra.identity import utc_now, uuid7, uuid7_hex


def test_ids_increase_and_differ() -> None:
    made = [uuid7() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_an_id_is_a_uuid_of_version_7_and_tells_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= after


def test_the_short_form_is_of_the_same_sequence() -> None:
    first, second, third = uuid7(), UUID(uuid7_hex()), uuid7()
    assert first < second < third


def test_the_time_is_in_utc() -> None:
    assert utc_now().tzname() == "UTC"

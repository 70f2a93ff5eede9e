"""An event that a projector cannot digest: shown, tried again, skipped with a reason."""

from pathlib import Path

import psycopg
import pytest

from infra.postgres.embedded import EmbeddedServer
from tests.cli.conftest import Mastery
from tests.cli.district import APPROVED, LATEST, RATIO, fill

UNREADABLE = """
    INSERT INTO ledger.event
        (position, stream, version, type, event_id, learner_id, occurred_at, recorded_at, meta, data)
    SELECT max(position) + 1, 'evidence-e1', 3, 'score.corrected.v1', gen_random_uuid(), 'ada', now(), now(), %s, %s
    FROM ledger.event
    RETURNING position
"""
META = '{"actor":{"id":"t-1","role":"teacher"}}'


@pytest.fixture(scope="module")
def position(mastery: Mastery) -> int:
    """The position of an event about ada that names a score without saying what became of it."""
    fill(mastery)
    server = EmbeddedServer(Path(mastery.folder / "data/postgres"), {})
    with psycopg.connect(server.conninfo()) as connection:
        row = connection.execute(UNREADABLE, (META, '{"score_id":"e1.1"}')).fetchone()
    assert row is not None
    written: int = row[0]
    return written


def test_a_parked_learner_is_shown_tried_again_and_skipped_and_nobody_else_waits(
    mastery: Mastery, position: int
) -> None:
    more = {"evidence_id": "e5", "competency_id": RATIO, "kind": "quiz", "occurred_at": "2026-01-08T09:00:00+00:00"}
    later = mastery.write(
        "later.ndjson",
        *({**more, "evidence_id": f"e5-{who}", "learner_id": who, "value": "1"} for who in ("ada", "ben")),
    )
    assert mastery("import", "observations", later).code == 0
    status = mastery("status", "--json").document
    assert {one["name"]: one["state"] for one in status["projectors"]}["mastery"] == "parked"

    [parked] = mastery("projector", "parked", "mastery", "--json").document
    assert (parked["position"], parked["learner_id"], parked["waiting"]) == (position, "ada", 2)
    assert f"events from position {position} on do not count yet" in mastery("explain", "ada", RATIO).err
    policy = mastery.write("latest.json", LATEST)
    assert mastery("policy", "publish", policy, *APPROVED).code == 0
    status = mastery("status", "--json").document
    assert {one["name"]: one["state"] for one in status["projectors"]}["mastery"] == "parked"
    scores = {who: len(mastery("explain", who, RATIO, "--json").document["entries"]) for who in ("ada", "ben")}
    assert scores == {"ada": 2, "ben": 2}

    again = mastery("projector", "retry", "mastery", str(position), "--json").document
    assert again["parked_behind"]["position"] == position
    assert mastery("projector", "skip", "mastery", str(position), "--reason", "faulty import").code == 0
    mastery("status")
    assert mastery("projector", "parked", "mastery", "--json").document == []
    assert len(mastery("explain", "ada", RATIO, "--json").document["entries"]) == 3
    [skip] = mastery("audit", "search", "--type", "projector.event_skipped.v1", "--json").document["entries"]
    assert skip["reason_text"] == "faulty import"


def test_an_event_that_is_not_parked_is_not_skipped(mastery: Mastery, position: int) -> None:
    refused = mastery("projector", "skip", "mastery", "1", "--reason", "why not")
    assert (refused.code, refused.err.strip()) == (1, "refused event 1 is not parked (projector mastery) [not-parked]")

"""`mastery replay`: a publication that waits for its time is watched, paused, resumed and cancelled."""

from tests.cli.conftest import Mastery
from tests.cli.district import APPROVED, LATEST, fill


def test_a_replay_is_watched_paused_resumed_and_cancelled_with_reasons(mastery: Mastery) -> None:
    fill(mastery)
    policy = mastery.write("latest.json", LATEST)
    waiting = mastery("policy", "publish", policy, *APPROVED, "--effective-from", "2099-01-01", "--json")
    assert waiting.code == 0
    assert mastery("replay", "pause", "latest", "--reason", "exams week", "--json").code == 0
    again = mastery("replay", "pause", "latest", "--reason", "exams week")
    assert "replay of latest was so already" in again.err
    assert mastery("replay", "resume", "latest", "--reason", "exams are over").code == 0
    cancelled = mastery("replay", "cancel", "latest", "--reason", "the board looks again", "--json").document
    assert cancelled["position"] is not None
    refused = mastery("replay", "resume", "latest", "--reason", "too late")
    assert (refused.code, refused.err.strip()) == (1, "refused policy latest awaits no replay [replay-not-pending]")
    assert mastery("policy", "publish", policy, *APPROVED, "--json").code == 0
    watched = mastery("replay", "watch", "latest", "--json").document
    assert (watched["state"], watched["cells_done"], watched["digest"]) == ("done", 3, watched["digest_simulated"])
    [done] = [one for one in mastery("replay", "list", "--json").document["replays"] if one["state"] == "done"]
    assert done == watched
    [cancel] = mastery("audit", "search", "--type", "policy.replay_cancelled.v1", "--json").document["entries"]
    assert cancel["reason_text"] == "the board looks again"

"""`mastery policy publish`: approvals are recorded, and what is refused is refused before anything is on record."""

from tests.cli.conftest import Answer, Mastery
from tests.cli.district import APPROVED, LATEST, fill

HIGHEST = LATEST | {"name": "The highest score", "combine": {"op": "highest"}}
WHY = ("--reason", "board decision")


def head(mastery: Mastery) -> int:
    found: int = mastery("status", "--json").document["head_position"]
    return found


def rule(answer: Answer) -> str:
    return answer.err.splitlines()[-1].rpartition("[")[2].rstrip("]")


def states(mastery: Mastery, policy: str) -> tuple[str, list[str]]:
    shown = mastery("policy", "show", policy, "--json").document
    return shown["state"], [one["state"] for one in shown["revisions"]]


def test_a_policy_goes_through_its_life_and_each_step_refuses_before_it_writes(mastery: Mastery) -> None:
    fill(mastery)
    latest, highest = mastery.write("latest.json", LATEST), mastery.write("highest.json", HIGHEST)
    assert mastery("policy", "draft", latest, "--as", "a-okafor").code == 0
    assert states(mastery, "latest") == ("drafted", ["drafted"])
    assert mastery("policy", "simulate", "latest").code == 0
    before = head(mastery)
    assert rule(mastery("policy", "publish", "latest", *WHY)) == "policy-not-approved"
    assert rule(mastery("policy", "publish", "latest", *APPROVED)) == "approval-by-author"
    assert head(mastery) == before, "a refused publication leaves no approval behind"
    three = ("--approved-by", "a-diaz", "--approved-by", "a-diaz", "--approved-by", "a-moss")
    published = mastery("policy", "publish", "latest", *WHY, *three, "--json")
    assert published.document["cells"] == 3
    life = mastery("policy", "show", "latest", "--json").document["life"]
    assert [(one["type"], one["on_behalf_of"]) for one in life] == [
        ("policy.simulated.v1", None),
        ("policy.approved.v1", "a-diaz"),
        ("policy.approved.v1", "a-moss"),
        ("policy.published.v1", None),
        ("policy.activated.v1", None),
    ]
    assert states(mastery, "latest") == ("in-force", ["in-force"])
    before = head(mastery)
    assert rule(mastery("policy", "publish", latest, *APPROVED)) == "policy-live"
    assert rule(mastery("policy", "publish", highest, *WHY)) == "policy-not-approved"
    assert head(mastery) == before, "neither drafted nor simulated"
    assert mastery("policy", "publish", highest, "--id", "latest", *APPROVED).code == 0
    assert states(mastery, "latest") == ("in-force", ["replaced", "in-force"])
    assert mastery("policy", "rollback", "latest", "--reason", "too many moved").code == 0
    assert states(mastery, "latest") == ("in-force", ["in-force", "rolled-back"])
    assert mastery("policy", "rollback", "latest", "--reason", "the older rule").code == 0
    assert states(mastery, "latest") == ("rolled-back", ["rolled-back", "rolled-back"])
    listed = mastery("policy", "list", "--json").document["policies"]
    assert [(one["policy_id"], one["state"]) for one in listed] == [("latest", "rolled-back")]

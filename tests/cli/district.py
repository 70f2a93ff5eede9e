"""A small framework as a CASE package, and observations of two learners, as files bring them."""

from typing import Any

from tests.cli.conftest import Mastery

RATIO, PERCENT = "m-ratio", "m-percent"
DOCUMENT = "5f3c2d1e-0000-4000-8000-000000000000"
LATEST = {
    "name": "The latest score",
    "combine": {"op": "latest"},
    "levels": [{"code": "beginning", "at": "0"}, {"code": "proficient", "at": "3"}],
}
APPROVED = ("--reason", "board decision", "--approved-by", "a-diaz", "--approved-by", "a-okafor")
"""The options with which a policy file is published in one go."""


def package() -> dict[str, Any]:
    """A CASE package of two competencies, one of which precedes the other."""
    uri, changed = "urn:example", "2026-01-01T00:00:00+00:00"

    def item(identifier: str, statement: str) -> dict[str, Any]:
        return {"identifier": identifier, "uri": uri, "fullStatement": statement, "lastChangeDateTime": changed}

    def link(identifier: str) -> dict[str, str]:
        return {"identifier": identifier, "uri": uri, "title": identifier}

    precedes = {"identifier": "edge", "uri": uri, "associationType": "precedes", "lastChangeDateTime": changed}
    return {
        "CFDocument": {
            "identifier": DOCUMENT,
            "uri": uri,
            "creator": "district",
            "title": "Mathematics",
            "lastChangeDateTime": changed,
            "CFPackageURI": link("package"),
        },
        "CFItems": [item(RATIO, "Understand ratios"), item(PERCENT, "Use percentages")],
        "CFAssociations": [{**precedes, "originNodeURI": link(RATIO), "destinationNodeURI": link(PERCENT)}],
    }


def observation(evidence_id: str, learner_id: str, competency_id: str, value: str, day: int) -> dict[str, str]:
    """One observation of January 2026."""
    return {
        "evidence_id": evidence_id,
        "learner_id": learner_id,
        "competency_id": competency_id,
        "kind": "quiz",
        "value": value,
        "occurred_at": f"2026-01-{day:02}T09:00:00+00:00",
    }


OBSERVATIONS = (
    observation("e1", "ada", RATIO, "2", 5),
    observation("e2", "ada", RATIO, "3", 6),
    observation("e3", "ben", RATIO, "4", 6),
    observation("e4", "ben", PERCENT, "1", 7),
)


def fill(mastery: Mastery) -> None:
    """Import the framework and the observations, and have them projected."""
    assert mastery("import", "case", mastery.write("framework.json", package())).code == 0
    assert mastery("import", "observations", mastery.write("scores.ndjson", *OBSERVATIONS)).code == 0
    assert mastery("status").code == 0

"""Levels made of others, held back by prerequisites, told as marks and valid for a time: live and worked out."""

from typing import Any

import httpx
import pytest

from domain.policy.starters import starter
from infra.postgres.event_store import EventStore
from tests.projectors.feeding import append, project, select
from tests.query_api.asking import ask
from tests.query_api.histories import fact, scale, score

pytestmark = pytest.mark.anyio
MASTERY = "/v1/learners/l1/mastery"
EXPLANATION = "/v1/learners/l1/explanation"
LEVELS = [
    {"code": code, "at": at}
    for code, at in (("advanced", "3.5"), ("proficient", "2.5"), ("developing", "1.5"), ("beginning", "0"))
]
WHOLE = starter(
    "average",
    levels=LEVELS,
    rollup={"unknown": "ignore"},
    prerequisites=[{"competency": "gate", "at": "2", "cap": "developing"}],
    validity={"days": 10_000},
    convert=[{"mark": "A", "at": "3.5"}, {"mark": "B", "at": "2.5"}],
)
AT_2_TWICE = {"at_or_above": {"value": "2", "count": 2}}
COMPETENCIES = ("a", "b", "gate", "whole", "huge")


@pytest.fixture(autouse=True)
async def learner(store: EventStore, database: str) -> None:
    """Learner l1: whole is made of a (4), b (3) and c (nothing yet); gate is at 1."""
    competencies = [{"competency_id": one, "statement": f"Do {one}."} for one in (*COMPETENCIES, "c")]
    parts = [{"kind": "isChildOf", "from_id": one, "to_id": "whole"} for one in ("a", "b", "c")]
    policies = [{"policy_id": "p", "version": WHOLE.version}]
    await append(
        store,
        scale(),
        fact("framework-math", "2025-08-01", "framework.published.v1", framework_id="math", title="M", edition="1",
             scale_id="four", competencies=competencies, associations=parts),
        fact("policy-p", "2025-08-02", "policy.drafted.v1", policy_id="p", revision=1, version=WHOLE.version,
             document=WHOLE.model_dump(mode="json", exclude_none=True)),
        fact("policy-p", "2025-08-03", "policy.activated.v1", policy_id="p", version=WHOLE.version, policies=policies),
        score("a", "2025-09-10", 4_000_000, competency_id="a"),
        score("b", "2025-09-11", 3_000_000, competency_id="b"),
        score("g", "2025-09-12", 1_000_000, competency_id="gate"),
        score("w", "2025-09-13", 1_000_000, competency_id="whole"),
    )  # fmt: skip
    project(database)


def levels(answer: dict[str, Any]) -> dict[str, tuple[str | None, str | None, str | None]]:
    return {one["competency_id"]: (one["value"], one["effective_level"], one["mark"]) for one in answer["competencies"]}


async def test_what_is_made_of_others_has_a_level_and_a_mark_and_waits_for_its_prerequisite(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    before = {
        "a": ("4", "developing", "A"),
        "b": ("3", "developing", "B"),
        "gate": ("1", "beginning", None),
        "whole": ("3.5", "developing", "A"),
    }
    assert levels(await ask(api, MASTERY)) == before
    await append(store, score("g2", "2025-10-01", 4_000_000, competency_id="gate"))
    project(database)
    after = await ask(api, MASTERY)
    assert levels(after) == {
        "a": ("4", "advanced", "A"),
        "b": ("3", "proficient", "B"),
        "gate": ("2.5", "proficient", "B"),
        "whole": ("3.5", "advanced", "A"),
    }
    whole = after["competencies"][3]
    assert (whole["counted"], whole["scores"], whole["valid_until"]) == (2, 1, "2053-01-26T12:00:00Z")


async def test_levels_worked_out_on_the_spot_are_the_stored_ones(api: httpx.AsyncClient, database: str) -> None:
    stored = select(
        database,
        "SELECT competency_id, framework_id, status, level, effective_level, counted, scores, latest_occurred_at,"
        " policy_id, policy_version FROM read_model.current_mastery ORDER BY competency_id",
    )
    worked_out = (await ask(api, MASTERY))["competencies"]
    told = [{name: one[name] for name in stored[0]} for one in worked_out]
    for row in stored:
        row["latest_occurred_at"] = f"{row['latest_occurred_at']:%Y-%m-%dT%H:%M:%SZ}"
    assert told == stored


async def test_scores_count_for_their_time_and_no_longer(api: httpx.AsyncClient) -> None:
    later = await ask(api, MASTERY, as_of="2053-01-27T00:00:00Z")
    assert [(one["competency_id"], one["value"], one["expired"]) for one in later["competencies"]] == [
        ("a", None, 1), ("b", "3", 0), ("gate", "1", 0), ("whole", "3", 1),
    ]  # fmt: skip
    told = await ask(api, EXPLANATION, competency="a", as_of="2053-01-27T00:00:00Z")
    assert [(one["score_id"], one["dropped_because"]) for one in told["entries"]] == [("s-a", "over")]
    assert "1 score counts no more, because its time is over." in told["in_words"]


async def test_an_explanation_names_the_parts_the_prerequisites_and_the_day(api: httpx.AsyncClient) -> None:
    told = await ask(api, EXPLANATION, competency="whole")
    assert [(one["competency_id"], one["value"], one["share"], one["dropped_because"]) for one in told["parts"]] == [
        ("a", "4", "0.5", None), ("b", "3", "0.5", None), ("c", None, "0", "unknown"),
    ]  # fmt: skip
    assert told["prerequisites"] == [
        {"competency_id": "gate", "at": "2", "value": "1", "met": False, "cap": "developing"}
    ]
    assert [(one["score_id"], one["dropped_because"]) for one in told["entries"]] == [("s-w", "not-of-a-part")]
    assert (told["level"], told["next_level"], told["missing"]) == ("developing", "proficient", "0")
    assert told["in_words"] == (
        f'Learner l1 is at developing in "Do whole", under the policy "average" (version {WHOLE.version[:8]}). '
        "It is made of others: a is at 4 (developing); b is at 3 (developing); nothing is known of c yet. "
        "Together they make the value 3.5. Of 1 score, 1 was for the whole, which its parts decide on. "
        "Until competency gate is at 2 or above, the level is developing at most. It is told as A. "
        "If nothing new comes, this may change on 2053-01-26."
    )
    spanish = await ask(api, EXPLANATION, competency="whole", lang="es")
    assert "Se compone de otras: a está en 4 (developing)" in spanish["in_words"]


async def test_scores_too_large_to_add_up_are_told_and_leave_the_others_alone(
    api: httpx.AsyncClient, store: EventStore, database: str
) -> None:
    percent = starter("average", normalise={"to_max": "100"}, levels=LEVELS)
    document = percent.model_dump(mode="json", exclude_none=True)
    draft = fact("policy-q", "2025-08-02", "policy.drafted.v1", policy_id="q", revision=1, version=percent.version,
                 document=document)  # fmt: skip
    stream, event, day, meta = score("h", "2025-09-20", 10**15, competency_id="huge")
    await append(store, draft, (stream, event.model_copy(update={"possible_micro": 1}), day, meta))
    project(database)
    told = {one["competency_id"]: one for one in (await ask(api, MASTERY, policy="q"))["competencies"]}
    assert (told["huge"]["status"], told["huge"]["value"], told["a"]["value"]) == ("out_of_bounds", None, "100")
    why = await ask(api, EXPLANATION, competency="huge", policy="q")
    assert [entry["dropped_because"] for entry in why["entries"]] == ["too-large"]
    assert why["in_words"].startswith('The scores of learner l1 in "Do huge" are too large to add up')


@pytest.mark.parametrize(
    ("stages", "told"),
    [
        (
            {"rollup": {"unknown": "block"}},
            (
                'There is not enough evidence yet to say how far learner l1 is in "Do top"',
                "To reach beginning: a first score in c.",
            ),
        ),
        (
            {"rollup": {"unknown": "zero", "met_at": "1"}},
            (
                "whole is at 0.67 (beginning) and counts as 0; gate is at 1 (beginning). Together they make",
                "To reach developing: 1 more in the value.",
            ),
        ),
        (
            {"rollup": {"unknown": "ignore"}, "select": {"exclude_kinds": ["gate"]}},
            (
                "whole is at 3.5 (advanced); gate is at 1 (beginning), which does not count. Together they make",
                "No higher level is left to reach.",
            ),
        ),
        (
            {"rollup": {"unknown": "ignore"}, "require": [AT_2_TWICE], "unmet": {"cap": "beginning"}},
            (
                "Requirements hold the level down: 1 more of its parts at 2 or above.",
                "To reach developing: 1 more of its parts at 2 or above.",
            ),
        ),
    ],
)
async def test_parts_are_told_as_they_count_and_what_lacks_is_looked_for_below_them(
    api: httpx.AsyncClient, store: EventStore, database: str, stages: dict[str, Any], told: tuple[str, str]
) -> None:
    policy = starter("average", levels=LEVELS, **stages)
    competencies = [{"competency_id": one, "statement": f"Do {one}."} for one in (*COMPETENCIES, "c", "top")]
    parts = [{"kind": "isChildOf", "from_id": one, "to_id": "whole"} for one in ("a", "b", "c")]
    parts += [{"kind": "isChildOf", "from_id": one, "to_id": "top"} for one in ("whole", "gate")]
    await append(
        store,
        fact("framework-math", "2025-08-04", "framework.published.v1", framework_id="math", title="M", edition="2",
             scale_id="four", competencies=competencies, associations=parts),
        fact("policy-q", "2025-08-04", "policy.drafted.v1", policy_id="q", revision=1, version=policy.version,
             document=policy.model_dump(mode="json", exclude_none=True)),
    )  # fmt: skip
    project(database)
    words, step = told
    answer = await ask(api, EXPLANATION, competency="top", policy="q")
    assert words in answer["in_words"]
    assert answer["next_step"] == step

"""A question that names what is not on record is refused: nothing would read as a fact."""

import httpx
import pytest

from infra.postgres.event_store import EventStore
from tests.projectors.feeding import append, project
from tests.query_api.histories import official_acts, whole_learner

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def learners(store: EventStore, database: str) -> None:
    """Learners l1 and l2."""
    await append(store, *whole_learner(), *official_acts(27))
    project(database)


@pytest.mark.parametrize(
    "question",
    [
        "equity?by=school", "equity?by=grade", "equity?by=ell", "equity?framework=math&competency=d1",
        "feedback-latency?section=sec1", "reviews?learner=l2", "audit?learner=l1&competency=m1&type=score.given.v1",
        "policies:effective?school=north&competency=m1", "policies:effective?framework=math",
        "learners/l1/explanation?competency=d1", "learners/l1/mastery?as_of=2026-01-05",
        "audit?from=2026-01-05&to=2026-01-06", "learners/l1/growth?competency=d1", "learners/l2/targets/d1",
    ],
)  # fmt: skip
async def test_what_is_on_record_is_answered(api: httpx.AsyncClient, question: str) -> None:
    answer = await api.get(f"/v1/{question}")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("question", "code", "detail"),
    [
        ("equity?by=nonsense", "not-found", "no learner is in a subgroup of kind nonsense"),
        ("equity?framework=nonsense", "framework-unknown", "framework nonsense is not published"),
        ("equity?competency=nonsense", "competency-unknown", "competency nonsense is in no published framework"),
        ("feedback-latency?section=nonsense", "not-found", "no learner is in section nonsense"),
        ("reviews?learner=nonsense", "learner-unknown", "no event is about learner nonsense"),
        ("audit?learner=nonsense", "learner-unknown", "no event is about learner nonsense"),
        ("audit?competency=nonsense", "competency-unknown", "competency nonsense is in no published framework"),
        ("policies:effective?learner=nonsense", "learner-unknown", "no event is about learner nonsense"),
        ("policies:effective?school=nonsense", "not-found", "no learner, and no policy, is at school nonsense"),
        ("policies:effective?course=nonsense", "not-found", "no learner, and no policy, is in course nonsense"),
        ("policies:effective?framework=nonsense", "framework-unknown", "framework nonsense is not published"),
        ("policies:effective?competency=nonsense", "competency-unknown", "competency nonsense is in no such framework"),
        ("policies/nonsense", "policy-unknown", "policy nonsense is not drafted"),
        ("policy-library?name=nonsense", "policy-unknown", "policy nonsense is not in the library"),
        ("frameworks/nonsense", "framework-unknown", "framework nonsense is not published"),
        ("scores/nonsense/chain", "score-unknown", "score nonsense was not given"),
        ("simulations/nonsense", "simulation-unknown", "simulation nonsense has not been asked for"),
        ("simulations/nonsense/movers", "simulation-unknown", "simulation nonsense has not been asked for"),
        ("replays/404", "not-found", "no replay of a publication at 404"),
        ("learners/nonsense/mastery", "learner-unknown", "no event is about learner nonsense"),
        ("learners/l1/mastery?policy=nonsense", "policy-unknown", "policy nonsense is neither"),
        (
            "learners/l1/explanation?competency=nonsense",
            "competency-unknown",
            "competency nonsense is in no published framework",
        ),
        (
            "learners/l1/growth?competency=nonsense",
            "competency-unknown",
            "competency nonsense is in no published framework",
        ),
        ("learners/l1/targets/nonsense", "competency-unknown", "competency nonsense is in no published framework"),
        ("learners/l1/report-cards/nonsense", "act-unknown", "report card nonsense"),
    ],
)
async def test_what_is_not_on_record_is_not_found(
    api: httpx.AsyncClient, question: str, code: str, detail: str
) -> None:
    answer = await api.get(f"/v1/{question}")
    assert (answer.status_code, answer.json()["code"]) == (404, code), answer.text
    assert answer.json()["detail"].startswith(detail)


@pytest.mark.parametrize(
    ("question", "detail"),
    [
        ("audit?type=nonsense", "type nonsense is of no event"),
        ("events?type=nonsense", "event type nonsense is not registered"),
        ("equity?by=", "by: string should match pattern"),
        ("equity?nonsense=1", "nonsense: extra inputs are not permitted"),
        ("learners/l1/mastery?as_of=yesterday", "time 'yesterday' is not an ISO 8601 date and time"),
        (
            "learners/l1/mastery?as_of=9999-12-31T23:59:59-14:00",
            "time 9999-12-31T23:59:59-14:00 lies outside",
        ),
        ("learners/l1/explanation?competency=m1&since=1899-12-31", "time 1899-12-31T00:00:00+00:00 lies outside"),
        ("policies:effective?on=9999-12-31", "day 9999-12-31 lies outside 1900..9998"),
        ("audit?reason=a%00b", "reason: string should match pattern"),
        ("learners/l1/mastery?policy=%00", "policy: string should match pattern"),
        ("policy-library?name=%00", "name: string should match pattern"),
        ("learners/l1/history?limit=0", "limit:"),
        ("learners/l1/history?limit=501", "limit:"),
        ("glossary?lang=tlh", "lang:"),
    ],
)
async def test_what_can_never_be_is_malformed(api: httpx.AsyncClient, question: str, detail: str) -> None:
    answer = await api.get(f"/v1/{question}")
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed"), answer.text
    assert answer.json()["detail"].startswith(detail)

"""The questions about a school, its frameworks, the trail, the stream and the running of the ledger."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from domain.kernel.ids import FrameworkId, ScoreId, WebhookId
from domain.kernel.permissions import Permission
from services.query_api.desk import LEVELS_AND_ACTS, AtDesk
from services.query_api.equity import Equity, EquitySearch, read_equity
from services.query_api.event_stream import STREAM_CONTENT, Accepts, After, LastEventID, respond
from services.query_api.feedback import FeedbackLatency, LatencySearch, read_latency
from services.query_api.framework_lint import FrameworkDraft, FrameworkLint, read_framework_lint
from services.query_api.frameworks import Framework, read_framework
from services.query_api.glossary import Glossary, read_glossary
from services.query_api.policy_words import Told
from services.query_api.projections import Projections, read_projections
from services.query_api.reviews import ReviewList, ReviewSearch, read_reviews
from services.query_api.score_chain import ScoreChain, learner_of_score, read_chain
from services.query_api.trail import Search, TrailPage, read_trail
from services.query_api.webhooks import (
    Deliveries,
    DeliveryPage,
    Secret,
    Webhooks,
    read_deliveries,
    read_secret,
    read_webhooks,
)

router = APIRouter(prefix="/v1")
operations = APIRouter(include_in_schema=False)


@router.get("/scores/{score_id}/chain", response_model=ScoreChain, tags=["audit"])
async def chain(at: AtDesk, score_id: ScoreId) -> Response:
    """Everything that happened to one score: who, when, why, before and after."""
    at.require(Permission.READ_LEARNER, await at.ask("mastery", lambda c: learner_of_score(c, score_id)))
    return await at.answer("audit_trail", lambda c: read_chain(c, score_id))


@router.get("/glossary", response_model=Glossary, tags=["school"])
async def glossary(at: AtDesk, told: Annotated[Told, Query()]) -> Response:
    """What the words mean, in a language, and how the district calls them."""
    at.require(Permission.READ_POLICY)
    return await at.answer(None, lambda c: read_glossary(c, told.lang))


@router.get("/equity", response_model=Equity, tags=["school"])
async def equity(at: AtDesk, search: Annotated[EquitySearch, Query()]) -> Response:
    """How groups of learners do, and how often they could show it; small groups are not shown."""
    at.require(Permission.READ_EQUITY)
    return await at.answer(LEVELS_AND_ACTS, lambda c: read_equity(c, search))


@router.get("/feedback-latency", response_model=FeedbackLatency, tags=["school"])
async def feedback_latency(at: AtDesk, search: Annotated[LatencySearch, Query()]) -> Response:
    """Median days from submission to feedback, by section."""
    at.require(Permission.READ_LEARNER)
    return await at.answer("learner_profile", lambda c: read_latency(c, search))


@router.get("/reviews", response_model=ReviewList, tags=["audit"])
async def reviews(at: AtDesk, search: Annotated[ReviewSearch, Query()]) -> Response:
    """Official acts whose basis a later rule, changed evidence or passed time does not give any more."""
    at.require(Permission.READ_REVIEWS)
    return await at.answer(LEVELS_AND_ACTS, lambda c: read_reviews(c, search))


@router.get("/audit", response_model=TrailPage, tags=["audit"])
async def audit(at: AtDesk, search: Annotated[Search, Query()]) -> Response:
    """Search the trail of all events, newest first."""
    at.require(Permission.READ_AUDIT, search.learner)
    return await at.answer("audit_trail", lambda c: read_trail(c, search))


@router.get("/events", response_class=Response, responses={200: {"content": STREAM_CONTENT}}, tags=["stream"])
async def events(
    at: AtDesk,
    request: Request,
    wanted: Annotated[After, Query()],
    accept: Accepts = "*/*",
    last_event_id: LastEventID = None,
) -> Response:
    """The event stream as CloudEvents: pages after a position, or server-sent events as they are recorded."""
    at.require(Permission.READ_STREAM)
    return await respond(at.desk, request, wanted, accept, last_event_id)


@router.get("/webhooks", tags=["stream"])
async def webhooks(at: AtDesk) -> Webhooks:
    """The webhooks, and how far each is served."""
    at.require(Permission.KEEP_WEBHOOKS)
    return await at.desk.ask(read_webhooks)


@router.get("/webhooks/{webhook_id}/deliveries", tags=["stream"])
async def deliveries(at: AtDesk, webhook_id: WebhookId, page: Annotated[DeliveryPage, Query()]) -> Deliveries:
    """Every attempt to deliver to a webhook, newest first."""
    at.require(Permission.KEEP_WEBHOOKS)
    return await at.desk.ask(lambda c: read_deliveries(c, webhook_id, page))


@router.get("/webhooks/{webhook_id}/secret", tags=["stream"])
async def secret(at: AtDesk, webhook_id: WebhookId, response: Response) -> Secret:
    """What the messages of a webhook are signed with (Standard Webhooks), for its receiver."""
    at.require(Permission.KEEP_WEBHOOKS)
    response.headers["Cache-Control"] = "no-store"
    return await at.desk.ask(lambda c: read_secret(c, webhook_id, at.desk.secret_of))


@router.post("/frameworks:lint", response_model=FrameworkLint, tags=["framework"])
async def framework_lint(at: AtDesk, draft: FrameworkDraft) -> Response:
    """What is wanting in targets that nobody has published yet: explicit, measurable, transferable."""
    at.require(Permission.READ_POLICY)
    return await at.answer(None, lambda c: read_framework_lint(c, draft))


@router.get("/frameworks/{framework_id}", response_model=Framework, tags=["framework"])
async def framework(at: AtDesk, framework_id: FrameworkId) -> Response:
    """A framework's current edition with its scale."""
    at.require(Permission.READ_POLICY)
    return await at.answer(None, lambda c: read_framework(c, framework_id))


@router.get("/projections", tags=["operations"])
async def projections(at: AtDesk) -> Projections:
    """Where each projector is, how far behind, how fast; who is parked; its generations."""
    at.require(Permission.READ_STATUS)
    return await at.desk.ask(read_projections)


@operations.get("/healthz")
async def healthz(request: Request) -> Response:
    """Answer 200 while the database answers, else 503; open to all."""
    await request.app.state.desk.ask(read_projections)
    return Response("ok\n", media_type="text/plain")


@operations.get("/metrics")
async def metrics(request: Request) -> Response:
    """Counts and times for Prometheus, nothing about a person; open to all."""
    told = await request.app.state.desk.ask(read_projections)
    return Response(request.app.state.measures.text(told), media_type=CONTENT_TYPE_LATEST)

"""The questions of the ledger, all routes on one screen. Each lets in, names its read model, asks and answers."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST

from domain.kernel.ids import ActId, CompetencyId, FrameworkId, LearnerId, PolicyId, ScoreId, SimulationId, WebhookId
from domain.kernel.permissions import Permission
from services.query_api.answers import Moment, Page
from services.query_api.desk import LEVELS_AND_ACTS, AtDesk
from services.query_api.effective_policy import EffectivePolicy, Where, read_effective
from services.query_api.equity import Equity, EquitySearch, read_equity
from services.query_api.event_stream import STREAM_CONTENT, Accepts, After, LastEventID, respond
from services.query_api.evidence_coverage import EvidenceCoverage, read_coverage
from services.query_api.explain_mastery import CellView, MasteryExplained, read_explanation
from services.query_api.feedback import FeedbackLatency, LatencySearch, LearnerFeedback, read_feedback, read_latency
from services.query_api.framework_lint import FrameworkDraft, FrameworkLint, read_framework_lint
from services.query_api.frameworks import Framework, read_framework
from services.query_api.glossary import Glossary, read_glossary
from services.query_api.learner_goals import LearnerGoals, read_goals
from services.query_api.learner_mastery import LearnerMastery, View, read_mastery
from services.query_api.learner_pathway import LearnerPathways, read_pathways
from services.query_api.learner_profile import LearnerProfile, read_profile
from services.query_api.learner_supports import LearnerSupports, read_supports
from services.query_api.level_history import AboutCompetency, Growth, read_growth
from services.query_api.notices import NoticePage, Notices, read_notices
from services.query_api.official_acts import LearnerCredits, read_credits
from services.query_api.policies import Policies, read_policies
from services.query_api.policy_library import PolicyLibrary, Wanted, read_library
from services.query_api.policy_words import PolicyDraft, PolicyLint, PolicyTold, Told, read_lint, read_policy
from services.query_api.projections import Projections, read_projections
from services.query_api.ready_to_advance import ReadyToAdvance, read_ready
from services.query_api.replays import Replay, ReplayId, Replays, read_replay, read_replays, tell
from services.query_api.report_card import ReportCard, read_report_card
from services.query_api.reviews import ReviewList, ReviewSearch, read_reviews
from services.query_api.score_chain import ScoreChain, learner_of_score, read_chain
from services.query_api.simulation_movers import MoverExplained, Movers, read_mover, read_movers
from services.query_api.simulation_movers import Search as MoverSearch
from services.query_api.simulation_streams import movers_csv, progress
from services.query_api.simulations import Compare, Comparison, Simulation, read_comparison, read_simulation
from services.query_api.target_card import TargetCard, read_target_card
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

v1 = APIRouter(prefix="/v1")
simulations = APIRouter(prefix="/v1/simulations", tags=["simulation"])
operations = APIRouter(include_in_schema=False)
learners = APIRouter(prefix="/v1/learners/{learner_id}", tags=["learner"])


@learners.get("/mastery", response_model=LearnerMastery)
async def mastery(at: AtDesk, learner_id: LearnerId, view: Annotated[View, Query()]) -> Response:
    """A learner's levels: in force, as of a time, as known at a time, or under another policy."""
    return await at.about(learner_id, "mastery", lambda c: read_mastery(c, learner_id, view))


@learners.get("/explanation", response_model=MasteryExplained)
async def explanation(at: AtDesk, learner_id: LearnerId, view: Annotated[CellView, Query()]) -> Response:
    """Why a learner is at a level: what counted, what did not and why, what is still needed."""
    return await at.about(learner_id, "mastery", lambda c: read_explanation(c, learner_id, view))


@learners.get("/growth", response_model=Growth)
async def growth(at: AtDesk, learner_id: LearnerId, about: Annotated[AboutCompetency, Query()]) -> Response:
    """How a learner's level of a competency has grown: each change, from what to what, and its cause."""
    return await at.about(learner_id, "mastery", lambda c: read_growth(c, learner_id, about.competency))


@learners.get("/targets/{competency_id}", response_model=TargetCard)
async def target(
    at: AtDesk, learner_id: LearnerId, competency_id: CompetencyId, told: Annotated[Told, Query()]
) -> Response:
    """The card of a target: what it says, what each level takes, how far the learner is, what is still needed."""
    return await at.about(
        learner_id, LEVELS_AND_ACTS, lambda c: read_target_card(c, learner_id, competency_id, told.lang)
    )


@learners.get("/profile", response_model=LearnerProfile)
async def profile(at: AtDesk, learner_id: LearnerId, moment: Annotated[Moment, Query()]) -> Response:
    """Strengths, needs, interests ... with age and source; goals; progress; enrolments."""
    return await at.about(learner_id, "learner_profile", lambda c: read_profile(c, learner_id, moment.as_of))


@learners.get("/goals", response_model=LearnerGoals)
async def goals(at: AtDesk, learner_id: LearnerId, moment: Annotated[Moment, Query()]) -> Response:
    """A learner's goals, who signed them, and how they went."""
    return await at.about(learner_id, "learner_profile", lambda c: read_goals(c, learner_id, moment.as_of))


@learners.get("/pathway", response_model=LearnerPathways)
async def pathway(at: AtDesk, learner_id: LearnerId, moment: Annotated[Moment, Query()]) -> Response:
    """A learner's pathways, and every change with its because, old beside new."""
    return await at.about(learner_id, "learner_profile", lambda c: read_pathways(c, learner_id, moment.as_of))


@learners.get("/supports", response_model=LearnerSupports)
async def supports(at: AtDesk, learner_id: LearnerId, moment: Annotated[Moment, Query()]) -> Response:
    """What a learner is given to master something, because of what, and what was ended and why."""
    return await at.about(learner_id, "learner_profile", lambda c: read_supports(c, learner_id, moment.as_of))


@learners.get("/feedback", response_model=LearnerFeedback)
async def feedback(at: AtDesk, learner_id: LearnerId, page: Annotated[Page, Query()]) -> Response:
    """What a learner was told of its work, newest first, and how soon."""
    return await at.about(learner_id, "learner_profile", lambda c: read_feedback(c, learner_id, page))


@learners.get("/evidence-coverage", response_model=EvidenceCoverage)
async def evidence_coverage(at: AtDesk, learner_id: LearnerId) -> Response:
    """Of what evidence a learner's record is made: how deep, in which forms, and what is missing."""
    return await at.about(learner_id, None, lambda c: read_coverage(c, learner_id))


@learners.get("/ready-to-advance", response_model=ReadyToAdvance)
async def ready_to_advance(at: AtDesk, learner_id: LearnerId) -> Response:
    """What a learner has mastered and may advance from, as soon as the policy says so."""
    return await at.about(learner_id, LEVELS_AND_ACTS, lambda c: read_ready(c, learner_id))


@learners.get("/credits", response_model=LearnerCredits)
async def credits_of(at: AtDesk, learner_id: LearnerId, moment: Annotated[Moment, Query()]) -> Response:
    """A learner's advancements, credit and report cards, what each rests on, and requests that wait."""
    return await at.about(learner_id, "learner_profile", lambda c: read_credits(c, learner_id, moment.as_of))


@learners.get("/report-cards/{act_id}", response_model=ReportCard)
async def report_card(at: AtDesk, learner_id: LearnerId, act_id: ActId) -> Response:
    """A report card as it was issued: levels by competency, marks by declared conversion, dispositions apart."""
    return await at.about(learner_id, "learner_profile", lambda c: read_report_card(c, learner_id, act_id))


@learners.get("/history", response_model=TrailPage)
async def history(at: AtDesk, learner_id: LearnerId, page: Annotated[Page, Query()]) -> Response:
    """Everything that happened about a learner, newest first."""
    search = Search(learner=learner_id, **page.model_dump())
    return await at.about(learner_id, "audit_trail", lambda c: read_trail(c, search))


@v1.get("/scores/{score_id}/chain", response_model=ScoreChain, tags=["audit"])
async def chain(at: AtDesk, score_id: ScoreId) -> Response:
    """Everything that happened to one score: who, when, why, before and after."""
    at.require(Permission.READ_LEARNER, await at.ask("mastery", lambda c: learner_of_score(c, score_id)))
    return await at.answer("audit_trail", lambda c: read_chain(c, score_id))


@v1.get("/glossary", response_model=Glossary, tags=["school"])
async def glossary(at: AtDesk, told: Annotated[Told, Query()]) -> Response:
    """What the words mean, in a language, and how the district calls them."""
    at.require(Permission.READ_POLICY)
    return await at.answer(None, lambda c: read_glossary(c, told.lang))


@v1.get("/equity", response_model=Equity, tags=["school"])
async def equity(at: AtDesk, search: Annotated[EquitySearch, Query()]) -> Response:
    """How groups of learners do, and how often they could show it; small groups are not shown."""
    at.require(Permission.READ_EQUITY)
    return await at.answer(LEVELS_AND_ACTS, lambda c: read_equity(c, search))


@v1.get("/feedback-latency", response_model=FeedbackLatency, tags=["school"])
async def feedback_latency(at: AtDesk, search: Annotated[LatencySearch, Query()]) -> Response:
    """Median days from submission to feedback, by section."""
    at.require(Permission.READ_LEARNER)
    return await at.answer("learner_profile", lambda c: read_latency(c, search))


@v1.get("/reviews", response_model=ReviewList, tags=["audit"])
async def reviews(at: AtDesk, search: Annotated[ReviewSearch, Query()]) -> Response:
    """Official acts whose basis a later rule, or a change of their evidence, does not give any more."""
    at.require(Permission.READ_REVIEWS)
    return await at.answer(LEVELS_AND_ACTS, lambda c: read_reviews(c, search))


@v1.get("/audit", response_model=TrailPage, tags=["audit"])
async def audit(at: AtDesk, search: Annotated[Search, Query()]) -> Response:
    """Search the trail of all events, newest first."""
    at.require(Permission.READ_AUDIT, search.learner)
    return await at.answer("audit_trail", lambda c: read_trail(c, search))


@v1.get("/events", response_class=Response, responses={200: {"content": STREAM_CONTENT}}, tags=["stream"])
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


@v1.get("/webhooks", tags=["stream"])
async def webhooks(at: AtDesk) -> Webhooks:
    """The webhooks, and how far each is served."""
    at.require(Permission.KEEP_WEBHOOKS)
    return await at.desk.ask(read_webhooks)


@v1.get("/webhooks/{webhook_id}/deliveries", tags=["stream"])
async def deliveries(at: AtDesk, webhook_id: WebhookId, page: Annotated[DeliveryPage, Query()]) -> Deliveries:
    """Every attempt to deliver to a webhook, newest first."""
    at.require(Permission.KEEP_WEBHOOKS)
    return await at.desk.ask(lambda c: read_deliveries(c, webhook_id, page))


@v1.get("/webhooks/{webhook_id}/secret", tags=["stream"])
async def secret(at: AtDesk, webhook_id: WebhookId, response: Response) -> Secret:
    """What the messages of a webhook are signed with (Standard Webhooks), for its receiver."""
    at.require(Permission.KEEP_WEBHOOKS)
    response.headers["Cache-Control"] = "no-store"
    return await at.desk.ask(lambda c: read_secret(c, webhook_id, at.desk.secret_of))


@v1.get("/policies", response_model=Policies, tags=["policy"])
async def policies(at: AtDesk) -> Response:
    """All policies and the set in force."""
    at.require(Permission.READ_POLICY)
    return await at.answer(None, lambda c: read_policies(c, at.desk.approvals_min))


@v1.get("/policies:effective", response_model=EffectivePolicy, tags=["policy"])
async def effective(at: AtDesk, where: Annotated[Where, Query()]) -> Response:
    """Which policy answers in a place, or for a learner, on a date; and what stands behind it."""
    if where.learner is not None:
        return await at.about(where.learner, "mastery", lambda c: read_effective(c, where))
    at.require(Permission.READ_POLICY)
    return await at.answer(None, lambda c: read_effective(c, where))


@v1.get("/policies/{policy_id}", response_model=PolicyTold, tags=["policy"])
async def policy(at: AtDesk, policy_id: PolicyId, told: Annotated[Told, Query()]) -> Response:
    """One policy: its revisions, in plain words and with what the lint finds, and its life."""
    at.require(Permission.READ_POLICY)
    return await at.answer(None, lambda c: read_policy(c, policy_id, told.lang, at.desk.approvals_min))


@v1.post("/policies:lint", response_model=PolicyLint, tags=["policy"])
async def lint(at: AtDesk, draft: PolicyDraft, told: Annotated[Told, Query()]) -> Response:
    """What a document that nobody has drafted yet says, and what the lint finds in it; nothing is written."""
    at.require(Permission.READ_POLICY)
    return await at.answer(None, lambda c: read_lint(c, draft, told.lang))


@simulations.get("/compare")
async def comparison(at: AtDesk, asked: Annotated[Compare, Query()]) -> Comparison:
    """Up to three drafts that were tried at one position: the levels of each, and the cells where they differ."""
    at.require(Permission.READ_SIMULATION)
    at.require(Permission.READ_LEARNER)
    return await at.desk.ask(lambda c: read_comparison(c, asked))


@simulations.get("/{simulation_id}")
async def simulation(at: AtDesk, simulation_id: SimulationId) -> Simulation:
    """A what-if: how far it is, and what the draft would do, by school, grade and subgroup."""
    at.require(Permission.READ_SIMULATION)
    return await at.desk.ask(lambda c: read_simulation(c, simulation_id))


@simulations.get("/{simulation_id}/progress", response_class=StreamingResponse)
async def simulation_progress(at: AtDesk, simulation_id: SimulationId) -> Response:
    """How far a what-if is, as server-sent events, until it has ended."""
    at.require(Permission.READ_SIMULATION)
    found = await at.desk.ask(lambda c: read_simulation(c, simulation_id))
    headers = {"Cache-Control": "no-store"}
    return StreamingResponse(progress(at.desk, found), media_type="text/event-stream", headers=headers)


@simulations.get("/{simulation_id}/movers")
async def movers(at: AtDesk, simulation_id: SimulationId, search: Annotated[MoverSearch, Query()]) -> Movers:
    """Who would move, from which level to which."""
    at.require(Permission.READ_SIMULATION)
    at.require(Permission.READ_LEARNER)
    return await at.desk.ask(lambda c: read_movers(c, simulation_id, search))


@simulations.get("/{simulation_id}/movers.csv", response_class=StreamingResponse)
async def movers_file(at: AtDesk, simulation_id: SimulationId) -> Response:
    """Everybody who would move, as CSV."""
    at.require(Permission.READ_SIMULATION)
    at.require(Permission.READ_LEARNER)
    await at.desk.ask(lambda c: read_simulation(c, simulation_id))
    return StreamingResponse(movers_csv(at.desk, simulation_id), media_type="text/csv")


@simulations.get("/{simulation_id}/movers/{learner_id}/{competency_id}")
async def mover(
    at: AtDesk,
    simulation_id: SimulationId,
    learner_id: LearnerId,
    competency_id: CompetencyId,
    told: Annotated[Told, Query()],
) -> MoverExplained:
    """A cell that would move, with both explanations: under the policy in force, and under the draft."""
    at.require(Permission.READ_SIMULATION)
    at.require(Permission.READ_LEARNER, learner_id)
    return await at.desk.ask(lambda c: read_mover(c, simulation_id, (learner_id, competency_id), told.lang))


@v1.get("/policy-library", response_model=PolicyLibrary, tags=["policy"])
async def library(at: AtDesk, wanted: Annotated[Wanted, Query()]) -> Response:
    """The policies to start from, by the names that districts and systems know them by."""
    at.require(Permission.READ_POLICY)
    return await at.answer(None, lambda c: read_library(c, wanted))


@v1.post("/frameworks:lint", response_model=FrameworkLint, tags=["framework"])
async def framework_lint(at: AtDesk, draft: FrameworkDraft) -> Response:
    """What is wanting in targets that nobody has published yet: explicit, measurable, transferable."""
    at.require(Permission.READ_POLICY)
    return await at.answer(None, lambda c: read_framework_lint(c, draft))


@v1.get("/frameworks/{framework_id}", response_model=Framework, tags=["framework"])
async def framework(at: AtDesk, framework_id: FrameworkId) -> Response:
    """A framework's current edition with its scale."""
    at.require(Permission.READ_POLICY)
    return await at.answer(None, lambda c: read_framework(c, framework_id))


@learners.get("/notices", response_model=Notices)
async def notices_of_learner(at: AtDesk, learner_id: LearnerId, page: Annotated[NoticePage, Query()]) -> Response:
    """The notices of a learner: each level that a switch of policies changed."""
    return await at.about(learner_id, "mastery", lambda c: read_notices(c, page, learner_id))


@v1.get("/notices", response_model=Notices, tags=["policy"])
async def notices(at: AtDesk, page: Annotated[NoticePage, Query()]) -> Response:
    """The notices of all learners in the order of their issue, for systems that deliver them."""
    at.require(Permission.READ_NOTICES)
    return await at.answer("mastery", lambda c: read_notices(c, page))


@v1.get("/replays", tags=["policy"])
async def replays(at: AtDesk) -> Replays:
    """How far the levels of each publication are made, and what came of it."""
    at.require(Permission.READ_STATUS)
    return await at.desk.ask(read_replays)


@v1.get("/replays/{replay_id}", tags=["policy"])
async def replay(at: AtDesk, replay_id: ReplayId) -> Replay:
    """One replay, named by the position of its publication."""
    at.require(Permission.READ_STATUS)
    return await at.desk.ask(lambda c: read_replay(c, replay_id))


@v1.get("/replays/{replay_id}/progress", response_class=Response, tags=["policy"])
async def replay_progress(at: AtDesk, replay_id: ReplayId) -> Response:
    """Server-sent events: how far a replay is, whenever that changes, until it ends."""
    at.require(Permission.READ_STATUS)
    begun = await at.desk.ask(lambda c: read_replay(c, replay_id))
    return StreamingResponse(
        tell(at.desk, begun), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


@v1.get("/projections", tags=["operations"])
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

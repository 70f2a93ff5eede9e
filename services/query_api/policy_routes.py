"""The questions about policies: what they say, what drafts would do, how far their levels are."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from domain.kernel.ids import CompetencyId, LearnerId, PolicyId, SimulationId
from domain.kernel.permissions import Permission
from services.query_api.desk import AtDesk
from services.query_api.effective_policy import EffectivePolicy, Where, read_effective
from services.query_api.notices import NoticePage, Notices, read_notices
from services.query_api.policies import Policies, read_policies
from services.query_api.policy_library import PolicyLibrary, Wanted, read_library
from services.query_api.policy_words import PolicyDraft, PolicyLint, PolicyTold, Told, read_lint, read_policy
from services.query_api.replays import OneReplay, ReplayId, Replays, read_one, read_replay, read_replays, tell
from services.query_api.simulation_movers import MoverExplained, Movers, read_mover, read_movers
from services.query_api.simulation_movers import Search as MoverSearch
from services.query_api.simulation_streams import movers_csv, progress
from services.query_api.simulations import Compare, Comparison, Simulation, read_comparison, read_simulation

router = APIRouter(prefix="/v1", tags=["policy"])
simulations = APIRouter(prefix="/v1/simulations", tags=["simulation"])


@router.get("/policies", response_model=Policies)
async def policies(at: AtDesk) -> Response:
    """All policies and the set in force."""
    at.require(Permission.READ_POLICY)
    simulations = at.may(Permission.READ_SIMULATION)
    return await at.answer(None, lambda c: read_policies(c, at.desk.approvals_min, simulations=simulations))


@router.get("/policies:effective", response_model=EffectivePolicy)
async def effective(at: AtDesk, where: Annotated[Where, Query()]) -> Response:
    """Which policy answers in a place, or for a learner, on a date; and what stands behind it."""
    if where.learner is not None:
        return await at.about(where.learner, "mastery", lambda c: read_effective(c, where))
    at.require(Permission.READ_POLICY)
    return await at.answer(None, lambda c: read_effective(c, where))


@router.get("/policies/{policy_id}", response_model=PolicyTold)
async def policy(at: AtDesk, policy_id: PolicyId, told: Annotated[Told, Query()]) -> Response:
    """One policy: its revisions, in plain words and with what the lint finds, and its life."""
    at.require(Permission.READ_POLICY)
    least, simulations = at.desk.approvals_min, at.may(Permission.READ_SIMULATION)
    return await at.answer(None, lambda c: read_policy(c, policy_id, told.lang, least, simulations=simulations))


@router.post("/policies:lint", response_model=PolicyLint)
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


@simulations.get("/{simulation_id}", response_model=Simulation)
async def simulation(at: AtDesk, simulation_id: SimulationId) -> Response:
    """A what-if: how far it is, and what the draft would do, by school, grade and subgroup."""
    at.require(Permission.READ_SIMULATION)
    return await at.watch(None, lambda c: read_simulation(c, simulation_id))


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
    (await at.desk.ask(lambda c: read_simulation(c, simulation_id))).require_movers()
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


@router.get("/policy-library", response_model=PolicyLibrary)
async def library(at: AtDesk, wanted: Annotated[Wanted, Query()]) -> Response:
    """The policies to start from, by the names that districts and systems know them by."""
    at.require(Permission.READ_POLICY)
    return await at.answer(None, lambda c: read_library(c, wanted))


@router.get("/notices", response_model=Notices)
async def notices(at: AtDesk, page: Annotated[NoticePage, Query()]) -> Response:
    """The notices of all learners in the order of their issue, for systems that deliver them."""
    at.require(Permission.READ_NOTICES)
    return await at.answer("mastery", lambda c: read_notices(c, page))


@router.get("/replays", response_model=Replays)
async def replays(at: AtDesk) -> Response:
    """How far the levels of each publication are made, and what came of it."""
    at.require(Permission.READ_STATUS)
    return await at.watch("mastery", read_replays)


@router.get("/replays/{replay_id}", response_model=OneReplay)
async def replay(at: AtDesk, replay_id: ReplayId) -> Response:
    """One replay, named by the position of its publication."""
    at.require(Permission.READ_STATUS)
    return await at.watch("mastery", lambda c: read_one(c, replay_id))


@router.get("/replays/{replay_id}/progress", response_class=Response)
async def replay_progress(at: AtDesk, replay_id: ReplayId) -> Response:
    """Server-sent events: how far a replay is, whenever that changes, until it ends."""
    at.require(Permission.READ_STATUS)
    begun = await at.desk.ask(lambda c: read_replay(c, replay_id))
    return StreamingResponse(
        tell(at.desk, begun), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )

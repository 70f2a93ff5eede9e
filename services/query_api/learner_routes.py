"""The questions about one learner. Each lets in, names its read model, asks and answers."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from domain.kernel.ids import ActId, CompetencyId, LearnerId
from services.query_api.answers import Moment, Page
from services.query_api.desk import LEVELS_AND_ACTS, AtDesk
from services.query_api.evidence_coverage import EvidenceCoverage, read_coverage
from services.query_api.explain_mastery import CellView, MasteryExplained, read_explanation
from services.query_api.feedback import LearnerFeedback, read_feedback
from services.query_api.learner_goals import LearnerGoals, read_goals
from services.query_api.learner_mastery import LearnerMastery, View, read_mastery
from services.query_api.learner_pathway import LearnerPathways, read_pathways
from services.query_api.learner_profile import LearnerProfile, read_profile
from services.query_api.learner_supports import LearnerSupports, read_supports
from services.query_api.level_history import AboutCompetency, Growth, read_growth
from services.query_api.notices import NoticePage, Notices, read_notices
from services.query_api.official_acts import LearnerCredits, read_credits
from services.query_api.policy_words import Told
from services.query_api.ready_to_advance import ReadyToAdvance, read_ready
from services.query_api.report_card import ReportCard, read_report_card
from services.query_api.target_card import TargetCard, read_target_card
from services.query_api.trail import Search, TrailPage, read_trail

router = APIRouter(prefix="/v1/learners/{learner_id}", tags=["learner"])


@router.get("/mastery", response_model=LearnerMastery)
async def mastery(at: AtDesk, learner_id: LearnerId, view: Annotated[View, Query()]) -> Response:
    """A learner's levels: in force, as of a time, as known at a time, or under another policy."""
    return await at.about(learner_id, "mastery", lambda c: read_mastery(c, learner_id, view))


@router.get("/explanation", response_model=MasteryExplained)
async def explanation(at: AtDesk, learner_id: LearnerId, view: Annotated[CellView, Query()]) -> Response:
    """Why a learner is at a level: what counted, what did not and why, what is still needed."""
    return await at.about(learner_id, "mastery", lambda c: read_explanation(c, learner_id, view))


@router.get("/growth", response_model=Growth)
async def growth(at: AtDesk, learner_id: LearnerId, about: Annotated[AboutCompetency, Query()]) -> Response:
    """How a learner's level of a competency has grown: each change, from what to what, and its cause."""
    return await at.about(learner_id, "mastery", lambda c: read_growth(c, learner_id, about.competency))


@router.get("/targets/{competency_id}", response_model=TargetCard)
async def target(
    at: AtDesk, learner_id: LearnerId, competency_id: CompetencyId, told: Annotated[Told, Query()]
) -> Response:
    """The card of a target: what it says, what each level takes, how far the learner is, what is still needed."""
    return await at.about(
        learner_id, LEVELS_AND_ACTS, lambda c: read_target_card(c, learner_id, competency_id, told.lang)
    )


@router.get("/profile", response_model=LearnerProfile)
async def profile(at: AtDesk, learner_id: LearnerId, moment: Annotated[Moment, Query()]) -> Response:
    """Strengths, needs, interests ... with age and source; goals; progress; enrolments."""
    return await at.about(learner_id, "learner_profile", lambda c: read_profile(c, learner_id, moment.as_of))


@router.get("/goals", response_model=LearnerGoals)
async def goals(at: AtDesk, learner_id: LearnerId, moment: Annotated[Moment, Query()]) -> Response:
    """A learner's goals, who signed them, and how they went."""
    return await at.about(learner_id, "learner_profile", lambda c: read_goals(c, learner_id, moment.as_of))


@router.get("/pathway", response_model=LearnerPathways)
async def pathway(at: AtDesk, learner_id: LearnerId, moment: Annotated[Moment, Query()]) -> Response:
    """A learner's pathways, and every change with its because, old beside new."""
    return await at.about(learner_id, "learner_profile", lambda c: read_pathways(c, learner_id, moment.as_of))


@router.get("/supports", response_model=LearnerSupports)
async def supports(at: AtDesk, learner_id: LearnerId, moment: Annotated[Moment, Query()]) -> Response:
    """What a learner is given to master something, because of what, and what was ended and why."""
    return await at.about(learner_id, "learner_profile", lambda c: read_supports(c, learner_id, moment.as_of))


@router.get("/feedback", response_model=LearnerFeedback)
async def feedback(at: AtDesk, learner_id: LearnerId, page: Annotated[Page, Query()]) -> Response:
    """What a learner was told of its work, newest first, and how soon."""
    return await at.about(learner_id, "learner_profile", lambda c: read_feedback(c, learner_id, page))


@router.get("/evidence-coverage", response_model=EvidenceCoverage)
async def evidence_coverage(at: AtDesk, learner_id: LearnerId) -> Response:
    """Of what evidence a learner's record is made: how deep, in which forms, and what is missing."""
    return await at.about(learner_id, None, lambda c: read_coverage(c, learner_id))


@router.get("/ready-to-advance", response_model=ReadyToAdvance)
async def ready_to_advance(at: AtDesk, learner_id: LearnerId) -> Response:
    """What a learner has mastered and may advance from, as soon as the policy says so."""
    return await at.about(learner_id, LEVELS_AND_ACTS, lambda c: read_ready(c, learner_id))


@router.get("/credits", response_model=LearnerCredits)
async def credits_of(at: AtDesk, learner_id: LearnerId, moment: Annotated[Moment, Query()]) -> Response:
    """A learner's advancements, credit and report cards, what each rests on, and requests that wait."""
    return await at.about(learner_id, "learner_profile", lambda c: read_credits(c, learner_id, moment.as_of))


@router.get("/report-cards/{act_id}", response_model=ReportCard)
async def report_card(at: AtDesk, learner_id: LearnerId, act_id: ActId) -> Response:
    """A report card as it was issued: levels by competency, marks by declared conversion, dispositions apart."""
    return await at.about(learner_id, "learner_profile", lambda c: read_report_card(c, learner_id, act_id))


@router.get("/history", response_model=TrailPage)
async def history(at: AtDesk, learner_id: LearnerId, page: Annotated[Page, Query()]) -> Response:
    """Everything that happened about a learner, newest first."""
    search = Search(learner=learner_id, **page.model_dump())
    return await at.about(learner_id, "audit_trail", lambda c: read_trail(c, search))


@router.get("/notices", response_model=Notices)
async def notices_of_learner(at: AtDesk, learner_id: LearnerId, page: Annotated[NoticePage, Query()]) -> Response:
    """The notices of a learner: each level that a switch of policies changed."""
    return await at.about(learner_id, "mastery", lambda c: read_notices(c, page, learner_id))

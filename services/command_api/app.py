"""The command API: every route on one screen."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Lifespan

from infra.http.pages import add_pages
from infra.http.problems import add_problem_handlers
from services.command_api import (
    align_evidence,
    approve_pathway,
    cancel_replay,
    change_pathway,
    change_subgroups,
    close_goal,
    complete_step,
    correct_score,
    draft_policy,
    enrol_learner,
    give_score,
    lift_judgement,
    note_goal_progress,
    note_profile_entry,
    pause_replay,
    publish_framework,
    publish_policy,
    publish_scale,
    record_judgement,
    record_observations,
    register_learner,
    resubmit_evidence,
    resume_replay,
    retire_profile_entry,
    revise_goal,
    roll_back_policy,
    set_goal,
    sign_goal,
    start_step,
    submit_evidence,
    void_score,
    withdraw_evidence,
    withdraw_learner,
)
from services.command_api.desk import Desk
from services.command_api.openapi import CommandModule, document

TITLE: Final = "Mastery Ledger: commands"
COMMANDS: Final[Sequence[tuple[str, CommandModule]]] = (
    ("/v1/evidence/{evidence_id}/scores", give_score),
    ("/v1/scores/{score_id}/corrections", correct_score),
    ("/v1/scores/{score_id}/void", void_score),
    ("/v1/evidence", submit_evidence),
    ("/v1/evidence/{evidence_id}/attempts", resubmit_evidence),
    ("/v1/evidence/{evidence_id}/alignments", align_evidence),
    ("/v1/evidence/{evidence_id}/withdrawal", withdraw_evidence),
    ("/v1/learners/{learner_id}/competencies/{competency_id}/judgement", record_judgement),
    ("/v1/learners/{learner_id}/competencies/{competency_id}/judgement/lift", lift_judgement),
    ("/v1/goals", set_goal),
    ("/v1/goals/{goal_id}/signatures", sign_goal),
    ("/v1/goals/{goal_id}/revisions", revise_goal),
    ("/v1/goals/{goal_id}/progress", note_goal_progress),
    ("/v1/goals/{goal_id}/closure", close_goal),
    ("/v1/pathways", approve_pathway),
    ("/v1/pathways/{pathway_id}/changes", change_pathway),
    ("/v1/pathways/{pathway_id}/steps/{step_id}/start", start_step),
    ("/v1/pathways/{pathway_id}/steps/{step_id}/completion", complete_step),
    ("/v1/learners/{learner_id}/profile-entries", note_profile_entry),
    ("/v1/learners/{learner_id}/profile-entries/{entry_id}/retirement", retire_profile_entry),
    ("/v1/learners", register_learner),
    ("/v1/learners/{learner_id}/subgroups", change_subgroups),
    ("/v1/enrolments", enrol_learner),
    ("/v1/enrolments/{enrolment_id}/withdrawal", withdraw_learner),
    ("/v1/scales", publish_scale),
    ("/v1/frameworks", publish_framework),
    ("/v1/policies", draft_policy),
    ("/v1/policies/{policy_id}/publication", publish_policy),
    ("/v1/policies/{policy_id}/replay/pause", pause_replay),
    ("/v1/policies/{policy_id}/replay/resume", resume_replay),
    ("/v1/policies/{policy_id}/replay/cancel", cancel_replay),
    ("/v1/policies/{policy_id}/rollback", roll_back_policy),
)
BATCH: Final = "/v1/observations:batch"


def create_app(desk: Desk, batch: record_observations.Limits, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Return the application.

    A command is parsed once, by its own model at the desk, so the routes are plain ones: FastAPI's reading of
    parameters would take 23 of a request's 170 us again. `openapi` documents them from the same models.
    """
    app = FastAPI(title=TITLE, docs_url=None, redoc_url=None, lifespan=lifespan)
    openapi = document(TITLE, COMMANDS, (BATCH, record_observations))
    app.openapi = lambda: openapi  # type: ignore[method-assign]

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse(f"position {await desk.store.head()}\n")

    for path, command in COMMANDS:
        app.add_route(path, partial(command.respond, desk), methods=["POST"])
    app.add_route(BATCH, partial(record_observations.respond, desk, batch), methods=["POST"])
    app.add_route("/healthz", healthz)
    add_problem_handlers(app)
    add_pages(app, TITLE)
    return app

"""The command API: every route on one screen."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from infra.http.pages import add_pages
from infra.http.problems import add_problem_handlers
from services.command_api import (
    align_evidence,
    approve_pathway,
    approve_policy,
    ask_simulation,
    award_credit,
    cancel_replay,
    cancel_simulation,
    change_labels,
    change_pathway,
    change_subgroups,
    close_goal,
    complete_step,
    correct_score,
    decline_advancement,
    draft_policy,
    end_support,
    enrol_learner,
    give_feedback,
    give_score,
    grant_advancement,
    issue_report_card,
    lift_judgement,
    note_goal_progress,
    note_profile_entry,
    pause_replay,
    pause_webhook,
    publish_framework,
    publish_policy,
    publish_scale,
    record_judgement,
    record_observations,
    register_learner,
    register_webhook,
    remove_webhook,
    request_advancement,
    resend_events,
    resubmit_evidence,
    resume_replay,
    resume_webhook,
    retire_policy,
    retire_profile_entry,
    revise_goal,
    revoke_credit,
    roll_back_policy,
    rotate_webhook_secret,
    set_goal,
    settle_review,
    sign_goal,
    start_step,
    start_support,
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
    ("/v1/evidence/{evidence_id}/feedback", give_feedback),
    ("/v1/learners/{learner_id}/supports", start_support),
    ("/v1/supports/{support_id}/end", end_support),
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
    ("/v1/learners/{learner_id}/advancements", request_advancement),
    ("/v1/advancements/{act_id}/grant", grant_advancement),
    ("/v1/advancements/{act_id}/decline", decline_advancement),
    ("/v1/learners/{learner_id}/credits", award_credit),
    ("/v1/credits/{act_id}/revocation", revoke_credit),
    ("/v1/learners/{learner_id}/report-cards", issue_report_card),
    ("/v1/reviews/{act_id}/settlement", settle_review),
    ("/v1/learners", register_learner),
    ("/v1/learners/{learner_id}/subgroups", change_subgroups),
    ("/v1/enrolments", enrol_learner),
    ("/v1/enrolments/{enrolment_id}/withdrawal", withdraw_learner),
    ("/v1/labels", change_labels),
    ("/v1/scales", publish_scale),
    ("/v1/frameworks", publish_framework),
    ("/v1/policies", draft_policy),
    ("/v1/policies/{policy_id}/approvals", approve_policy),
    ("/v1/policies/{policy_id}/simulations", ask_simulation),
    ("/v1/simulations/{simulation_id}/cancellation", cancel_simulation),
    ("/v1/policies/{policy_id}/publication", publish_policy),
    ("/v1/policies/{policy_id}/replay/pause", pause_replay),
    ("/v1/policies/{policy_id}/replay/resume", resume_replay),
    ("/v1/policies/{policy_id}/replay/cancel", cancel_replay),
    ("/v1/policies/{policy_id}/rollback", roll_back_policy),
    ("/v1/policies/{policy_id}/retirement", retire_policy),
    ("/v1/webhooks", register_webhook),
    ("/v1/webhooks/{webhook_id}/pause", pause_webhook),
    ("/v1/webhooks/{webhook_id}/resume", resume_webhook),
    ("/v1/webhooks/{webhook_id}/removal", remove_webhook),
    ("/v1/webhooks/{webhook_id}/resend", resend_events),
    ("/v1/webhooks/{webhook_id}/secret/rotation", rotate_webhook_secret),
)
BATCH: Final = "/v1/observations:batch"


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """A route's answer as an application: Starlette wraps a function, and once more looks for its exceptions."""

    respond: Callable[[Request], Awaitable[Response]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.respond(Request(scope, receive))
        await response(scope, receive, send)


class _Application(FastAPI):
    """FastAPI without what it puts around each request for the sake of parameters and files that nobody here reads."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return the stack of Starlette: faults become problems, then the routes."""
        return Starlette.build_middleware_stack(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await Starlette.__call__(self, scope, receive, send)


def create_app(desk: Desk, batch: record_observations.Limits, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Return the application.

    A command is parsed once, by its own model at the desk, and documented from the same model, so the routes are
    plain ones: FastAPI's reading of parameters and its middlewares would take a quarter of a request's time again.
    """

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse(f"position {await desk.store.head()}\n")

    answers = [(path, partial(command.respond, desk)) for path, command in COMMANDS]
    answers.append((BATCH, partial(record_observations.respond, desk, batch)))
    routes = [Route(path, _Endpoint(respond), methods=["POST"]) for path, respond in answers]
    app = _Application(
        title=TITLE, docs_url=None, redoc_url=None, routes=[*routes, Route("/healthz", healthz)], lifespan=lifespan
    )
    openapi = document(TITLE, COMMANDS, (BATCH, record_observations))
    app.openapi = lambda: openapi  # type: ignore[method-assign]
    add_problem_handlers(app)
    add_pages(app, TITLE)
    return app

"""The rules of a replay: pending from the publication on; paused, resumed, cancelled with a reason."""

from typing import Final

from domain.policy.events import (
    PolicyActivated,
    PolicyEvent,
    PolicyPublished,
    PolicyRetired,
    ReplayCancelled,
    ReplayPaused,
    ReplayRefused,
    ReplayResumed,
)
from domain.policy.replay import INITIAL, CancelReplay, PauseReplay, Replay, ReplayCommand, ResumeReplay, decide, evolve
from tests.sample import of
from tests.spec import Spec

SPEC: Final = Spec[Replay, ReplayCommand, PolicyEvent](INITIAL, evolve, decide)
NAMES: Final = {"policy_id": "p1", "version": "sha256:" + "0" * 64}
BECAUSE: Final = {"policy_id": "p1", "reason": {"text": "exams week"}}
PUBLISHED: Final = of(PolicyPublished, **NAMES)
PAUSED: Final = of(ReplayPaused, **NAMES)
RESUMED: Final = of(ReplayResumed, **NAMES)
CANCELLED: Final = of(ReplayCancelled, **NAMES)
DIGESTS: Final = {"simulation_id": "sim-1", "digest_simulated": "1.a", "digest_found": "1.b"}
ENDS: Final = (
    of(PolicyActivated, **NAMES, policies=[]),
    of(PolicyRetired, **NAMES, policies=[]),
    CANCELLED,
    of(ReplayRefused, **NAMES, **DIGESTS),
)


def test_a_pending_replay_is_paused_and_resumed_once() -> None:
    SPEC.given(PUBLISHED).when(of(PauseReplay, **BECAUSE)).then(PAUSED)
    SPEC.given(PUBLISHED, PAUSED).when(of(PauseReplay, **BECAUSE)).then()
    SPEC.given(PUBLISHED, PAUSED).when(of(ResumeReplay, **BECAUSE)).then(RESUMED)
    SPEC.given(PUBLISHED, PAUSED, RESUMED).when(of(ResumeReplay, **BECAUSE)).then()


def test_a_replay_is_cancelled_whether_paused_or_not() -> None:
    SPEC.given(PUBLISHED).when(of(CancelReplay, **BECAUSE)).then(CANCELLED)
    SPEC.given(PUBLISHED, PAUSED).when(of(CancelReplay, **BECAUSE)).then(CANCELLED)


def test_a_publication_after_a_cancelled_one_is_not_paused() -> None:
    SPEC.given(PUBLISHED, PAUSED, CANCELLED, PUBLISHED).when(of(PauseReplay, **BECAUSE)).then(PAUSED)


def test_what_is_settled_can_not_be_paused_resumed_or_cancelled() -> None:
    for end in ENDS:
        for command in (of(PauseReplay, **BECAUSE), of(ResumeReplay, **BECAUSE), of(CancelReplay, **BECAUSE)):
            SPEC.given(PUBLISHED, end).when(command).refused("replay-not-pending", "policy p1 awaits no replay")


def test_a_step_of_a_replay_needs_a_reason() -> None:
    fault = "a step of a replay needs a reason"
    SPEC.given(PUBLISHED).when(of(CancelReplay, policy_id="p1")).refused("reason-required", fault)

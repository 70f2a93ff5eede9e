"""kill -9 of the projector at every step of a replay: it goes on, live scores are in both, notices are there once."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from infra.postgres.event_store import BlockingEventStore, blocking_event_store
from services.projectors import ledger
from services.projectors.rebuilding.rebuild import rebuild
from tests.projectors.fold import HIGHEST
from tests.projectors.history import Log, drafted, given
from tests.projectors.test_replays import publication, simulated, tell
from tests.waiting import until

pytestmark = pytest.mark.slow
LEARNERS = 400
PROGRAM = Path(__file__).with_name("small_portions.py")
STEPS: Final = ("computing", "verifying", "switching", "done")
AT_STEP: Final = """
    SELECT state = ANY(%s) AND (%s <> 'computing' OR cells_done > %s) FROM read_model.replay
"""
HEARD: Final = "SELECT switch_position, learner_id, before_level, after_level FROM read_model.notice"
CHANGED: Final = """
    SELECT cause_position, learner_id, before_level, after_level FROM read_model.mastery_change
    WHERE cause = 'policy' AND before_level IS DISTINCT FROM after_level
        AND generation = (SELECT facts_generation FROM read_model.live WHERE projector = 'mastery')
"""
IS_DONE: Final = """
    SELECT (SELECT bool_and(state = 'done') FROM read_model.replay) AND NOT EXISTS (SELECT FROM read_model.owed_switch)
        AND (SELECT position FROM read_model.projector WHERE name = 'mastery')
            = (SELECT max(position) FROM ledger.event)
"""


@contextmanager
def projector(database: str, folder: Path) -> Iterator[None]:
    """The projector's process, killed at the end."""
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, str(PROGRAM), database, str(folder)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


def says(connection: psycopg.Connection[Any], query: str, *values: object) -> bool:
    return (True,) in connection.execute(query.encode(), values).fetchall()


def fill(store: BlockingEventStore, log: Log) -> None:
    """Learners with two scores each, of which the better one comes first for most; p1 (highest) is drafted."""
    for turn in range(2):
        scores = [given(f"s{number}-{turn}", (number + turn * 4) % 5, f"l{number:03}") for number in range(LEARNERS)]
        store.append_many([log.append(f"evidence-{score.evidence_id}", score) for score in scores])
    store.append(log.append("policy-p1", drafted("p1", HIGHEST)))


@pytest.mark.parametrize("step", STEPS)
def test_a_replay_killed_at_a_step_comes_to_the_same_end(database: str, tmp_path: Path, step: str) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201
    chance, log = random.Random(seed), Log()
    reached = [*STEPS[STEPS.index(step) :]]
    with blocking_event_store(database) as store, ledger.connect(database) as connection:
        fill(store, log)
        for name in ("mastery", "learner_profile"):
            rebuild(connection, name)
        tell(store, simulated(connection), publication())
        with projector(database, tmp_path):
            until(partial(says, connection, AT_STEP, reached, step, chance.randrange(LEARNERS // 2)), poll_s=0.005)
        late = [given(f"late-{number}", 4, f"l{number:03}") for number in range(0, LEARNERS, 9)]
        store.append_many([log.append(f"evidence-{score.evidence_id}", score) for score in late])
        with projector(database, tmp_path):
            until(partial(says, connection, IS_DONE))
            time.sleep(chance.random() * 0.1)
        heard = connection.execute(HEARD).fetchall()
        assert len(heard) == len({one[:2] for one in heard})
        assert sorted(heard) == sorted(connection.execute(CHANGED).fetchall())
        assert rebuild(connection, "mastery").digest is not None

"""Cell shards: what is read from them is what the database holds, whatever came, came late, or was cut off half-way."""

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.mastery.digest import Digest, digest_of
from domain.policy.library import LIBRARY
from infra.files.cell_shards import ShardFolder
from infra.postgres import all_scores
from infra.postgres.event_store import BlockingEventStore
from services.projectors import ledger, parking
from services.projectors.cells import warm_cells
from services.projectors.cells.all_cells import Portion, all_cells, coded
from services.projectors.cells.points import Points
from services.projectors.cells.states import Judge
from services.projectors.policies import load_timeline
from services.projectors.rebuilding.rebuild import rebuild
from services.projectors.what_if import Draft, simulate
from services.projectors.what_if.evaluate import Measured, Work
from services.projectors.what_if.on_shards import Shards, measure_shard
from tests.projectors.feeding import follow
from tests.projectors.fold import HIGHEST
from tests.projectors.history import Log, activated, corrected, drafted, given, judged, scoped, voided

Connection = psycopg.Connection[Any]
LEARNERS = [f"learner-{number:03}" for number in range(60)]


@pytest.fixture
def connection(
    database: str, blocking: BlockingEventStore, log: Log, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connection]:
    """Sixty learners have three scores each, with tasks; shards hold about fifty scores."""
    monkeypatch.setattr(all_scores, "PART_BYTES_MAX", 12_000)
    for number, learner in enumerate(LEARNERS):
        scores = [
            given(f"s{number}-{turn}", (number + turn) % 5, learner, f"c{turn % 2}", task=f"t{(number + turn) % 7}")
            for turn in range(3)
        ]
        blocking.append_many([log.append(f"evidence-{score.evidence_id}", score) for score in scores])
    with ledger.connect(database) as opened:
        rebuild(opened, "mastery")
        yield opened


def generation(connection: Connection) -> int:
    row = connection.execute("SELECT facts_generation FROM read_model.live WHERE projector = 'mastery'").fetchone()
    assert row is not None
    number: int = row[0]
    return number


def portions(connection: Connection, folder: Path | None) -> list[Portion]:
    return list(all_cells(connection, generation(connection), Judge().vocabulary(), folder))


def digest(connection: Connection, folder: Path | None, position: int = 10**9) -> str:
    """The digest of all levels as they are read from the shards, or fetched (no folder)."""
    judge, total = Judge(), Digest()
    for facts, _ in all_cells(connection, generation(connection), judge.vocabulary(), folder):
        points = Points.everywhere(len(facts), position)
        states = judge.states(facts, points, load_timeline(connection))
        total += digest_of(coded(facts.learners), coded(facts.competencies), states.levels, states)
    return total.text


def files(connection: Connection, folder: Path) -> set[str]:
    return {path.name for path in (folder / f"g{generation(connection)}").iterdir()}


def test_shards_hold_all_cells_and_no_learner_is_in_two(connection: Connection, tmp_path: Path) -> None:
    read = portions(connection, tmp_path)
    learners = [learner for facts, _ in read for learner in dict.fromkeys(facts.learners.to_pylist())]
    assert len(read) > 2
    assert learners == LEARNERS
    assert digest(connection, tmp_path) == digest(connection, None)
    assert digest(connection, tmp_path, position=90) == digest(connection, None, position=90)


def test_shards_with_task_codes_of_their_own_hold_their_words(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_cells, "TASKS_MAX", 0)
    assert warm_cells.differing_anywhere(connection, generation(connection), tmp_path) == []
    assert len(files(connection, tmp_path)) > 3


def test_facts_that_came_since_are_read_without_writing_the_shards_anew(
    connection: Connection, blocking: BlockingEventStore, log: Log, tmp_path: Path
) -> None:
    digest(connection, tmp_path)
    before = files(connection, tmp_path)
    first = given("s0-0", 0, LEARNERS[0], "c0")
    blocking.append(log.append("evidence-e-s0-0", corrected(first, 4)))
    blocking.append(log.append("evidence-e-new", given("new", 3, "learner-aaa", "c9", task="t-new")))
    follow(connection)
    assert digest(connection, tmp_path) == digest(connection, None)
    assert files(connection, tmp_path) == before


def test_shards_are_written_anew_when_many_learners_were_touched(
    connection: Connection, blocking: BlockingEventStore, log: Log, tmp_path: Path
) -> None:
    digest(connection, tmp_path)
    before = files(connection, tmp_path)
    for number in range(20):
        blocking.append(log.append(f"evidence-e-more{number}", given(f"more{number}", 4, LEARNERS[number], "c1")))
    blocking.append(log.append("evidence-e-s0-1", voided(given("s0-1", 1, LEARNERS[0], "c1"))))
    follow(connection)
    assert digest(connection, tmp_path) == digest(connection, None)
    after = files(connection, tmp_path)
    assert after != before
    assert len(after) == len(before)
    assert warm_cells.differing(connection, generation(connection), tmp_path) == []


def test_judgements_are_in_the_portion_of_their_learner_with_or_without_scores(
    connection: Connection, blocking: BlockingEventStore, log: Log, tmp_path: Path
) -> None:
    for learner, competency in (("learner-000", "c0"), ("learner-030", "c-unscored"), ("zoe", "c0")):
        blocking.append(log.append(f"judgement-{learner}", judged(f"j-{learner}", "advanced", learner, competency)))
    follow(connection)
    assert digest(connection, tmp_path) == digest(connection, None)
    read = portions(connection, tmp_path)
    judged_cells = [
        (facts.learners[one.cell].as_py(), facts.competencies[one.cell].as_py())
        for facts, _ in read
        for one in facts.judgements
    ]
    assert judged_cells == [("learner-000", "c0"), ("learner-030", "c-unscored"), ("zoe", "c0")]


def test_a_learner_whose_facts_came_late_is_read_again(
    connection: Connection, blocking: BlockingEventStore, log: Log, tmp_path: Path
) -> None:
    ghost = corrected(given("ghost", 1, LEARNERS[5]), 2)
    blocking.append(log.append("evidence-ghost", ghost))
    blocking.append(log.append("evidence-late", given("late", 4, LEARNERS[5], "c0")))
    blocking.append(log.append("evidence-other", given("other", 4, LEARNERS[6], "c0")))
    follow(connection)
    parked, late = parking.parked(connection, "mastery")[0].position, blocking.head() - 1
    before = digest(connection, tmp_path)
    connection.execute("UPDATE read_model.parked SET position = %s WHERE position = %s", (late, parked))
    assert parking.retry(connection, "mastery", late) is None
    assert digest(connection, None) != before
    assert digest(connection, tmp_path) == digest(connection, None)


def test_shards_that_hold_other_scores_than_the_database_are_told_of(connection: Connection, tmp_path: Path) -> None:
    number = generation(connection)
    warm_cells.build(connection, number, tmp_path)
    assert warm_cells.differing(connection, number, tmp_path) == []
    connection.execute("UPDATE read_model.score SET value_micro = 0 WHERE score_id = 's33-1'")
    [wrong] = warm_cells.differing(connection, number, tmp_path)
    manifest = ShardFolder(tmp_path / f"g{number}").manifest()
    assert manifest is not None
    assert LEARNERS[33] >= next(shard.first for shard in manifest.shards if shard.file == wrong)


def test_a_policy_that_folds_scores_over_tasks_reads_them_from_shards_too(
    connection: Connection, blocking: BlockingEventStore, log: Log, tmp_path: Path
) -> None:
    bkt = LIBRARY["bkt"]
    blocking.append(log.append("policy-p1", drafted("p1", bkt), activated([scoped("p1", bkt)])))
    follow(connection)
    assert digest(connection, tmp_path) == digest(connection, None)


def test_shards_of_another_ledger_are_not_taken_for_ours(connection: Connection, tmp_path: Path) -> None:
    digest(connection, tmp_path)
    manifest = tmp_path / f"g{generation(connection)}" / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace('"ledger":"', '"ledger":"x'))
    assert digest(connection, tmp_path) == digest(connection, None)
    assert '"ledger":"x' not in manifest.read_text()


def test_what_a_crash_left_half_written_is_neither_read_nor_kept(connection: Connection, tmp_path: Path) -> None:
    digest(connection, tmp_path)
    folder = tmp_path / f"g{generation(connection)}"
    (folder / "half.arrow").write_bytes(b"ARROW1")
    (folder / "manifest.json.new").write_bytes(b'{"version":')
    assert digest(connection, tmp_path) == digest(connection, None)
    (folder / "manifest.json").write_bytes(b'{"version":')
    assert digest(connection, tmp_path) == digest(connection, None)
    assert "half.arrow" not in files(connection, tmp_path)


def test_readers_keep_their_shards_while_another_process_replaces_them(
    connection: Connection, database: str, tmp_path: Path
) -> None:
    expected = digest(connection, None)

    def read(turn: int) -> str:
        with ledger.connect(database) as own:
            if turn % 2:
                warm_cells.build(own, generation(own), tmp_path)
            return digest(own, tmp_path)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(read, range(12))) == {expected}
    folder = ShardFolder(tmp_path / f"g{generation(connection)}")
    manifest = folder.manifest()
    assert manifest is not None
    named = {shard.file for shard in manifest.shards}
    assert {path.name for path in folder.path.glob("*.arrow")} == named


def test_shards_tried_one_by_one_as_the_tasks_of_a_cluster_add_up_to_one_what_if(
    connection: Connection, database: str, blocking: BlockingEventStore, log: Log, tmp_path: Path
) -> None:
    blocking.append(log.append("judgement-j", judged("j", "advanced", "zoe", "c0")))
    follow(connection)
    rebuild(connection, "learner_profile")
    draft = Draft(scoped("p1", HIGHEST), HIGHEST)
    simulated = simulate(connection, draft, cells=tmp_path)
    manifest = warm_cells.manifest_of(connection, generation(connection), tmp_path)

    def by_tasks(work: Work) -> Iterator[Measured]:
        sent = pickle.dumps(Shards(database, tmp_path, manifest, work.gauge))
        for place in range(len(manifest.shards)):
            measured = pickle.dumps(measure_shard(pickle.loads(sent), place))  # noqa: S301 - our own
            yield pickle.loads(measured)  # noqa: S301 - our own

    assert len(manifest.shards) > 2
    assert simulate(connection, draft, cells=tmp_path, engine=by_tasks) == simulated


def test_without_a_folder_that_can_be_written_the_cells_are_fetched(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert digest(connection, tmp_path / "file") == digest(connection, None)


def test_a_ledger_without_scores_has_one_empty_portion(database: str, tmp_path: Path) -> None:
    with ledger.connect(database) as opened:
        rebuild(opened, "mastery")
        assert [len(facts) for facts, _ in portions(opened, tmp_path)] == [0]

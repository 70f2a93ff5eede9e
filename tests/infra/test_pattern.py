from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from domain.evidence.events import EvidenceSubmitted, ScoreGiven
from domain.evidence.observation import Observation, observe
from domain.framework.catalogue import EMPTY, Catalogue
from domain.framework.events import Competency, FrameworkPublished, Level, ScalePublished
from domain.kernel.envelope import Actor, Meta, Role, Source
from domain.kernel.ids import ActorId, CompetencyId, EvidenceId, FrameworkId, LearnerId, LevelCode, ScaleId
from infra.postgres.append import Append, Encoded, encode_append
from infra.postgres.pattern import ANYONE, pattern_of

OFFICE = Actor(id=ActorId("office"), role=Role.SERVICE)
META = Meta(actor=OFFICE, source=Source(system="oulad", batch=r"100%\n"))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WORDS = st.from_regex(r"[A-Za-z0-9]{1,40}", fullmatch=True)


def catalogue() -> Catalogue:
    level = Level(code=LevelCode("pass"), label="Pass", at_micro=40_000_000)
    scale = ScalePublished(
        scale_id=ScaleId("percent"), title="%", lowest_micro=0, highest_micro=100_000_000, levels=(level,)
    )
    framework = FrameworkPublished(
        framework_id=FrameworkId("f"),
        title="F",
        edition="1",
        scale_id=scale.scale_id,
        competencies=(Competency(competency_id=CompetencyId("AAA"), statement="A"),),
    )
    return EMPTY.evolve(scale).evolve(framework)


CATALOGUE = catalogue()


def observed(learner: str, score: int | None, context: str | None) -> Sequence[EvidenceSubmitted | ScoreGiven]:
    observation = Observation(
        occurred_at=NOON,
        evidence_id=EvidenceId(f"oulad-1752-{learner}"),
        learner_id=LearnerId(learner),
        competency_id=CompetencyId("AAA"),
        kind="50% TMA",
        value=score,
        context=context,
    )
    return observe(observation, OFFICE, CATALOGUE)


def without_event_ids(encoded: Encoded) -> list[list[bytes]]:
    rows = [row.split(b"\t") for row in encoded.rows]
    assert rows[0].pop(3).decode() == encoded.first_event_id
    return [rows[0], *(row[:3] + row[4:] for row in rows[1:])]


@given(
    learner=WORDS,
    score=st.none() | st.integers(0, 100),
    context=st.none() | st.sampled_from(["50 % \\ %(learner)b", '"é"\n\t']),
    at=st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants it so
)
def test_a_pattern_gives_the_bytes_of_the_append_that_the_rule_makes_about_the_learner(
    learner: str, score: int | None, context: str | None, at: datetime
) -> None:
    def append(about: str) -> Append:
        return Append(f"evidence-oulad-1752-{about}", 0, observed(about, score, context), at, META)

    pattern = pattern_of(append(ANYONE))
    filled, direct = pattern.about(learner, at), encode_append(append(learner))
    assert without_event_ids(filled) == without_event_ids(direct)
    assert (filled.stream, filled.expected_version, filled.key) == (direct.stream, 0, None)
    assert pattern.types == ("evidence.submitted.v1", "score.given.v1")[: len(filled.rows)]


def test_each_append_of_a_pattern_has_event_ids_of_its_own() -> None:
    pattern = pattern_of(Append("evidence-1", 0, observed(ANYONE, 1, None), NOON, META))
    rows = [row for learner in ("11", "12") for row in pattern.about(learner, NOON).rows]
    assert len({row.split(b"\t")[3] for row in rows}) == 4

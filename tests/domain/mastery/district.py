"""Random cells and random policies from a seed, and the same cell for the kernel and for the oracle."""

from fractions import Fraction
from random import Random

from domain.kernel.scores import MICRO
from domain.mastery.cells import NO_TASK, NO_TIME, Cells, Entry, Vocabulary, cells_of
from domain.policy.document import PolicyDocument, parse_policy
from tests.domain.mastery.oracle import Score

KINDS = ("quiz", "essay", "project", "talk")
ROLES = ("teacher", "peer")
OPS: dict[str, dict[str, object]] = {
    "latest": {},
    "highest": {},
    "mean": {},
    "weighted_mean": {},
    "mean_of_kinds": {},
    "median": {},
    "mode": {},
    "latest_versus_rest": {"latest": "0.65"},
    "decaying": {"rate": "0.65"},
    "mean_at_or_above": {"value": "2.5"},
    "mean_of_latest": {"count": 3},
    "mean_of_highest": {"count": 3},
    "lowest": {},
    "mean_without_lowest": {"count": 2},
    "weighted_places": {"weights": ["0.5", "0.85", "1"]},
    "sum": {},
    "mean_with_extra_credit": {},
}
LEVELS = [{"code": "advanced", "at": "3.5"}, {"code": "proficient", "at": "2.5"}, {"code": "developing", "at": "1.5"}]


def words() -> Vocabulary:
    vocabulary = Vocabulary()
    for kind in KINDS:
        vocabulary.kinds.code(kind)
    for role in ROLES:
        vocabulary.roles.code(role)
    return vocabulary


def policy_of(op: str, random: Random) -> PolicyDocument:
    """Return a policy with this operation and a random choice of every other stage."""
    combine = {"op": op, **OPS[op]}
    if op == "mode":
        combine["tie"] = random.choice(["most_recent", "highest", "lowest", "mean"])
    chosen: dict[str, object] = {
        "normalise": {"to_max": random.choice(["4", "100", "3.7"])},
        "replace": {
            "keep": random.choice(["latest", "highest", "first", "mean"]),
            "kinds": random.choice([None, ["quiz", "talk"]]),
        },
        "select": random.choice([{"exclude_kinds": ["essay"]}, {"kinds": ["quiz", "essay"], "roles": ["teacher"]}]),
        "window": {"latest": random.randint(1, 4)},
        "adjust": {"times": "1.1", "at_most": "3.9", "at_most_by_count": [{"count": 1, "at_most": "2.6"}]},
        "clock": {"order": random.choice(["occurred", "recorded", "listed"])},
        "round": {"places": random.randint(0, 6), "mode": random.choice(["half_up", "half_even", "down"])},
        "unmet": random.choice(["insufficient", {"cap": "developing"}]),
        "require": random.sample(
            [
                {"count_at_least": 2},
                {"kinds_at_least": 2},
                {"at_or_above": {"value": "2.5", "count": 2, "kinds": random.choice([None, ["quiz"]])}},
            ],
            random.randint(1, 3),
        ),
    }
    stages = {name: stage for name, stage in chosen.items() if random.random() < 0.5}
    if "normalise" in stages and random.random() < 0.3:
        stages["replace"] = {"keep": "pooled", "kinds": ["quiz"]}
    if op in {"weighted_mean", "mean_of_kinds"} or (op == "sum" and random.random() < 0.5):
        stages["weigh"] = {"own": random.random() < 0.5, "by_kind": {"quiz": "0.4", "talk": "0"}, "other_kinds": "0.6"}
    return parse_policy({"name": op, "combine": combine, "levels": LEVELS, **stages})


def scores_of(random: Random) -> list[Score]:
    """Return the scores of one cell: 0 to 9 of them, clocks with ties and gaps, in no order."""
    scale = random.choice([4, 4, 4, 20, 7])
    scores = [
        Score(
            value=Fraction(random.randint(0, scale * 4), 4),
            possible=Fraction(random.choice([scale, 4, 30])),
            kind=random.choice(KINDS),
            role=random.choice(ROLES),
            task=random.choice([None, "a", "b"]),
            occurred=random.choice([None, *range(5)]),
            recorded=random.randint(0, 5),
            position=position,
            weight=Fraction(random.randint(0, 6), 2),
        )
        for position in range(random.choice([0, 1, 2, 3, 5, 9]))
    ]
    random.shuffle(scores)
    return scores


def cells_from(groups: list[list[Score]], vocabulary: Vocabulary) -> Cells:
    return cells_of([[_entry(score, vocabulary) for score in group] for group in groups])


def _entry(score: Score, vocabulary: Vocabulary) -> Entry:
    return Entry(
        value=int(score.value * MICRO),
        possible=int(score.possible * MICRO),
        kind=vocabulary.kinds.code(score.kind),
        role=vocabulary.roles.code(score.role),
        position=score.position,
        task=NO_TASK if score.task is None else vocabulary.tasks.code(score.task),
        occurred_us=NO_TIME if score.occurred is None else score.occurred,
        recorded_us=score.recorded,
        weight=int(score.weight * MICRO),
    )

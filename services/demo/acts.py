"""Acts of the people of the sandbox district, decided by the same rules as any command."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, get_args

import domain.evidence.decider as evidence
import domain.framework.decider as framework
import domain.goal.decider as goal
import domain.mastery.decider as judgement
import domain.pathway.decider as pathway
import domain.profile.decider as profile
import domain.roster.decider as roster
import domain.support.decider as support
from domain.evidence.observation import Observation, observe
from domain.framework.catalogue import EMPTY, Catalogue
from domain.framework.events import FrameworkPublished, ScalePublished
from domain.kernel.envelope import Actor, Command, Meta
from domain.kernel.event import Event
from infra.garbage import uncollected
from infra.postgres.append import Append


class Act(NamedTuple):
    """Somebody gives a command for a stream. Acts are on record in the order of `entered_at`.

    The command's own `occurred_at`, where it has one, is when it was true: earlier for a late entry.
    """

    entered_at: datetime
    stream: str
    actor: Actor
    command: Command


def _observe(_state: object, command: Observation, actor: Actor, catalogue: Catalogue) -> Sequence[Event]:
    return observe(command, actor, catalogue)


class _Aggregate(NamedTuple):
    commands: Any
    initial: Any
    evolve: Callable[[Any, Any], Any]
    decide: Callable[..., Sequence[Event]]
    facts: str
    """What `decide` is given after state and command: the actor, the catalogue, both."""


_AGGREGATES: Final = (
    _Aggregate(framework.FrameworkCommand, framework.INITIAL, framework.evolve, framework.decide, "catalogue"),
    _Aggregate(roster.RosterCommand, roster.INITIAL, roster.evolve, roster.decide, ""),
    _Aggregate(evidence.EvidenceCommand, evidence.INITIAL, evidence.evolve, evidence.decide, "actor catalogue"),
    _Aggregate(judgement.JudgementCommand, judgement.INITIAL, judgement.evolve, judgement.decide, "catalogue"),
    _Aggregate(goal.GoalCommand, goal.INITIAL, goal.evolve, goal.decide, "actor catalogue"),
    _Aggregate(pathway.PathwayCommand, pathway.INITIAL, pathway.evolve, pathway.decide, "catalogue"),
    _Aggregate(profile.ProfileCommand, profile.INITIAL, profile.evolve, profile.decide, ""),
    _Aggregate(support.SupportCommand, support.INITIAL, support.evolve, support.decide, "catalogue"),
    _Aggregate(Observation, evidence.INITIAL, evidence.evolve, _observe, "actor catalogue"),
)
_OF_COMMAND: Final = {
    command: aggregate for aggregate in _AGGREGATES for command in get_args(aggregate.commands) or (aggregate.commands,)
}


def decide_all(acts: Iterable[Act]) -> Iterator[Append]:
    """Yield what the acts append, in the order in which they were entered.

    Raises:
        LedgerError: when a rule refuses an act.
    """
    catalogue: Catalogue = EMPTY
    states: dict[str, Any] = {}
    versions: defaultdict[str, int] = defaultdict(int)
    with uncollected():
        in_order = sorted(acts, key=lambda act: act.entered_at)
    for act in in_order:
        aggregate = _OF_COMMAND[type(act.command)]
        state = states.get(act.stream, aggregate.initial)
        facts = {"actor": act.actor, "catalogue": catalogue}
        events = aggregate.decide(state, act.command, *(facts[name] for name in aggregate.facts.split()))
        for event in events:
            state = aggregate.evolve(state, event)
            if isinstance(event, ScalePublished | FrameworkPublished):
                catalogue = catalogue.evolve(event)
        states[act.stream] = state
        meta = Meta(actor=act.actor, reason=act.command.reason, source=act.command.source)
        yield Append(act.stream, versions[act.stream], events, act.command.occurred_at or act.entered_at, meta)
        versions[act.stream] += len(events)

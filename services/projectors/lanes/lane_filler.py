"""Filling the lanes of the live generation that one worker was given, beside other workers with other lanes."""

from collections.abc import Collection
from typing import Any, Final

import psycopg

from services.projectors import generations
from services.projectors.filler import Batch, Filler
from services.projectors.generations import Place
from services.projectors.lanes import lanes
from services.projectors.lanes.lanes import Stretch
from services.projectors.parts import Group

NOTHING: Final = Group((), 1)


class LaneFiller(Filler):
    """Brings lanes forward, those first that are the least far, up to the next moment that concerns all learners.

    `given` are the lanes to work on; lanes that somebody else works on at this moment are passed over.
    """

    def __init__(self, connection: psycopg.Connection[Any], name: str) -> None:
        super().__init__(connection, name)
        self.given: Collection[int] = ()
        self._moment: int | None = None
        """The position of the next event that concerns all learners, if there is one."""

    def follow(self, until: int, count: int) -> Batch:
        """Take one batch of lanes, of `count` in all, not beyond `until`; pass a moment that all have come to."""
        self._open(count)
        batch = self.step(until)
        if batch.events:
            lanes.follow(self.connection, self.name)
        elif self._moment is not None and self._moment <= until:
            self._pass(self._moment)
        return batch

    def _open(self, count: int) -> None:
        """Open so many lanes, unless they are; before that everybody is brought to one position, and all is settled."""
        if _are_open(self.connection, self.name, count):
            return
        with self.connection.transaction():
            generations.live(self.connection, self.name, lock=True)
            if not _are_open(self.connection, self.name, count):
                close(self.connection, self.name)
                place = generations.live(self.connection, self.name).place
                self.model.settle(self.connection, place.generation)
                lanes.begin(self.connection, self.name, count)

    def _pass(self, moment: int) -> None:
        """Fold the event that concerns all learners, if all lanes have come to it; they are closed."""
        reached = {lane.position for lane in lanes.states(self.connection, self.name)}
        if reached == {moment - 1}:
            Filler(self.connection, self.name).step(moment)

    def _hold(self) -> tuple[Place, int | None]:
        generations.pass_gate(self.connection, self.name)
        live = generations.live(self.connection, self.name)
        held = lanes.take(self.connection, self.name, self.given)
        self._moment = None
        self._stretch = lanes.hindmost(held) if held else Stretch(NOTHING, live.position, live.position)
        if held:
            self._halt()
        return live.place._replace(position=self._stretch.position), live.epoch

    def _halt(self) -> None:
        """Let the step end before the next event that concerns all learners."""
        self._moment = lanes.next_moment(self.connection, self.model.moments, self._stretch.position)
        if self._moment is not None:
            furthest = self._stretch.until
            self._stretch = self._stretch._replace(
                until=self._moment - 1 if furthest is None else min(furthest, self._moment - 1)
            )


def close(connection: psycopg.Connection[Any], name: str) -> None:
    """Bring all lanes to the same position and close them; the gate is shut."""
    filler = Filler(connection, name)
    while found := lanes.states(connection, name):
        filler.step(max(lane.position for lane in found))


def _are_open(connection: psycopg.Connection[Any], name: str, count: int) -> bool:
    found = lanes.states(connection, name)
    return bool(found) and found[0].lanes == count

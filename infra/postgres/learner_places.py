"""Where learners learn, in the read model `mastery`: enrolments with the positions between which they are in force."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from domain.mastery.revisions import NEVER
from domain.policy.rulings import Seat

PLACES: Final = """
    SELECT learner_id, enrolment_id, school_id, course_id,
        (extract(epoch FROM opened_at) * 1000000)::bigint AS opened_us, position,
        (extract(epoch FROM recorded_at) * 1000000)::bigint AS begun_us, coalesce(closed_position, %(never)s) AS closed,
        coalesce((extract(epoch FROM closed_recorded_at) * 1000000)::bigint, 0) AS closed_us
    FROM unnest(%(learners)s::text[]) AS learner
    JOIN read_model.learner_place ON generation = %(generation)s AND learner_id = learner
        AND (school_id = ANY(%(names)s) OR course_id = ANY(%(names)s))
"""
"""The enrolments of learners that have to do with schools or courses of these names, from any time."""
FIRSTS: Final = """
    SELECT learner, (SELECT position FROM ledger.event WHERE learner_id = learner ORDER BY position LIMIT 1)
    FROM unnest(%(learners)s::text[]) AS learner
"""
"""The position of the first event about each learner."""


class PlaceRow(NamedTuple):
    """An enrolment, as `PLACES` selects it; in force at the positions from `position` until before `closed`."""

    learner_id: str
    enrolment_id: str
    school_id: str
    course_id: str | None
    opened_us: int
    position: int
    begun_us: int
    closed: int
    closed_us: int

    @property
    def marks(self) -> list[tuple[int, int]]:
        """The positions at which the enrolment changes where the learner is, with their times."""
        begun = (self.position, self.begun_us)
        return [begun] if self.closed == NEVER else [begun, (self.closed, self.closed_us)]


def seats_at(places: Iterable[PlaceRow], position: int) -> Sequence[Seat]:
    """Return a learner's seats at a position: the enrolment opened last first, of several the one with the last id."""
    in_force = [one for one in places if one.position <= position < one.closed]
    in_force.sort(key=lambda one: (one.opened_us, one.enrolment_id), reverse=True)
    return tuple(dict.fromkeys(Seat(one.school_id, one.course_id) for one in in_force))

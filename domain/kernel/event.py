"""What an event is: a frozen fact with a stable type name, never the Python path."""

from typing import ClassVar, TypeVar

from domain.kernel.envelope import Part


class Event(Part):
    """A fact that may not be refused. Fields are only added, with a default; else a new version and an upcaster.

    `type` is the stored name, `noun.verb.vN`. An event about a learner has a field `learner_id`.
    """

    type: ClassVar[str]


E = TypeVar("E", bound=Event)

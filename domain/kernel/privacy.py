"""The privacy class of every event field: personal data, a pseudonym, or plain.

A field is classed by its annotation: `statement: Personal[str]`. Ids carry their class in their type. A test
fails on an event field without a class; personal fields never leave in clear with the stream.
"""

from enum import Enum
from typing import Annotated, TypeVar

T = TypeVar("T")


class DataClass(Enum):
    """How a field relates to a person."""

    PERSONAL = "personal"
    PSEUDONYM = "pseudonym"
    PLAIN = "plain"


Personal = Annotated[T, DataClass.PERSONAL]
Plain = Annotated[T, DataClass.PLAIN]

"""The privacy class of every event field: personal data, a pseudonym, or plain.

A field is classed by its annotation: `statement: Personal[str]`. Ids carry their class in their type. A test
fails on an event field without a class; personal fields never leave in clear with the stream.
"""

from enum import Enum
from typing import Annotated, Final, TypeVar

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

KEYWORD: Final = "x-data-class"
"""The word of a JSON Schema that tells the class of a field."""
T = TypeVar("T")


class DataClass(Enum):
    """How a field relates to a person."""

    PERSONAL = "personal"
    PSEUDONYM = "pseudonym"
    PLAIN = "plain"

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the JSON Schema of a field of this class."""
        return handler(schema) | {KEYWORD: self.value}


Personal = Annotated[T, DataClass.PERSONAL]
Plain = Annotated[T, DataClass.PLAIN]

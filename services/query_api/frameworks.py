"""A framework as it is adopted now: its competencies, their associations and its proficiency scale."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from domain.framework.catalogue import EMPTY, Catalogue
from domain.framework.events import Association, Competency, FrameworkEvent, FrameworkPublished, ScalePublished
from domain.kernel.errors import Unknown
from schemas.registry import decode
from services.query_api.answers import Answer, Connection, rows

FRAMEWORK: Final = """
    SELECT type, data::text AS data, recorded_at
      FROM ledger.event
     WHERE stream = %(stream)s
     ORDER BY version DESC
     LIMIT 1
"""
CATALOGUE: Final = """
    SELECT type, data::text AS data
      FROM ledger.event
     WHERE learner_id IS NULL
       AND (type = 'scale.published.v1'
            OR type = 'framework.published.v1' AND data->>'framework_id' = ANY(%(framework_ids)s))
     ORDER BY position
"""


class Framework(Answer):
    """A framework's current edition."""

    framework_id: str
    title: str
    edition: str
    published_at: datetime
    source_uri: str | None
    scale: ScalePublished
    competencies: tuple[Competency, ...]
    associations: tuple[Association, ...]


async def read_framework(connection: Connection, framework_id: str) -> Framework:
    """Return a framework.

    Raises:
        Unknown: framework-unknown.
    """
    found = await rows(connection, FRAMEWORK, {"stream": f"framework-{framework_id}"})
    if not found:
        raise Unknown("framework-unknown", f"framework {framework_id} is not published")
    framework = decode(found[0]["type"], found[0]["data"])
    assert isinstance(framework, FrameworkPublished)
    (row,) = await rows(connection, FRAMEWORK, {"stream": f"scale-{framework.scale_id}"})
    scale = decode(row["type"], row["data"])
    assert isinstance(scale, ScalePublished)
    return Framework(**framework.model_dump(exclude={"scale_id"}), scale=scale, published_at=found[0]["recorded_at"])


async def read_catalogue(connection: Connection, framework_ids: Iterable[str | None]) -> Catalogue:
    """Return all scales and some of the frameworks as they are published now."""
    catalogue = EMPTY
    for row in await rows(connection, CATALOGUE, {"framework_ids": [one for one in framework_ids if one]}):
        event = decode(row["type"], row["data"])
        assert isinstance(event, FrameworkEvent)
        catalogue = catalogue.evolve(event)
    return catalogue

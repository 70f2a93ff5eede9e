"""A CASE package as it comes in, in the standard's own field names, read leniently: what we do not use is ignored.

Source: 1EdTech Competencies and Academic Standards Exchange (CASE) 1.1, CFPackage.
"""

from pydantic import BaseModel, ConfigDict, Field

from domain.kernel.ids import CompetencyId, FrameworkId


class _Lenient(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class CFDocument(_Lenient):
    """The framework itself."""

    identifier: FrameworkId
    title: str
    version: str | None = None
    lastChangeDateTime: str | None = None  # noqa: N815 - CASE's name
    officialSourceURL: str | None = None  # noqa: N815 - CASE's name
    uri: str | None = None


class CFItem(_Lenient):
    """One statement of the framework, or a heading over others."""

    identifier: CompetencyId
    fullStatement: str = Field(min_length=1)  # noqa: N815 - CASE's name
    humanCodingScheme: str | None = None  # noqa: N815 - CASE's name
    CFItemType: str | None = None
    subject: tuple[str, ...] = ()
    educationLevel: tuple[str, ...] = ()  # noqa: N815 - CASE's name


class LinkGenURI(_Lenient):
    """A reference to an item, a document or something outside the package."""

    identifier: CompetencyId


class CFAssociation(_Lenient):
    """A directed edge: origin is child of, precedes, is replaced by ... destination."""

    associationType: str  # noqa: N815 - CASE's name
    originNodeURI: LinkGenURI  # noqa: N815 - CASE's name
    destinationNodeURI: LinkGenURI  # noqa: N815 - CASE's name


class CFPackage(_Lenient):
    """A framework with its items and associations, each still unread, so that one bad item is not the end of all."""

    CFDocument: CFDocument
    CFItems: tuple[object, ...] = ()
    CFAssociations: tuple[object, ...] = ()

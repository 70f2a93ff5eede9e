"""The policies to start from: the rules of the systems in use, each a complete document to copy."""

from typing import Any

from domain.kernel.errors import Unknown
from domain.policy.library import LIBRARY
from domain.policy.words.sentences import Sentence, tell
from services.query_api.answers import Answer, Connection, Part, Word
from services.query_api.policy_words import Told


class StarterPolicy(Part):
    """A policy to copy: its name in the library, what it says, and the document."""

    name: str
    title: str
    description: str | None
    version: str
    in_words: tuple[Sentence, ...]
    document: dict[str, Any]


class PolicyLibrary(Answer):
    """All policies of the library."""

    policies: tuple[StarterPolicy, ...]


class Wanted(Told):
    """Which policies of the library, and in which language."""

    name: Word | None = None


def tell_library(wanted: Wanted) -> PolicyLibrary:
    """Return the library, or one policy of it.

    Raises:
        Unknown: policy-unknown.
    """
    if wanted.name not in {None, *LIBRARY}:
        raise Unknown("policy-unknown", f"policy {wanted.name} is not in the library")
    policies = (
        StarterPolicy(
            name=name,
            title=policy.name,
            description=policy.description,
            version=policy.version,
            in_words=tell(policy, wanted.lang),
            document=policy.model_dump(mode="json", exclude_unset=True),
        )
        for name, policy in LIBRARY.items()
        if wanted.name in {None, name}
    )
    return PolicyLibrary(policies=tuple(policies))


async def read_library(_connection: Connection, wanted: Wanted) -> PolicyLibrary:
    """Return the library, or one policy of it; it is the same in every ledger.

    Raises:
        Unknown: policy-unknown.
    """
    return tell_library(wanted)

"""The glossary: what each term means in a language, and how the district calls it."""

from functools import reduce
from typing import Final, cast

from domain.glossary.decider import INITIAL, STREAM, evolve
from domain.glossary.events import LabelsChanged
from domain.glossary.terms import TERMS
from domain.kernel.ids import TermCode
from domain.policy.words.catalogue import Language
from schemas.registry import decode
from services.query_api.answers import Answer, Connection, Part, rows

LABELS: Final = "SELECT type, data::text AS data FROM ledger.event WHERE stream = %(stream)s ORDER BY version"


class Term(Part):
    """A term: its stable code, the district's label, what it was called at first, its meaning, other names."""

    code: str
    label: str
    first_label: str
    meaning: str
    aliases: tuple[str, ...]


class Glossary(Answer):
    """All terms in one language, by code."""

    lang: Language
    terms: tuple[Term, ...]


async def read_glossary(connection: Connection, lang: Language) -> Glossary:
    """Return the glossary in a language."""
    found = await rows(connection, LABELS, {"stream": STREAM})
    events = [cast("LabelsChanged", decode(row["type"], row["data"])) for row in found]
    labels = reduce(evolve, events, INITIAL).changed
    terms = ((code, said[lang]) for code, said in sorted(TERMS.items()))
    return Glossary(
        lang=lang,
        terms=tuple(
            Term(
                code=code,
                label=labels.get((lang, TermCode(code)), said.label),
                first_label=said.label,
                meaning=said.meaning,
                aliases=said.aliases,
            )
            for code, said in terms
        ),
    )

"""The catalogue of texts: key -> text in each language, and how a text takes its values.

A text is a Python format string. Beside the plain `{name}` it may say `{count:score|scores}` (the number and
its word, "1 score"), `{count:~was|were}` (the word alone), `{rate:percent}` (a share in hundredths, exactly)
and `{kinds:or}` (a list with the language's "or"). Decimals keep the point in both languages, as in US Spanish.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.kernel.scores import from_micro, to_micro
from domain.policy.words.english import ENGLISH
from domain.policy.words.spanish import SPANISH


class Language(StrEnum):
    """A language that policies and explanations are told in, by its ISO 639-1 code."""

    ENGLISH = "en"
    SPANISH = "es"


CATALOGUES: Final[Mapping[Language, Mapping[str, str]]] = MappingProxyType(
    {Language.ENGLISH: ENGLISH, Language.SPANISH: SPANISH}
)
Value = str | int | Sequence[str]


class _Count(int):
    """A number that chooses the word that goes with it."""

    def __format__(self, words: str) -> str:
        if not words:
            return str(int(self))
        one, many = words.removeprefix("~").split("|")
        word = one if self == 1 else many
        return word if words.startswith("~") else f"{int(self)} {word}"


class _Word(str):
    """A word, or an exact decimal that can be told in hundredths."""

    __slots__ = ()

    def __format__(self, form: str) -> str:
        return from_micro(to_micro(str(self)) * 100) if form == "percent" else str(self)


@dataclass(frozen=True, slots=True)
class _Listed:
    """Some words; the form is the key of the text that joins them."""

    words: Sequence[str]
    texts: Mapping[str, str]

    def __format__(self, joint: str) -> str:
        return (self.texts[joint] if joint else ", ").join(self.words)


def say(language: Language, key: str, /, **values: Value) -> str:
    """Return a text with its values.

    Raises:
        KeyError: the catalogue has no such text, or the text asks for a value that is not given.
    """
    texts = CATALOGUES[language]
    return texts[key].format_map({name: _wrapped(texts, value) for name, value in values.items()})


def word(language: Language, family: str, code: str) -> str:
    """Return the language's word for a code of a family; a code without one stands for itself."""
    return CATALOGUES[language].get(f"{family}.{code}", code)


def _wrapped(texts: Mapping[str, str], value: Value) -> _Count | _Word | _Listed:
    if isinstance(value, str):
        return _Word(value)
    return _Count(value) if isinstance(value, int) else _Listed(value, texts)

"""All cells of a facts generation, portion by portion: what a publication, a what-if and a rebuild go through."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from domain.mastery.cells import Vocabulary
from domain.mastery.digest import Coded, Digest, digest_of
from services.projectors.mastery_points import CellFacts
from services.projectors.mastery_states import States
from services.projectors.mastery_tables import facts_of_all


class Portion(NamedTuple):
    """Some cells, and the position up to which their facts are complete; they may hold some facts beyond it."""

    facts: CellFacts
    position: int


def all_cells(
    connection: psycopg.Connection[Any], facts_generation: int, vocabulary: Vocabulary, *, times: bool = False
) -> Iterator[Portion]:
    """Return all cells in portions, each with all cells of its learners, as far as committed.

    Only with `times` do they tell when score revisions begun and ended.
    """
    yield Portion(*facts_of_all(connection, facts_generation, vocabulary, times=times))


def digest_of_states(facts: CellFacts, states: States) -> Digest:
    """Return the digest of the states of cells that were evaluated at one point each."""
    return digest_of(coded(facts.learners), coded(facts.competencies), states.levels, states)


def coded(words: pa.Array) -> Coded:
    """Return a column of text as codes."""
    encoded = pc.dictionary_encode(words)
    return Coded(encoded.dictionary.to_pylist(), encoded.indices.to_numpy())

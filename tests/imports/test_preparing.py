import os
import signal
from collections.abc import Iterator

import pytest

from domain.kernel.errors import Invalid, Unavailable
from infra.files.rows import BadRow
from services.importers.preparing import Proposal, prepared


def bad_rows() -> Iterator[Proposal | BadRow]:
    yield from (BadRow("f", line, "malformed", "no") for line in range(1, 9_001))


def faulty() -> Iterator[Proposal | BadRow]:
    yield BadRow("f", 1, "malformed", "no")
    raise Invalid("malformed", "column a is missing", file="f")


def killed() -> Iterator[Proposal | BadRow]:
    os.kill(os.getpid(), signal.SIGKILL)
    yield BadRow("f", 1, "malformed", "no")


def test_a_process_of_its_own_makes_the_same_batches() -> None:
    with prepared(bad_rows, apart=True) as there, prepared(bad_rows, apart=False) as here:
        apart = list(there)
        assert apart == list(here)
        assert [len(batch.bad) for batch in apart] == [4_000, 4_000, 1_000]


def test_a_fault_of_the_file_comes_back_from_the_other_process_as_it_is() -> None:
    with prepared(faulty, apart=True) as batches, pytest.raises(Invalid, match=r"column a is missing \(file f\)"):
        list(batches)


def test_a_reader_that_is_killed_is_reported_as_unavailable() -> None:
    with prepared(killed, apart=True) as batches, pytest.raises(Unavailable, match="has ended"):
        next(batches)

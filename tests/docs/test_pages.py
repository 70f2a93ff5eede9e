"""The generated pages are current."""

import pytest

from tests.docs.needs import drivers_of_needs, rows, uncovered
from tests.docs.pages import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_the_generated_page_says_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run scripts/docs"


def test_every_due_row_of_the_mission_has_a_test() -> None:
    assert uncovered() == []


def test_tests_name_rows_that_exist() -> None:
    assert set(drivers_of_needs()) <= set(rows())

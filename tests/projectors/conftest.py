"""What the projectors' tests share: what makes appends."""

import pytest

from tests.projectors.history import Log


@pytest.fixture
def log() -> Log:
    """Makes the appends of a test."""
    return Log()

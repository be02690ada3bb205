"""The process that answers the command lines of the tests in this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from forking import Commands, commands


@pytest.fixture(scope="session")
def runner() -> Iterator[Commands]:
    """Yield one warm process for all tests: it takes seconds to start, and each command forks."""
    with commands() as warm:
        yield warm

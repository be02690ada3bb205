"""One environment for every test, whoever runs it."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# The tests run side by side, so that torch's own threads would only be in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes is the machine's affair.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a width nor colours are asked for, unless a test does."""
    for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)

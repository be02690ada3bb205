"""One environment for every test, whoever runs it, and which of the tests are run."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import settings
from mpmath import mp

# The tests run side by side, so that torch's own threads would only be in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Dozens of tests start processes, and each would compile diffcli anew, which takes seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# How long an example takes is the machine's affair, and a run passes or fails as the last one did;
# ``--hypothesis-profile=search`` draws other formulas every time.
settings.register_profile("any machine", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--share",
        metavar="K/N",
        help="run the K-th of N equal shares of the tests that are asked for",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the cases slow that ``sampled(n)`` leaves out: all but each n-th of a function's."""
    cases: Counter[str] = Counter()
    for item in items:
        sampled = item.get_closest_marker("sampled")
        if sampled is None:
            continue
        function = item.nodeid.partition("[")[0]
        if cases[function] % sampled.args[0]:
            item.add_marker(pytest.mark.slow)
        cases[function] += 1


class Share:
    """Keeps one share of the tests that the markers have selected."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        number, _, count = config.getoption("--share").partition("/")
        kept = items[int(number) - 1 :: int(count)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--share"):
        config.pluginmanager.register(Share())


@pytest.fixture(autouse=True)
def the_reference_keeps_its_precision() -> Iterator[None]:
    """Mpmath's precision is everybody's: a test that changes it puts it back."""
    before = mp.prec
    yield
    assert mp.prec == before


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a width nor colours are asked for, unless a test does."""
    for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)

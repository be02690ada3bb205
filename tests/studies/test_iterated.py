"""Functions that mpmath computes number by number are drawn without it, to the same numbers.

The oracle is mpmath itself, which the code under test must not call.
"""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import torch

from diffcli.engines.kernels import table
from diffcli.engines.kernels.closed import ITERATED
from diffcli.engines.terms import meanings
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse
from diffcli.output.plots.compose import compose
from diffcli.output.plots.pictures import Request
from diffcli.studies.curves.iterated import is_iterated, numbers

DRAWN = {
    "ellipf(3, x)": ((-5, 0.9), lambda x: mpmath.ellipf(3, x)),
    "zeta(x, 0.3)": ((-4, 0.5), lambda x: mpmath.zeta(x, 0.3)),
    "polylog(0.3, x)": ((-5, 0.5), lambda x: mpmath.re(mpmath.polylog(0.3, x))),
    "besselk(x, 3)": ((0.2, 0.95), lambda x: mpmath.besselk(x, 3)),
    "expint(x, 0.3)": ((-1.5, 2.25), lambda x: mpmath.expint(x, 0.3)),
}


@pytest.fixture
def no_mpmath(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mpmath computes no number of a row."""

    def refuse(*args: Any) -> None:
        raise AssertionError(args)

    monkeypatch.setattr(meanings, "real", refuse)


@pytest.mark.slow
@pytest.mark.parametrize("formula", DRAWN)
def test_a_line_is_drawn_without_mpmath(formula: str, no_mpmath: None) -> None:
    ends, oracle = DRAWN[formula]
    plan = compose(parse(formula), Request(ranges={"x": ends}))
    assert ["as each takes long" in note for note in plan.notes] == [True]
    columns = dict(plan.picture.columns())
    places = np.linspace(0, columns["x"].size - 1, 5).astype(int)
    for place in places:
        x = float(columns["x"][place])
        assert columns["f"][place] == pytest.approx(float(oracle(x)), rel=1e-12)
        assert columns["f'"][place] == pytest.approx(
            float(mpmath.diff(oracle, x)), rel=1e-9, abs=1e-9
        )


def test_a_plane_is_sampled_without_mpmath(no_mpmath: None) -> None:
    points = np.array([[-1.5, 0.5, 3.0, 1.0], [0.3, 2.0, 1.25, 2.0]])
    (found,) = numbers(parse("zeta(x, y)"), [(), ("x",), ("y",)], points)
    for (x, y), (value, in_x, in_y) in zip(points.T[:3], found.T[:3], strict=True):
        assert value == pytest.approx(float(mpmath.zeta(x, y)), rel=1e-13)
        assert in_x == pytest.approx(float(mpmath.zeta(x, y, 1)), rel=1e-13)
        assert in_y == pytest.approx(float(-x * mpmath.zeta(x + 1, y)), rel=1e-13)
    assert np.isnan(found[:, 3]).all()  # the pole at 1


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sin(x)*zeta(x)", True),
        ("zeta(3, 2)*x", False),
        ("besselj(0, x)", False),
        ("besselj(x, 2)", True),
        ("ellipf(x, 1/2)", False),
        ("exp(ellipf(1, x^2))", True),
    ],
)
def test_what_varies_decides(formula: str, expected: bool) -> None:
    assert is_iterated(parse(formula)) is expected


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("name", "index"),
    [
        (name, index)
        for name, listed in ITERATED.items()
        for index in range(TABLE[name].arity[0])
        if index not in listed
    ],
)
def test_what_is_not_listed_takes_no_number_of_mpmath(
    name: str, index: int, no_mpmath: None
) -> None:
    arguments = [torch.full((3,), 0.5, dtype=torch.float64) for _ in range(TABLE[name].arity[0])]
    arguments[index] = torch.tensor([0.25, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    value = getattr(table, name)(*arguments)
    if value.requires_grad:
        (slope,) = torch.autograd.grad(value.sum(), arguments[index])
        assert slope.shape == (3,)

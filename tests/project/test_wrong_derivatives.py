"""The record of wrong derivatives: the proved numbers are right, and the page shows them."""

from __future__ import annotations

import math
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import pytest

ROOT = Path(__file__).parents[2]
RECORD = runpy.run_path(str(ROOT / "examples" / "wrong_derivatives.py"))
PAGE = (ROOT / "docs" / "wrong-derivatives.md").read_text(encoding="utf-8")

# The derivatives by hand, or None where there is none; mpmath evaluates them to 50 digits.
TRUTHS: dict[str, Callable[[], Any] | None] = {
    "pytorch/pytorch/issues/773": lambda: 6,
    "pytorch/pytorch/issues/2421": None,
    "pytorch/pytorch/issues/6394": lambda: 0,
    "pytorch/pytorch/issues/8940": lambda: 0,
    "pytorch/pytorch/issues/16317": lambda: 0,
    "pytorch/pytorch/issues/27134": lambda: 0,
    "pytorch/pytorch/issues/56760": lambda: 0,
    "pytorch/pytorch/issues/89459": lambda: -(mpmath.pi**2) / 3,
    "pytorch/pytorch/issues/61568": lambda: 1 / (1 + mpmath.exp(-3 * mpmath.mpf("0.2736"))),
    "pytorch/pytorch/issues/77221": None,
    "pytorch/pytorch/issues/80770": lambda: mpmath.log(2),
    "pytorch/pytorch/issues/98276": lambda: (
        -mpmath.mpf("1e-13") / (mpmath.mpf("5.6843e-14") ** 2 + mpmath.mpf("1e-26"))
    ),
    "pytorch/pytorch/issues/147801": None,
    "pytorch/pytorch/issues/186556": lambda: mpmath.mpf(1) / 2,
    "pytorch/pytorch/issues/195682": lambda: silu_twice(mpmath.mpf("40.410841513445845")),
    "jax-ml/jax/issues/764": lambda: mpmath.sech(190) ** 2,
    "jax-ml/jax/issues/2107": lambda: mpmath.mpf(1) / 2,
    "jax-ml/jax/issues/2140": lambda: mpmath.mpf(1) / 2,
    "jax-ml/jax/issues/11467": lambda: 2,
    "jax-ml/jax/issues/18450": lambda: 0,
    "jax-ml/jax/issues/37633": lambda: mpmath.mpf(1) / 7,
    "jax-ml/jax/issues/37992": lambda: 2,
    "jax-ml/jax/pull/40828": lambda: (
        (1 + mpmath.exp(709) - 709 * mpmath.exp(709)) / (1 + mpmath.exp(709)) ** 2
    ),
    "jax-ml/jax/issues/39794": lambda: mpmath.exp(-40),
    "jax-ml/jax/issues/40342": lambda: mpmath.exp(-40) / (1 + mpmath.exp(-40)) ** 2,
    "jax-ml/jax/issues/40343": lambda: mpmath.sech(20) ** 2,
    "jax-ml/jax/issues/40382": lambda: mpmath.log(2) * 2 ** mpmath.mpf("1024.0000000000002"),
    "jax-ml/jax/issues/40629": lambda: (
        2 * mpmath.pi * mpmath.diff(mpmath.sinc, -mpmath.pi / mpmath.mpf(2) ** 53)
    ),
    "jax-ml/jax/issues/40634": lambda: 1 / mpmath.sqrt(mpmath.mpf(10) ** 44 + 1),
    "HIPS/autograd/issues/116": lambda: 12,
    "HIPS/autograd/issues/212": None,
    "HIPS/autograd/issues/586": lambda: 0,
    "tensorflow/tensorflow/issues/56873": lambda: mpmath.log(2),
    "tensorflow/tensorflow/issues/62554": lambda: 1,
    "tensorflow/tensorflow/issues/124832": lambda: silu_twice(mpmath.mpf(-709)),
    "sympy/sympy/pull/605": lambda: -(mpmath.csch(1) ** 2),
    "sympy/sympy/issues/11402": lambda: -mpmath.mpf(1) / 3,
    "sympy/sympy/issues/20881": None,
    "sympy/sympy/issues/24127": None,
    "symforce-org/symforce/issues/36": lambda: 1,
    "JuliaSymbolics/Symbolics.jl/issues/1081": lambda: 1,
    "SciML/ModelingToolkit.jl/issues/624": lambda: -1,
    "JuliaMath/Calculus.jl/issues/20": lambda: -mpmath.mpf(1) / 4,
    "JuliaDiff/ForwardDiff.jl/issues/243": None,
    "JuliaDiff/ForwardDiff.jl/pull/331": lambda: 0,
    "JuliaDiff/ForwardDiff.jl/issues/365": None,
    "JuliaDiff/ForwardDiff.jl/pull/414": lambda: 0,
    "JuliaDiff/ForwardDiff.jl/issues/480": lambda: 2,
    "JuliaDiff/ForwardDiff.jl/issues/653": lambda: -4 * mpmath.pi**2,
    "JuliaDiff/Diffractor.jl/issues/26": lambda: 1,
    "FluxML/Zygote.jl/issues/208": lambda: 0,
    "JuliaDiff/FiniteDifferences.jl/issues/53": lambda: 1,
    "fqiang/ReverseDiffTape.jl/issues/3": lambda: 4,
    "EnzymeAD/Enzyme.jl/issues/1595": lambda: 1,
    "EnzymeAD/Enzyme.jl/issues/2496": lambda: mpmath.mpf(1) / 2,
    "EnzymeAD/Enzyme.jl/issues/2879": lambda: (mpmath.besseli(0, 2) + mpmath.besseli(2, 2)) / 2,
    "EnzymeAD/Enzyme.jl/issues/2987": lambda: 2,
    "stan-dev/math/issues/1679": lambda: 1,
    "DiffSharp/DiffSharp/issues/27": lambda: 0,
    "chaobrain/saiunit/pull/114": lambda: mpmath.mpf(1) / 3,
    "josdejong/mathjs/issues/934": lambda: 2,
    "josdejong/mathjs/issues/3528": lambda: 2 * mpmath.e,
    "tranleduy2000/ncalc/issues/42": lambda: -5,
    "sys27/xFunc/issues/25": lambda: mpmath.mpf(1) / 2,
    "numworks/epsilon/issues/1150": lambda: 0,
}


def silu_twice(x: Any) -> Any:
    """Return the second derivative of x·sigmoid(x)."""
    exponential = mpmath.exp(-x)
    sigmoid = 1 / (1 + exponential)
    slope = exponential / (1 + exponential) ** 2
    return 2 * slope + x * slope * (1 - 2 * sigmoid)


def test_every_report_has_its_truth() -> None:
    assert [report.thread for report in RECORD["REPORTS"]] == list(TRUTHS)


@pytest.mark.sampled(9)
@pytest.mark.parametrize("report", RECORD["REPORTS"], ids=lambda report: report.thread)
def test_the_truth_is_proved_where_another_was_reported(report: Any) -> None:
    truth, proved = TRUTHS[report.thread], RECORD["proved"](report)
    if truth is None:
        assert not proved.verdict.has_value
    else:
        with mpmath.workdps(400):  # exp(709) of the silu formulas takes 308 digits
            expected = float(truth())
        assert proved.verdict.words in ("certified", "inexact")
        assert proved.number == pytest.approx(expected, rel=4e-16, abs=0)
        assert not math.isclose(report.reported, expected, rel_tol=1e-9)


@pytest.mark.slow
def test_the_page_shows_the_table() -> None:
    """The column of what is installed today is compared where the library is installed."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    for shown, computed in zip(rows, RECORD["markdown"]().splitlines(), strict=True):
        (shown_row, _, shown_today), (row, _, today) = (
            line.rpartition(" | ") for line in (shown, computed)
        )
        assert shown_row == row
        assert today in (shown_today, "— |")

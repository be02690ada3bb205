"""JavaScript keeps the digits of the special functions that it has definitions of its own for."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable

import mpmath
import pytest

import diffcli
from diffcli.errors import UsageError
from diffcli.export.code import export, runs_of
from diffcli.export.targets.javascript import library
from diffcli.export.trial import tried

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node isn't installed")

SPECIAL: dict[str, tuple[Callable, list[float]]] = {
    "erf(x)": (mpmath.erf, [-7.5, -1.0001, -0.3, 1e-300, 0.25, 0.5, 1.0, 1.5, 30.0]),
    "erfc(x)": (mpmath.erfc, [-6.0, -1.5, -0.25, 0.4999, 0.5, 1.0, 3.7, 9.03, 25.999]),
    "erfcx(x)": (
        lambda x: mpmath.exp(x * x) * mpmath.erfc(x),
        [-25.3, -2.0, -0.1, 0.0, 0.5, 3.0, 12.5, 1e4, 1e15, 1e100],
    ),
    "gamma(x)": (mpmath.gamma, [-20.5, -3.99, -0.5, 1e-200, 0.3, 1.0, 6.0, 11.99, 12.0, 171.6]),
    "lgamma(x)": (
        lambda x: mpmath.log(abs(mpmath.gamma(x))),
        [-40.25, -3.5, 1e-100, 0.7, 0.9999999, 1.0000001, 2.0000003, 2.9, 3.1, 11.7, 40.5, 1e10],
    ),
    "digamma(x)": (
        mpmath.digamma,
        [-17.3, -0.25, 1e-100, 0.5, 1.4616, 1.46163214496836, 2.0, 5.5, 9.99, 10.0, 1e8],
    ),
    "polygamma(1, x)": (lambda x: mpmath.psi(1, x), [-8.6, -0.5, 1e-9, 0.3, 3.0, 25.0, 1e5]),
    "polygamma(6, x)": (lambda x: mpmath.psi(6, x), [-2.5, 0.01, 1.25, 20.0, 27.3, 400.0]),
}


@pytest.mark.parametrize("text", SPECIAL)
def test_special_functions_keep_their_digits(text: str) -> None:
    oracle, numbers = SPECIAL[text]
    code = export(diffcli.parse(text), "javascript", kinds=["value"])
    rows = runs_of([code])[0]["f"]([(x,) for x in numbers])
    with mpmath.workdps(60):
        for x, (found,) in zip(numbers, rows, strict=True):
            truth = float(oracle(mpmath.mpf(x)))
            assert found == pytest.approx(truth, rel=4e-15, abs=0), x


def test_a_file_has_the_definitions_that_it_reads_and_no_others() -> None:
    assert "function" not in export(diffcli.parse("x"), "javascript").text.replace("function f", "")
    text = export(diffcli.parse("erf(x)"), "javascript", kinds=["value"]).text
    defined = re.findall(r"^(?:function|const) (\w+)", text, re.MULTILINE)
    assert sorted(defined) == sorted(
        ["chebyshevSum", "expOfSquare", "erfSeries", "erfcxSeries", "erf", "erfc", "erfcx", "f"]
    )
    assert text.endswith("export { f };")


def test_variables_keep_out_of_the_way_of_the_definitions() -> None:
    function = diffcli.parse("gamma*erf(x)*var", variables=["gamma", "x", "var"])
    code = export(function, "javascript")
    assert "function f(gamma_, x, var_)" in code.text
    assert tried(code).points == 8


def test_what_it_has_not_is_refused() -> None:
    with pytest.raises(UsageError, match="javascript has no lambertw that keeps its digits"):
        export(diffcli.parse("lambertw(x)"), "javascript")
    with pytest.raises(UsageError, match="javascript has no polygamma whose order isn't a whole"):
        export(diffcli.parse("polygamma(y, x)"), "javascript", kinds=["value"])


def test_a_negated_negation_is_no_decrement() -> None:
    """The second derivative of acsc is ``-(-sign(x) * …)``, and ``--x`` is an error or a change."""
    code = export(diffcli.parse("acsc(x)"), "javascript", kinds=["hessian"])
    assert "--" not in code.text
    assert tried(code).points == 8


def test_no_line_of_the_definitions_is_long() -> None:
    assert max(len(line) for text in library().values() for line in text.splitlines()) <= 90

"""Random commands on difficult formulas, points and options: each ends with an answer or a reason.

An exit code of 1 is a defect of the program, and so is a traceback, or a warning of a library.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffcli.cli.main import run

COUNT = 600
SHARE = 40
"""Each how many-th case is run by default."""

FORMULAS = (
    "2^1000", "1e300*x", "1e-300*x^3", "exp(exp(x))", "x^x", "abs(x)*1e300", "x^300", "0*log(x)",
    "sqrt(-1-x^2)", "log(x)/x", "1/(x-1)", "floor(x)", "x/abs(x)", "tan(x)", "gamma(x)",
    "1/gamma(x)", "zeta(x,0.3)", "polylog(2,x)", "besselj(0,x)", "erfc(x)", "asin(x)", "cbrt(x)",
    "max(x,0)", "x if x>0 else -x^2", "where(x>0,sqrt(x),0)", "sin(1/x)", "integrate(t^2,t=0..x)",
    "d/dx(x^3)", "sum(x^k,k=1..5)", "mod(x,2)", "(-2)^x", "log(1+exp(x))", "atan(1e200*x)", "x!",
)  # fmt: skip
PLANES = ("x*y", "atan2(y,x)", "x^y", "x^2+y^2-1", "1e300*x-y", "sqrt(x*y)", "x/y", "abs(x-y)")
PAIRS = ("[x*y, x/y]", "[1e300*x, log(y)]", "[sqrt(-1-x^2), y]", "[x^2-y^2, 2x*y]")
NUMBERS = ("0", "1", "-1", "0.1", "pi", "1e-300", "-1e300", "1e5", "-2.5", "1e308", "-30")
RANGES = ("0:1", "-1:1", "0:1e5", "-1e-90:1e-90", "1:1e90", "-pi:pi", "5:6")
OUTPUTS = ((), ("--json",), ("--format", "plain"), ("--format", "latex"), ("--format", "csv"))
OPTIONS = (
    (), (), ("--dtype", "float32"), ("--dtype", "complex128"), ("--no-check",),
    ("--engines", "enclosure"), ("--engines", "autograd"), ("--precision", "30"),
)  # fmt: skip


def commands() -> Iterator[list[str]]:
    """Yield the same command lines every time."""
    draw = random.Random(2601)
    kinds = (_number, _number, _pair, _study, _lines, _plane)
    for _ in range(COUNT):
        yield draw.choice(kinds)(draw)


def _common(draw: random.Random) -> list[str]:
    return [*draw.choice(OUTPUTS), *draw.choice(OPTIONS), "--check-budget", "0.1"]


def _number(draw: random.Random) -> list[str]:
    name, formula, at = (
        draw.choice(("eval", "grad", "hessian", "taylor", "jacobian", "limit")),
        draw.choice(FORMULAS),
        draw.choice(NUMBERS),
    )
    return [name, formula, "--vars", "x", f"--at=x={at}", *_common(draw)]


def _pair(draw: random.Random) -> list[str]:
    name = draw.choice(("grad", "jacobian", "hessian", "laplacian", "divergence", "implicit"))
    formula = draw.choice(PAIRS if name in ("jacobian", "divergence") else PLANES)
    at = f"x={draw.choice(NUMBERS)},y={draw.choice(NUMBERS)}"
    return [name, formula, f"--at={at}", *_common(draw)]


def _study(draw: random.Random) -> list[str]:
    formula, at = draw.choice(FORMULAS), draw.choice(NUMBERS)
    return draw.choice(
        (
            ["uncertainty", formula, "--vars", "x", f"--at=x={at}±{draw.choice(('1', '0.1'))}"],
            ["descend", formula, "--vars", "x", f"--from=x={at}"],
            ["critical", formula, "--range", draw.choice(RANGES[:2]), "--check-budget", "0.1"],
            ["steps", formula],
            ["check", formula, draw.choice(FORMULAS)],
            ["graph", formula, "--vars", "x", f"--at=x={at}"],
            ["export", formula, "--to", draw.choice(("c", "python", "latex"))],
        )
    )


def _lines(draw: random.Random) -> list[str]:
    where = draw.choice((["--term"], ["--term"], ["-o", "p.svg"], ["--data", "p.csv"]))
    more = draw.choice(
        ([], ["--log"], ["--mark", "zeros,poles,kinks,extrema"], ["--orders", "0,2"], ["--fill"],
         [f"--tangent={draw.choice(NUMBERS)}"], [f"--at={draw.choice(NUMBERS)}"])
    )  # fmt: skip
    return ["plot", draw.choice(FORMULAS), f"--range=x={draw.choice(RANGES)}", *where, *more]


def _plane(draw: random.Random) -> list[str]:
    ranges = f"--range=x={draw.choice(RANGES)},y={draw.choice(RANGES)}"
    where = draw.choice((["--term"], ["-o", "p.svg"]))
    return ["plot", draw.choice(PLANES + PAIRS), ranges, *where]


@pytest.mark.sampled(SHARE)
@pytest.mark.parametrize("typed", list(commands()), ids=" ".join)
def test_a_command_is_answered_or_refused(
    typed: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        code = run(typed)
    told = capsys.readouterr().err
    assert code in (0, 2, 3, 4, 5, 6), told
    assert "Traceback" not in told
    assert "defect" not in told
    assert [str(each.message) for each in caught] == []

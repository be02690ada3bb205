"""Reports made by hand, which the tests of the formats show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from diffcli.layouts import Matrix
from diffcli.output.report import Formula, Report, Result
from diffcli.verdict import Check, Verdict


def check(entry: str, value: float | None, **more: Any) -> Check:
    """A certified check, unless told otherwise."""
    settled: dict[str, Any] = {"verdict": Verdict.CERTIFIED, "autograd": value, "symbolic": value}
    settled |= (
        {"enclosure": (str(value), str(value)), "error_ulps": 0.0} if value is not None else {}
    )
    return Check(entry=entry, value=value, **(settled | more))


def result(
    at: Mapping[str, Any] | None,
    value: Any,
    derivative: Any,
    symbolic: Mapping[str, str | None],
    checks: Sequence[Check] | None = None,
    **more: Any,
) -> Result:
    if checks is None and at is not None:
        checks = [check(entry, number) for entry, number in derivative.items()]
    return Result(
        at,
        value,
        derivative,
        {k: Formula(v) for k, v in symbolic.items()},
        tuple(checks or ()),
        **more,
    )


def report(read_as: str, variables: str, notation: Mapping[str, str], *results: Result) -> Report:
    return Report(
        command="grad", expression=(read_as,), read_as=read_as, variables=tuple(variables.split()),
        dtype="float64", device="cpu", results=results, notation=notation,
    )  # fmt: skip


QUADRATIC = report(
    "6*x**2 + 2*x + 4",
    "x",
    {"x": "f′(x)"},
    result({"x": 3.0}, 64.0, {"x": 38.0}, {"x": "12*x + 2"}),
)
TWO_VARIABLES = report(
    "u**3 + v**2 + 4*u*v",
    "u v",
    {"u": "∂f/∂u", "v": "∂f/∂v"},
    result(
        {"u": 3.0, "v": 4.0}, 91.0, {"u": 43.0, "v": 20.0}, {"u": "3*u**2 + 4*v", "v": "4*u + 2*v"}
    ),
)
FIVE_VARIABLES = report(
    "a**3*b**2/log(c + 1) + exp(a*d)*cos(b*c) + sqrt(a**2 + b**2)*log(d**2 + e**2)",
    "a b c d e",
    {name: f"∂f/∂{name}" for name in "abcde"},
    result(
        {"a": 1.2, "b": 0.7, "c": 1.5, "d": -0.4, "e": 2.3},
        3.5875867056704815,
        {"a": 3.6516653012257185, "b": 2.6894609982149587, "c": -0.7791204781243797,
         "d": 0.16554065748340102, "e": 1.1725732541553964},
        {"a": "3*a**2*b**2/log(c + 1) + a*log(d**2 + e**2)/sqrt(a**2 + b**2) + d*exp(a*d)*cos(b*c)",
         "b": "2*a**3*b/log(c + 1) + b*log(d**2 + e**2)/sqrt(a**2 + b**2) - c*exp(a*d)*sin(b*c)",
         "c": "-a**3*b**2/((c + 1)*log(c + 1)**2) - b*exp(a*d)*sin(b*c)",
         "d": "a*exp(a*d)*cos(b*c) + 2*d*sqrt(a**2 + b**2)/(d**2 + e**2)",
         "e": "2*e*sqrt(a**2 + b**2)/(d**2 + e**2)"},
    ),
)  # fmt: skip
FORMULAS_ALONE = report(
    "y = x + 2; z = y*y*3; z",
    "x",
    {"x": "f′(x)"},
    result(None, None, None, {"x": "6*x + 12"}),
)
KINK = report(
    "abs(x)",
    "x",
    {"x": "f′(x)"},
    result(
        {"x": 0.0},
        0.0,
        {"x": None},
        {"x": "sign(x)"},
        [check("x", None, verdict=Verdict.NOT_DIFFERENTIABLE, left=-1.0, right=1.0, autograd=0.0)],
    ),
)
CANCELLATION = report(
    "(1 - cos(x))/x**2",
    "x",
    {"x": "f′(x)"},
    result(
        {"x": 1e-6},
        0.5,
        {"x": -8.333333333332639e-08},
        {"x": "sin(x)/x**2 - 2*(1 - cos(x))/x**3"},
        [
            check(
                "x",
                -8.333333333332639e-08,
                verdict=Verdict.INEXACT,
                autograd=-88.9005819,
                reason="float64 keeps no digit here",
            )
        ],
    ),
)
SEVERAL_POINTS = report(
    "x**2/y",
    "x y",
    {"x": "∂f/∂x", "y": "∂f/∂y"},
    *(
        result({"x": x, "y": y}, x * x / y, {"x": 2 * x / y, "y": -x * x / y**2},
               {"x": "2*x/y", "y": "-x**2/y**2"})
        for x, y in ((1.0, 2.0), (2.5, -3.0), (100.0, 0.001), (1 / 3, 7.0))
    ),
    replace(
        result({"x": 1.0, "y": 0.0}, None, {"x": None, "y": None},
               {"x": "2*x/y", "y": "-x**2/y**2"}),
        checks=tuple(Check(n, Verdict.UNDEFINED, reason="a division by 0") for n in "xy"),
    ),
)  # fmt: skip
_POINTS = [-20 + 40 * place / 99 for place in range(100)]
VECTOR = report(
    "x**2",
    "x",
    {"x": "f′(x)"},
    result(
        {"x": _POINTS},
        [x * x for x in _POINTS],
        {"x": [2 * x for x in _POINTS]},
        {"x": "2*x"},
        [check(f"x[{place}]", 2 * x) for place, x in enumerate(_POINTS)],
    ),
)
REDUCTION = report(
    "2*dot(x, x)*a",
    "a x",
    {"a": "∂f/∂a", "x": "∂f/∂x"},
    result(
        {"a": 1.0, "x": [0.0, 1.0, 2.0, 3.0]},
        28.0,
        {"a": 28.0, "x": [0.0, 4.0, 8.0, 12.0]},
        {"a": "2*dot(x, x)", "x": "4*a*x"},
        [check("x[0]", 0.0), check("x[3]", 12.0)],
        sampled=(2, 5),
    ),
)
MATRIX = report(
    "[x**2*y, 5*x + sin(y)]",
    "x y",
    {},
    result(
        {"x": 1.0, "y": 2.0},
        [2.0, 5.909297426825682],
        Matrix(["f1", "f2"], ["x", "y"], [[4.0, 1.0], [5.0, -0.4161468365471424]]),
        {"f1,x": "2*x*y", "f1,y": "x**2", "f2,x": "5", "f2,y": "cos(y)"},
        [
            check("f1,x", 4.0),
            check("f1,y", 1.0),
            check("f2,x", 5.0),
            check("f2,y", -0.4161468365471424),
        ],
    ),
)
VALUE_ALONE = report(
    "x*y",
    "x y",
    {},
    result({"x": 3.0, "y": 4.0}, 12.0, {}, {}, (), value_checks=(check("f", 12.0),)),
)
CONTRADICTION = report(
    "g(x)",
    "x",
    {"x": "f′(x)"},
    result(
        {"x": 1.0}, 2.0, {"x": 3.0}, {"x": "3*x"},
        [Check("x", Verdict.DISAGREES, 3.0, 3.0, 2.5, ("2.4", "2.6"), error_ulps=1e15)],
    ),
)  # fmt: skip

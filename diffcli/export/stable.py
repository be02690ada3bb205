"""Forms that keep their digits: of partial derivatives where the table's own cancel or overflow.

A partial derivative that stands here is an operation of its own, with the arguments of the function
that it belongs to, so that no algebra multiplies out what has to stay as it is. ``SERIES`` are sums
of the powers of x where a difference would cancel (DLMF 4.19.1, 4.33.1, 7.12.1, 7.5.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import factorial, prod
from types import MappingProxyType
from typing import NamedTuple

TERMS = 10
"""Terms of a series in x² within 1 of 0: the next is below 1e-17 of the first."""
ASYMPTOTIC = 12
"""Terms of a series in 1/x² beyond 10: the next is below 1e-14 of the first."""


class Form(NamedTuple):
    """An operation by a formula in ``x y z``, its arguments, and its own partial derivatives."""

    text: str
    partials: tuple[str, ...] = ()
    standard: str | None = None
    """The same of the standard distribution, with mean 0 and deviation 1."""


def _sum(variable: str, coefficients: list[Fraction]) -> str:
    """Return a polynomial by Horner's rule."""
    last, *others = reversed(
        [f"{coefficient.numerator}/{coefficient.denominator}" for coefficient in coefficients]
    )
    text = last
    for other in others:
        text = f"{other} + {variable}*({text})"
    return text


def _series(sign: int, order: int) -> str:
    """Return the derivative of Σ sign^k x^(2k)/(2k+1)!, the series of sin(x)/x for sign -1.

    Where its order is odd it is divided by x.
    """
    coefficients = [
        sign**k * Fraction(prod(range(2 * k - order + 1, 2 * k + 1)), factorial(2 * k + 1))
        for k in range(1, TERMS + 1)
    ]
    return _sum("x^2", coefficients)


def _odd_factorials(k: int) -> int:
    return prod(range(1, 2 * k, 2))


def _asymptotic(sign: int, order: int) -> str:
    """Return the derivative of Σ sign^k (2k-1)!!/(2^k x^(2k+1)) as a sum of powers of 1/x², above.

    That is x·F(x)·√π for erfcx with sign -1, and 2·F(x) for Dawson's integral with sign 1; the
    sum is to be divided by x^(order + 1).
    """
    coefficients = [
        Fraction(sign**k * _odd_factorials(k), 2**k)
        * prod(range(2 * k + 1, 2 * k + order + 1))
        * (-1) ** order
        for k in range(ASYMPTOTIC)
    ]
    return _sum("(1/x/x)", coefficients)


_H = "hypot(x, y)"
_H1 = "hypot(x, 1)"
_T = "((x - y)/z)"
_P = "normpdf(x, y, z)"
_ROOTS = "sqrt(abs(x) - 1)*sqrt(abs(x) + 1)"
_NEAR = "(1 - x)*(1 + x)"
_SIGMOID = "exp(-abs(x))/(1 + exp(-abs(x)))^2"
_SQUARES = f"(x/{_H} - y/{_H})*(x/{_H} + y/{_H})/{_H}/{_H}"

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "sinc1": Form(
            f"piecewise((x*({_series(-1, 1)}), abs(x) < 1), ((cos(x) - sin(x)/x)/x, True))",
            ("sinc2",),
        ),
        "sinc2": Form(
            f"piecewise(({_series(-1, 2)}, abs(x) < 1), "
            "(-sin(x)/x - 2*(cos(x) - sin(x)/x)/x/x, True))"
        ),
        "sinhc": Form("piecewise((sinh(x)/x, x != 0), (1, True))", ("sinhc1",)),
        "sinhc1": Form(
            f"piecewise((x*({_series(1, 1)}), abs(x) < 1), ((cosh(x) - sinh(x)/x)/x, True))"
        ),
        "asin1": Form(f"1/sqrt({_NEAR})", ("asin2",)),
        "asin2": Form(f"x/({_NEAR})/sqrt({_NEAR})"),
        "atanh1": Form(f"1/({_NEAR})", ("atanh2",)),
        "atanh2": Form(f"2*x/({_NEAR})/({_NEAR})"),
        "asinh1": Form(f"1/{_H1}", ("asinh2",)),
        "asinh2": Form(f"-(x/{_H1})/{_H1}/{_H1}"),
        "acosh1": Form("1/(sqrt(x - 1)*sqrt(x + 1))", ("acosh2",)),
        "acosh2": Form("-(x/(x - 1))/(x + 1)/(sqrt(x - 1)*sqrt(x + 1))"),
        "asec1": Form(f"1/abs(x)/({_ROOTS})", ("asec2",)),
        "asec2": Form(f"-sign(x)*(2 - 1/x/x)/({_ROOTS})/({_ROOTS})/({_ROOTS})"),
        "asech1": Form(f"-1/x/sqrt({_NEAR})", ("asech2",)),
        "asech2": Form(f"(1 - 2*x^2)/x/x/({_NEAR})/sqrt({_NEAR})"),
        "acsch1": Form(f"-1/abs(x)/{_H1}", ("acsch2",)),
        "acsch2": Form(f"sign(x)*(1/x/x + 2)/{_H1}/{_H1}/{_H1}"),
        "cbrt1": Form("1/(3*cbrt(x))/cbrt(x)", ("cbrt2",)),
        "cbrt2": Form("-2/9/x/cbrt(x)/cbrt(x)"),
        "root1": Form("root(x, y)/x/y", ("root11", "root12")),
        "root11": Form("root(x, y)/x/x*(1/y)*(1/y - 1)"),
        "root12": Form("-(root(x, y)/x*log(x)/y + root(x, y)/x)/y/y"),
        "hypot1": Form(f"x/{_H}", ("hypot11", "hypot12")),
        "hypot2": Form(f"y/{_H}", ("hypot12", "hypot22")),
        "hypot11": Form(f"(y/{_H})*(y/{_H})/{_H}"),
        "hypot12": Form(f"-(x/{_H})*(y/{_H})/{_H}"),
        "hypot22": Form(f"(x/{_H})*(x/{_H})/{_H}"),
        "angle1": Form(f"(y/{_H})/{_H}", ("angle11", "angle12")),
        "angle2": Form(f"-(x/{_H})/{_H}", ("angle12", "-angle11")),
        "angle11": Form(f"-2*(x/{_H})*(y/{_H})/{_H}/{_H}"),
        "angle12": Form(_SQUARES),
        "softsign1": Form("1/(1 + abs(x))/(1 + abs(x))", ("softsign2",)),
        "softsign2": Form("-2*sign(x)/(1 + abs(x))/(1 + abs(x))/(1 + abs(x))"),
        "mod2": Form("-round((x - x % y)/y)", ("0", "0")),
        "sigmoid1": Form(_SIGMOID, ("sigmoid2",)),
        "sigmoid2": Form(f"-tanh(x/2)*{_SIGMOID}"),
        "normpdf1": Form(
            f"-{_T}*{_P}/z", ("normpdf11", "-normpdf11", "normpdf13"), "-x*normpdf(x)"
        ),
        "normpdf3": Form(
            f"({_T}*({_T}*{_P}) - {_P})/z",
            ("normpdf13", "-normpdf13", "normpdf33"),
            "x*(x*normpdf(x)) - normpdf(x)",
        ),
        "normpdf11": Form(f"({_T}*({_T}*{_P}) - {_P})/z/z", (), "x*(x*normpdf(x)) - normpdf(x)"),
        "normpdf13": Form(
            f"{_T}*(3*{_P} - {_T}*({_T}*{_P}))/z/z", (), "x*(3*normpdf(x) - x*(x*normpdf(x)))"
        ),
        "normpdf33": Form(f"({_T}*({_T}*({_T}*({_T}*{_P}) - 5*{_P})) + 2*{_P})/z/z"),
        "normcdf3": Form(f"-{_T}*{_P}", ("normpdf3", "-normpdf3", "normcdf33"), "-x*normpdf(x)"),
        "normcdf33": Form(f"{_T}*(2*{_P} - {_T}*({_T}*{_P}))/z"),
        "erfcx1": Form(
            f"piecewise((({_asymptotic(-1, 1)})/x/x/sqrt(pi), x > 10), "
            "(2*x*erfcx(x) - 2/sqrt(pi), True))",
            ("erfcx2",),
        ),
        "erfcx2": Form(
            f"piecewise((({_asymptotic(-1, 2)})/x/x/x/sqrt(pi), x > 10), "
            "(2*(1 + 2*x^2)*erfcx(x) - 4*x/sqrt(pi), True))"
        ),
        "dawson1": Form(
            f"piecewise((({_asymptotic(1, 1)})/x/x/2, abs(x) > 10), (1 - 2*x*dawson(x), True))",
            ("dawson2",),
        ),
        "dawson2": Form(
            f"piecewise((({_asymptotic(1, 2)})/x/x/x/2, abs(x) > 10), "
            "((4*x^2 - 2)*dawson(x) - 2*x, True))"
        ),
    }
)
"""Partial derivatives by their own names, a digit for each argument in turn."""

PARTIALS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sinc": ("sinc1",),
        "Shi": ("sinhc",),
        "asin": ("asin1",),
        "acos": ("-asin1",),
        "atanh": ("atanh1",),
        "acoth": ("atanh1",),
        "asinh": ("asinh1",),
        "acosh": ("acosh1",),
        "asec": ("asec1",),
        "acsc": ("-asec1",),
        "asech": ("asech1",),
        "acsch": ("acsch1",),
        "cbrt": ("cbrt1",),
        "root": ("root1", "-root(x, y)*log(x)/y^2"),
        "hypot": ("hypot1", "hypot2"),
        "atan2": ("angle1", "angle2"),
        "mod": ("1", "mod2"),
        "softsign": ("softsign1",),
        "sigmoid": ("sigmoid1",),
        "normpdf": ("normpdf1", "-normpdf1", "normpdf3"),
        "normcdf": ("normpdf(x, y, z)", "-normpdf(x, y, z)", "normcdf3"),
        "erfcx": ("erfcx1",),
        "dawson": ("dawson1",),
        **{name: form.partials for name, form in FORMS.items()},
    }
)
"""Formulas in place of the table's partial derivatives."""

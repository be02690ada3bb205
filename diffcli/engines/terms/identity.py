"""Whether two terms are one and the same function, by exact rewriting alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Abs, Dummy, Expr, Function, Pow, Rational, S, erf, exp, log, pi, sqrt
from sympy.functions.elementary.hyperbolic import HyperbolicFunction
from sympy.functions.elementary.trigonometric import TrigonometricFunction

from diffcli.engines.terms import symbols
from diffcli.engines.terms.dag import Terms, tree_size
from diffcli.engines.terms.formulas import evaluated, expanded_terms
from diffcli.errors import LimitError

MAX_TERMS = 300
"""Of a difference that is rewritten; expanding a larger one may take long."""

MAX_EXPANDED = 1000
"""Terms of the numerator once it is multiplied out."""

_WAVES = (TrigonometricFunction, HyperbolicFunction)

_DEFINITIONS: Mapping[Any, Callable[..., Expr]] = MappingProxyType(
    {
        symbols.expm1: lambda x: exp(x) - 1,
        symbols.log1p: lambda x: log(1 + x),
        symbols.log2: lambda x: log(x) / log(2),
        symbols.log10: lambda x: log(x) / log(10),
        symbols.cbrt: lambda x: Pow(x, Rational(1, 3)),
        symbols.root: lambda x, n: Pow(x, 1 / n),
        symbols.hypot: lambda x, y: sqrt(x**2 + y**2),
        symbols.mish: lambda x: x * sympy.tanh(log(1 + exp(x))),
        symbols.silu: lambda x: x / (1 + exp(-x)),
        symbols.gelu: lambda x: x * (1 + erf(x / sqrt(2))) / 2,
        symbols.softplus: lambda x: log(1 + exp(x)),
        symbols.logsigmoid: lambda x: -log(1 + exp(-x)),
        symbols.sigmoid: lambda x: 1 / (1 + exp(-x)),
        symbols.logit: lambda x: log(x / (1 - x)),
        symbols.softsign: lambda x: x / (1 + Abs(x)),
        symbols.normpdf: lambda x, m, s: exp(-(((x - m) / s) ** 2) / 2) / (s * sqrt(2 * pi)),
        symbols.normcdf: lambda x, m, s: (1 + erf((x - m) / (s * sqrt(2)))) / 2,
        sympy.sign: lambda x: Abs(x) / x,
    }
)
"""Functions by others of which sympy knows more; what isn't a quotient of these stays."""


def proved_equal(first: Expr, second: Expr, deadline: float | None = None) -> bool:
    """Return whether two terms are proved to be equal wherever both are defined.

    Their difference is put over one denominator, circular and hyperbolic functions as
    exponentials, and its numerator multiplied out; the exponentials and roots that are left are
    independent of each other, or nearly: False proves nothing. ``deadline`` is a reading of
    :func:`diffcli.clock.now`.
    """
    terms = Terms(deadline)
    try:
        difference = terms.add(first, terms.mul(S.NegativeOne, second))
    except LimitError:
        return False
    if tree_size(difference) > MAX_TERMS:
        return False
    form = evaluated(difference)
    if form is S.Zero:
        return True
    for kind, definition in _DEFINITIONS.items():
        form = form.replace(kind, definition)
    return _numerator(form) is S.Zero


def _numerator(form: Expr) -> Expr:
    exponentials = _flattened(form).rewrite(_WAVES, exp)
    numerator = sympy.fraction(sympy.together(exponentials))[0]
    return numerator.expand() if expanded_terms(numerator) <= MAX_EXPANDED else numerator


def _flattened(form: Expr) -> Expr:
    """Return the form with a symbol for each wave's argument that isn't algebraic.

    Exponentials of exponentials take long to multiply out.
    """
    names: dict[Expr, Dummy] = {}
    return form.replace(
        lambda term: isinstance(term, _WAVES) and term.args[0].has(Function),
        lambda term: term.func(names.setdefault(term.args[0], Dummy(real=True))),
    )

"""A formula of complex numbers on balls: its Taylor series where it is proved to be holomorphic.

A few functions are Arb's own; the others are their definitions by these, with the branch cuts of
DLMF chapter 4 (Kahan, "Branch cuts for complex elementary functions", 1987). Each function that has
a cut is guarded: a ball that may touch it has no derivative. A typed log, root or power of what
doesn't move has its principal value on the cut, the one continuous from above.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache, reduce
from operator import add, mul
from types import MappingProxyType
from typing import cast

from flint import acb, acb_series, arb, ctx

from diffcli.engines.balls.decimals import flint_fraction
from diffcli.engines.balls.guards import Difficult, Trouble, Undefined
from diffcli.engines.balls.precision import working
from diffcli.errors import PointError
from diffcli.language.expression import CONSTANT, NUMBER, VARIABLE, Node, postorder
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse


class NotHolomorphic(Trouble):
    """A function depends on the direction in which its argument moves."""


class OnCut(Difficult):
    """An argument lies on a branch cut, as far as the precision tells."""


class BranchPoint(Difficult):
    """The argument of a root is 0, where the root has a value and no Taylor series."""


def _nonzero(z: acb_series, what: str) -> acb_series:
    if not z[0].contains(0):
        return z
    raise Undefined(what) if z[0].is_zero() else Difficult(f"{what}?")


def _off_cut(z: acb_series, name: str, at_zero: type[Trouble] = Undefined) -> acb_series:
    """Return what lies off the negative real axis and 0, where ``at_zero`` is raised."""
    if z[0].is_zero():
        raise at_zero(f"{name} of 0")
    _nonzero(z, f"{name} of 0")
    if z[0].imag.contains(0) and not z[0].real > 0:
        raise OnCut(f"on the branch cut of {name}")
    return z


def _log(z: acb_series, name: str = "log") -> acb_series:
    return _off_cut(z, name).log()


def _principal_log(z: acb_series, name: str = "log") -> acb_series:
    return z.log() if _is_negative(z) else _log(z, name)


def _is_negative(z: acb_series) -> bool:
    return bool(z[0].imag.is_zero() and z[0].real < 0)


def _sqrt(z: acb_series) -> acb_series:
    return _off_cut(z, "sqrt", BranchPoint).sqrt()


def _principal_sqrt(z: acb_series) -> acb_series:
    is_settled = z[0].contains(0) or _is_negative(z)
    return acb_series([z[0].sqrt()]) if is_settled else _sqrt(z)


def _gamma(z: acb_series) -> acb_series:
    if z[0].imag.contains(0) and z[0].real.contains_integer() and not z[0].real > 0:
        raise Undefined("a pole of gamma") if z[0].is_exact() else Difficult("a pole of gamma?")
    return z.gamma()


def _beta(x: acb_series, y: acb_series) -> acb_series:
    return _gamma(x) * _gamma(y) * (x + y).rgamma()


def _sinc(z: acb_series) -> acb_series:
    if not z[0].is_zero():
        return z.sin() / _nonzero(z, "sinc near 0")
    total, square = acb_series([1]), z * z
    for k in reversed(range(1, ctx.cap)):
        total = 1 - total * square / (2 * k * (2 * k + 1))
    return total


def _power(
    z: acb_series, exponent: acb_series, log: Callable[..., acb_series] = _log
) -> acb_series:
    """Return the principal power; an exponent that is typed as an integer is a product."""
    whole = _integer(exponent)
    if whole is None:
        return (exponent * log(z, "a power")).exp()
    if whole < 0:
        return 1 / _power(_nonzero(z, "division by zero"), acb_series([-whole]))
    product, square = acb_series([1]), z
    while whole:
        product, square, whole = (
            product * square if whole % 2 else product,
            square * square,
            whole // 2,
        )
    return product


def _principal_power(z: acb_series, exponent: acb_series) -> acb_series:
    if z[0].is_zero() and exponent[0].real > 0:
        return acb_series([0])
    return _power(z, exponent, _principal_log)


def _integer(exponent: acb_series) -> int | None:
    constant = exponent[0]
    if exponent.length() > 1 or not constant.is_exact() or constant.imag != 0:
        return None
    whole = constant.real.unique_fmpz()
    return None if whole is None or constant.real != whole else int(whole)


RULES: Mapping[str, Callable[..., acb_series]] = MappingProxyType(
    {
        "add": lambda *terms: reduce(add, terms),
        "airyai": acb_series.airy_ai,
        "airyaiprime": acb_series.airy_ai_prime,
        "airybi": acb_series.airy_bi,
        "airybiprime": acb_series.airy_bi_prime,
        "beta": _beta,
        "cos": acb_series.cos,
        "detach": lambda z: acb_series([z[0]]),
        "div": lambda x, y: x / _nonzero(y, "division by zero"),
        "erf": acb_series.erf,
        "erfc": acb_series.erfc,
        "erfi": acb_series.erfi,
        "exp": acb_series.exp,
        "fresnelc": acb_series.fresnel_c,
        "fresnels": acb_series.fresnel_s,
        "gamma": _gamma,
        "log": _log,
        "loggamma": lambda z: _off_cut(z, "loggamma").lgamma(),
        "mul": lambda *factors: reduce(mul, factors),
        "neg": lambda z: -z,
        "pow": _power,
        "Shi": acb_series.shi,
        "Si": acb_series.si,
        "sin": acb_series.sin,
        "sinc": _sinc,
        "sqrt": _sqrt,
    }
)
OF_CONSTANTS: Mapping[str, Callable[..., acb_series]] = MappingProxyType(
    {
        "log": _principal_log,
        "pow": _principal_power,
        "sqrt": _principal_sqrt,
    }
)
"""The rules where the first argument doesn't move, whose value may lie on a cut."""
DEFINITIONS: Mapping[str, str] = MappingProxyType(
    {
        row.name: row.definition
        for row in TABLE.values()
        if row.definition and not row.is_defined_by_cases and row.name not in {"cbrt", *RULES}
    }
    | {
        "acoth": "atanh(1/x)",
        "asin": "-i*log(i*x + sqrt(1 - x^2))",
        "atan": "(log(1 + i*x) - log(1 - i*x))/(2*i)",
        "atanh": "(log(1 + x) - log(1 - x))/2",
        "dawson": "sqrt(pi)/2*exp(-x^2)*erfi(x)",
        "erfcx": "exp(x^2)*erfc(x)",
        "logit": "log(x) - log(1 - x)",
        "tanh": "sinh(x)/cosh(x)",
    }
)
"""The table's definitions, but of the real cube root; its own are those with the cuts of DLMF."""
HOLOMORPHIC = RULES.keys() | DEFINITIONS.keys()
"""The rows that have a complex derivative."""


def series(output: Node, point: Mapping[str, acb], name: str, order: int, bits: int) -> acb_series:
    """Return a formula's Taylor series in one variable at a complex point, up to ``order``.

    Raises the Trouble that it meets: Undefined at a pole, Difficult on a branch cut or where
    ``bits`` of precision don't tell, NotHolomorphic for a function that isn't.
    """
    with working(bits, order):
        moved = {x: acb_series([z, int(x == name)]) for x, z in point.items()}
        return _evaluated(output, moved, name)


def constant(value: Node, bits: int) -> acb:
    """Enclose a complex constant such as ``1 + 2i``. Raises PointError where it has no value."""
    try:
        return series(value, {}, "", 0, bits)[0]
    except Trouble as trouble:
        raise PointError(f"the number has no value: {trouble.reason}") from None


def _evaluated(
    output: Node, arguments: Mapping[str, acb_series], name: str | None = None
) -> acb_series:
    """Return the output as the variable ``name`` moves; no name inside of a definition."""
    results: dict[Node, acb_series] = {}
    moving: set[Node] = set()
    for term in postorder([output]):
        moves = term.value == name if term.op == VARIABLE else not moving.isdisjoint(term.args)
        if moves and term.op != "detach":
            moving.add(term)
        is_typed = name is not None and not moving.issuperset(term.args[:1])
        rules = OF_CONSTANTS if is_typed and term.op in OF_CONSTANTS else RULES
        result = _made(term, [results[arg] for arg in term.args], arguments, rules)
        if not all(coefficient.is_finite() for coefficient in result.coeffs()):
            raise Difficult(f"{term.op}: too large or too uncertain")
        results[term] = result
    return results[output]


def _made(
    term: Node,
    arguments: list[acb_series],
    values: Mapping[str, acb_series],
    rules: Mapping[str, Callable[..., acb_series]],
) -> acb_series:
    if term.op == VARIABLE:
        return values[str(term.value)]
    if term.op == NUMBER:
        exact = cast(Fraction, term.value)
        return acb_series([acb(flint_fraction(exact))])
    if term.op == CONSTANT:
        return acb_series([_constant(str(term.value))])
    if term.op in rules:
        return rules[term.op](*arguments)
    if term.op in DEFINITIONS:
        return _evaluated(definition_of(term.op), dict(zip("xyz", arguments, strict=False)))
    raise NotHolomorphic(f"{term.op} has no derivative in a complex variable")


@cache
def definition_of(op: str) -> Node:
    """Return a function's definition, a formula in x, y and z."""
    return parse(DEFINITIONS[op], variables="xyz", complex_numbers=True).outputs[0]


def _constant(name: str) -> acb:
    match name:
        case "pi":
            return acb(arb.pi())
        case "tau":
            return acb(2 * arb.pi())
        case "e":
            return acb(arb.const_e())
        case "i":
            return acb(0, 1)
    raise Undefined(f"{name} is not a number")

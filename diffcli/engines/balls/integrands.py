"""A formula on complex balls, for integration: each operation where it is analytic.

A rule is given ``is_analytic`` and its arguments. Where a ball may touch a branch cut, or a kink of
a function of real numbers, it returns what is not finite: where ``is_analytic`` is asked for, and
elsewhere too, unless the operation has a value on the real line there. Conditions compare the real
parts, and are None where that isn't certain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import add, mul
from types import MappingProxyType
from typing import Any, cast

from flint import acb, arb, fmpq

from diffcli.engines.balls.decimals import flint_fraction
from diffcli.language.expression import CONSTANT, NUMBER, VARIABLE, Node, postorder

NOWHERE = acb(arb.nan(), arb.nan())
_CONSTANTS: Mapping[str, Callable[[], arb]] = MappingProxyType(
    {"pi": arb.pi, "e": arb.const_e, "tau": lambda: 2 * arb.pi()}
)

Rule = Callable[..., Any]


class Complex:
    """A formula on complex balls."""

    def __init__(self, body: Node) -> None:
        self.nodes = postorder([body])

    @property
    def unknown(self) -> set[str]:
        """The operations of the formula that have no rule."""
        return {term.op for term in self.nodes if not term.is_leaf} - OPERATIONS.keys()

    def __call__(self, point: Mapping[str, acb], is_analytic: bool) -> acb:
        """Return the value where the variables are in their places."""
        values: dict[Node, Any] = {}
        for term in self.nodes:
            if term.is_leaf:
                values[term] = leaf_value(term, point)
            elif term.op in OPERATIONS:
                arguments = (values[arg] for arg in term.args)
                values[term] = OPERATIONS[term.op](is_analytic, *arguments)
            else:
                values[term] = NOWHERE
        return cast(acb, values[self.nodes[-1]])


def leaf_value(term: Node, point: Mapping[str, acb]) -> Any:
    """Return a number, a constant or a variable's place as a ball, a truth value as it is."""
    if term.op == VARIABLE:
        return point[str(term.value)]
    if term.op == NUMBER:
        exact = cast(Any, term.value)
        return acb(flint_fraction(exact))
    if term.op == CONSTANT and term.value in _CONSTANTS:
        return acb(_CONSTANTS[str(term.value)]())
    return term.value == "true" if term.value in ("true", "false") else NOWHERE


def _meromorphic(function: Callable[..., acb]) -> Rule:
    return lambda _, *args: function(*args)


def _within(inside: Callable[[acb], bool], function: Callable[[acb], acb]) -> Rule:
    """Return the rule of a function that is analytic on a region around its real domain."""
    return lambda _, z: function(z) if inside(z) else NOWHERE


def _is_right(z: acb) -> bool:
    return bool(z.real > 0)


def _is_narrow(z: acb) -> bool:
    return bool(abs(z.real) < 1)


def _is_flat(z: acb) -> bool:
    return bool(abs(z.imag) < 1)


def _square_root(is_analytic: bool, z: acb) -> acb:
    at_end = not is_analytic and z.real >= 0 and z.imag == 0
    return z.sqrt() if at_end or _is_right(z) else NOWHERE


def _power(is_analytic: bool, z: acb, exponent: acb) -> acb:
    whole = exponent.real.unique_fmpz() if exponent.imag == 0 and exponent.is_exact() else None
    if whole is not None and exponent.real == whole:
        return z**whole
    if exponent.imag == 0 and exponent.real == fmpq(1, 2):
        return _square_root(is_analytic, z)
    return (z.log() * exponent).exp() if _is_right(z) else NOWHERE


def _cube_root(_: bool, z: acb) -> acb:
    if _is_right(-z):
        return -((-z).root(3))
    return z.root(3) if _is_right(z) else NOWHERE


def _softplus(_: bool, z: acb) -> acb:
    inner = 1 + z.exp()
    return inner.log() if _is_right(inner) else NOWHERE


def _normal_density(_: bool, x: acb, mean: acb, deviation: acb) -> acb:
    if not _is_right(deviation):
        return NOWHERE
    z = (x - mean) / deviation
    return (-z * z / 2).exp() / (deviation * (2 * arb.pi()).sqrt())


def _normal_distribution(_: bool, x: acb, mean: acb, deviation: acb) -> acb:
    if not _is_right(deviation):
        return NOWHERE
    return ((mean - x) / (deviation * arb(2).sqrt())).erfc() / 2


def _bessel(function: Callable[[acb, acb], acb], *, is_entire: bool) -> Rule:
    def rule(_: bool, order: acb, z: acb) -> acb:
        whole = is_entire and order.is_exact() and order.contains_integer()
        return function(z, order) if whole or _is_right(z) else NOWHERE

    return rule


def _of_order(name: str, order: int) -> Rule:
    return lambda is_analytic, z: OPERATIONS[name](is_analytic, acb(order), z)


def _compared(holds: Callable[[arb], bool], fails: Callable[[arb], bool]) -> Rule:
    def rule(_: bool, x: acb, y: acb) -> bool | None:
        gap = x.real - y.real
        return True if holds(gap) else False if fails(gap) else None

    return rule


def _all(_: bool, *conditions: bool | None) -> bool | None:
    return False if False in conditions else None if None in conditions else True


def _any(_: bool, *conditions: bool | None) -> bool | None:
    return True if True in conditions else None if None in conditions else False


def _not(_: bool, condition: bool | None) -> bool | None:
    return None if condition is None else not condition


def _piecewise(is_analytic: bool, *branches: Any) -> acb:
    """Return the first value whose condition holds; near where two meet, what holds them both."""
    possible: list[acb] = []
    for value, condition in zip(branches[::2], branches[1::2], strict=True):
        if condition is not False:
            possible.append(value)
        if condition is True:
            break
    else:
        return NOWHERE
    if len(possible) > 1 and is_analytic:
        return NOWHERE
    return reduce(acb.union, possible)


def _negative(gap: arb) -> bool:
    return bool(gap < 0)


def _positive(gap: arb) -> bool:
    return bool(gap > 0)


def _not_positive(gap: arb) -> bool:
    return bool(gap <= 0)


def _not_negative(gap: arb) -> bool:
    return bool(gap >= 0)


OPERATIONS: Mapping[str, Rule] = MappingProxyType(
    {
        "add": _meromorphic(lambda *terms: reduce(add, terms)),
        "mul": _meromorphic(lambda *factors: reduce(mul, factors)),
        "div": _meromorphic(lambda x, y: x / y),
        "neg": _meromorphic(lambda x: -x),
        "pow": _power,
        "detach": _meromorphic(lambda x: x),
        **{
            name: _meromorphic(getattr(acb, name))
            for name in "exp sin cos tan cot sec csc sinc sinh cosh tanh coth sech csch erf erfc "
            "erfi expm1 gamma digamma".split()
        },
        "Si": _meromorphic(acb.si),
        "Shi": _meromorphic(acb.shi),
        "fresnels": _meromorphic(acb.fresnel_s),
        "fresnelc": _meromorphic(acb.fresnel_c),
        "airyai": _meromorphic(acb.airy_ai),
        "airybi": _meromorphic(acb.airy_bi),
        "factorial": _meromorphic(lambda z: (z + 1).gamma()),
        "sigmoid": _meromorphic(lambda z: 1 / (1 + (-z).exp())),
        "silu": _meromorphic(lambda z: z / (1 + (-z).exp())),
        "erfcx": _meromorphic(lambda z: (z * z).exp() * z.erfc()),
        "sqrt": _square_root,
        "cbrt": _cube_root,
        "log": _within(_is_right, acb.log),
        "log2": _within(_is_right, lambda z: z.log() / arb.const_log2()),
        "log10": _within(_is_right, lambda z: z.log() / arb.const_log10()),
        "log1p": _within(lambda z: _is_right(1 + z), acb.log1p),
        "lgamma": _within(_is_right, acb.lgamma),
        "loggamma": _within(_is_right, acb.lgamma),
        "Ci": _within(_is_right, acb.ci),
        "Chi": _within(_is_right, acb.chi),
        "asin": _within(_is_narrow, acb.asin),
        "acos": _within(_is_narrow, acb.acos),
        "atanh": _within(_is_narrow, acb.atanh),
        "atan": _within(_is_flat, acb.atan),
        "asinh": _within(_is_flat, acb.asinh),
        "acosh": _within(lambda z: _is_right(z - 1), acb.acosh),
        "softplus": _softplus,
        "hypot": lambda is_analytic, x, y: _square_root(is_analytic, x * x + y * y),
        "normpdf": _normal_density,
        "normcdf": _normal_distribution,
        "besselj": _bessel(acb.bessel_j, is_entire=True),
        "besseli": _bessel(acb.bessel_i, is_entire=True),
        "bessely": _bessel(acb.bessel_y, is_entire=False),
        "besselk": _bessel(acb.bessel_k, is_entire=False),
        **{f"{kind}{n}": _of_order(f"bessel{kind}", n) for kind in "jyik" for n in (0, 1)},
        "abs": lambda is_analytic, z: z.real_abs(analytic=is_analytic),
        "sign": lambda is_analytic, z: z.real_sgn(analytic=is_analytic),
        "floor": lambda is_analytic, z: z.real_floor(analytic=is_analytic),
        "ceil": lambda is_analytic, z: z.real_ceil(analytic=is_analytic),
        "relu": lambda is_analytic, z: z.real_max(acb(0), analytic=is_analytic),
        "max": lambda flag, *zs: reduce(lambda x, y: x.real_max(y, analytic=flag), zs),
        "min": lambda flag, *zs: reduce(lambda x, y: x.real_min(y, analytic=flag), zs),
        "lt": _compared(_negative, _not_negative),
        "le": _compared(_not_positive, _positive),
        "gt": _compared(_positive, _not_positive),
        "ge": _compared(_not_negative, _negative),
        "and": _all,
        "or": _any,
        "not": _not,
        "piecewise": _piecewise,
    }
)
"""The rule of each operation that can be integrated."""

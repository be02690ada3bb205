"""What each function is on a cell, as an algebraic form of atoms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Add, Expr, Mul, Pow, Rational, S, erf, pi, sqrt

from diffcli.engines.terms import symbols
from diffcli.engines.terms.cells import Cell, UnknownError
from diffcli.engines.terms.signs import NowhereError

HALF, THIRD = Rational(1, 2), Rational(1, 3)
_NOT_REAL = (S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity, S.ImaginaryUnit)
_ODD = frozenset(
    {
        *(sympy.sin, sympy.sinh, sympy.asin, sympy.atan, sympy.asinh, sympy.atanh),
        *(sympy.erf, sympy.erfi, sympy.Si, sympy.Shi),
    }
)
_EVEN = frozenset({sympy.cos, sympy.cosh})


def call(cell: Cell, kind: Any, args: list[Any]) -> Expr:
    """Return a function of which nothing is known but whether it is odd, even or a number."""
    if any(isinstance(arg, bool) for arg in args):
        raise UnknownError(kind)
    forms = [cell.canonical(arg) for arg in args]
    if all(form.is_number for form in forms):
        number = kind(*forms)
        if not number.has(*_NOT_REAL) and not number.atoms(sympy.Function):
            return number
    if kind in _ODD and forms[0].could_extract_minus_sign():
        return -cell.atoms.of(kind, -forms[0])
    if kind in _EVEN and forms[0].could_extract_minus_sign():
        return cell.atoms.of(kind, -forms[0])
    return cell.atoms.of(kind, *forms)


def _called(kind: Any) -> Callable[..., Expr]:
    return lambda cell, *args: call(cell, kind, list(args))


_sin, _cos, _sinh, _cosh, _asin, _atan, _erf = map(
    _called, (sympy.sin, sympy.cos, sympy.sinh, sympy.cosh, sympy.asin, sympy.atan, erf)
)
_gamma, _polygamma = map(_called, (sympy.gamma, sympy.polygamma))


def _divided(cell: Cell, above: Expr, below: Expr) -> Expr:
    return above * cell.power(below, S.NegativeOne)


def _power(cell: Cell, base: Expr, exponent: Expr) -> Expr:
    if exponent.is_Rational:
        return cell.power(base, exponent)
    sign = cell.sign(base)
    if sign > 0:
        return cell.exp(exponent * cell.log(base))
    if sign < 0:
        # At whole exponents alone there is a value.
        return call(cell, Pow, [base, exponent])
    growth = cell.sign(exponent)
    if growth < 0:
        raise NowhereError
    return S.Zero if growth else S.One


# Choices.


def _absolute(cell: Cell, x: Expr) -> Expr:
    return cell.sign(x) * x


def _step(cell: Cell, x: Expr, at_zero: Expr) -> Expr:
    return (S.Zero, at_zero, S.One)[cell.sign(x) + 1]


def _chosen(cell: Cell, x: Expr, above: Expr, below: Expr) -> Expr:
    return above if cell.sign(x) > 0 else below


def _extremum(turn: int) -> Callable[..., Expr]:
    def best(cell: Cell, first: Expr, *others: Expr) -> Expr:
        for other in others:
            if turn * cell.sign(other - first) > 0:
                first = other
        return first

    return best


def _clamped(cell: Cell, x: Expr, low: Expr, high: Expr) -> Expr:
    return _extremum(-1)(cell, _extremum(1)(cell, x, low), high)


def _compared(*signs: int) -> Callable[..., bool]:
    def compared(cell: Cell, left: Any, right: Any) -> bool:
        if isinstance(left, bool) or isinstance(right, bool):
            raise UnknownError(left)
        return cell.sign(left - right) in signs

    return compared


def _piecewise(cell: Cell, term: Any) -> Any:
    for value, condition in term.args:
        if cell.value(condition):
            return cell.value(value)
    raise NowhereError


# Rounding.


def floor(cell: Cell, x: Expr) -> Expr:
    """Return the greatest whole number not above a form."""
    x = cell.canonical(x)
    whole = sum((term for term in Add.make_args(x) if term.is_Integer), S.Zero)
    rest = x - whole
    if rest.is_number:
        return whole + sympy.floor(rest)
    if rest.could_extract_minus_sign():
        return whole - _ceiling(cell, -rest)
    return x if cell.whole(rest) else whole + cell.atoms.of(sympy.floor, rest)


def _ceiling(cell: Cell, x: Expr) -> Expr:
    x = cell.canonical(x)
    low = floor(cell, x)
    return low if cell.is_zero(x - low) else low + 1


def _rounded(cell: Cell, x: Expr) -> Expr:
    # Halves go to the even number, of which no form tells which it is.
    x = cell.canonical(x)
    if x.is_Rational:
        return sympy.Integer(round(x))
    return cell.atoms.of(symbols.round_half_even, x)


def _remainder(cell: Cell, x: Expr, y: Expr) -> Expr:
    return x - y * floor(cell, _divided(cell, x, y))


# Definitions by other functions.


def _log1p_exp(cell: Cell, x: Expr) -> Expr:
    return cell.log(1 + cell.exp(x))


def _sigmoid(cell: Cell, x: Expr) -> Expr:
    return 1 / (1 + cell.exp(-x))


def _tanh(cell: Cell, x: Expr) -> Expr:
    return _sinh(cell, x) / _cosh(cell, x)


def _density(cell: Cell, x: Expr, mean: Expr, width: Expr) -> Expr:
    below = _divided(cell, x - mean, width)
    return _divided(cell, cell.exp(-(below**2) / 2), width) / sqrt(2 * pi)


def _normal(cell: Cell, x: Expr, mean: Expr, width: Expr) -> Expr:
    return (1 + _erf(cell, _divided(cell, x - mean, width) / sqrt(2))) / 2


def _selu(cell: Cell, x: Expr) -> Expr:
    below = symbols.SELU_ALPHA * (cell.exp(x) - 1)
    return symbols.SELU_SCALE * _chosen(cell, x, x, below)


def _sinc(cell: Cell, x: Expr) -> Expr:
    return _sin(cell, x) / x if cell.sign(x) else S.One


def _root(cell: Cell, x: Expr, degree: Expr) -> Expr:
    return _power(cell, x, _divided(cell, S.One, degree))


Law = Callable[..., Any]

LAZY: Mapping[Any, Law] = MappingProxyType(
    {
        sympy.Piecewise: _piecewise,
        sympy.And: lambda cell, term: all(cell.value(arg) for arg in term.args),
        sympy.Or: lambda cell, term: any(cell.value(arg) for arg in term.args),
    }
)
"""What doesn't look at all of its arguments."""

LAWS: Mapping[Any, Law] = MappingProxyType(
    {
        Add: lambda _, *terms: Add(*terms),
        Mul: lambda _, *factors: Mul(*factors),
        Pow: _power,
        sympy.Not: lambda _, condition: not condition,
        sympy.StrictLessThan: _compared(-1),
        sympy.LessThan: _compared(-1, 0),
        sympy.StrictGreaterThan: _compared(1),
        sympy.GreaterThan: _compared(1, 0),
        sympy.Equality: _compared(0),
        sympy.Unequality: _compared(-1, 1),
        sympy.exp: Cell.exp,
        sympy.log: Cell.log,
        sympy.Abs: _absolute,
        sympy.sign: lambda cell, x: sympy.Integer(cell.sign(x)),
        sympy.Heaviside: _step,
        sympy.Max: _extremum(1),
        sympy.Min: _extremum(-1),
        sympy.floor: floor,
        sympy.ceiling: _ceiling,
        sympy.frac: lambda cell, x: x - floor(cell, x),
        sympy.Mod: _remainder,
        sympy.tan: lambda cell, x: _divided(cell, _sin(cell, x), _cos(cell, x)),
        sympy.cot: lambda cell, x: _divided(cell, _cos(cell, x), _sin(cell, x)),
        sympy.sec: lambda cell, x: _divided(cell, S.One, _cos(cell, x)),
        sympy.csc: lambda cell, x: _divided(cell, S.One, _sin(cell, x)),
        sympy.tanh: _tanh,
        sympy.coth: lambda cell, x: _divided(cell, _cosh(cell, x), _sinh(cell, x)),
        sympy.sech: lambda cell, x: 1 / _cosh(cell, x),
        sympy.csch: lambda cell, x: _divided(cell, S.One, _sinh(cell, x)),
        sympy.acos: lambda cell, x: pi / 2 - _asin(cell, x),
        sympy.acot: lambda cell, x: _atan(cell, _divided(cell, S.One, x)),
        sympy.asec: lambda cell, x: pi / 2 - _asin(cell, _divided(cell, S.One, x)),
        sympy.acsc: lambda cell, x: _asin(cell, _divided(cell, S.One, x)),
        sympy.sinc: _sinc,
        sympy.erfc: lambda cell, x: 1 - _erf(cell, x),
        sympy.factorial: lambda cell, x: _gamma(cell, x + 1),
        sympy.digamma: lambda cell, x: _polygamma(cell, S.Zero, x),
        symbols.round_half_even: _rounded,
        symbols.detach: lambda _, x: x,
        symbols.expm1: lambda cell, x: cell.exp(x) - 1,
        symbols.log1p: lambda cell, x: cell.log(1 + x),
        symbols.log2: lambda cell, x: cell.log(x) / sympy.log(2),
        symbols.log10: lambda cell, x: cell.log(x) / (sympy.log(2) + sympy.log(5)),
        symbols.cbrt: lambda cell, x: cell.power(x, THIRD),
        symbols.root: _root,
        symbols.hypot: lambda cell, x, y: cell.power(x**2 + y**2, HALF),
        symbols.relu: lambda cell, x: _chosen(cell, x, x, S.Zero),
        symbols.leaky_relu: lambda cell, x, a: _chosen(cell, x, x, a * x),
        symbols.elu: lambda cell, x, a: _chosen(cell, x, x, a * (cell.exp(x) - 1)),
        symbols.selu: _selu,
        symbols.clamp: _clamped,
        symbols.hardtanh: lambda cell, x: _clamped(cell, x, S.NegativeOne, S.One),
        symbols.softsign: lambda cell, x: x / (1 + _absolute(cell, x)),
        symbols.sigmoid: _sigmoid,
        symbols.softplus: _log1p_exp,
        symbols.logsigmoid: lambda cell, x: -_log1p_exp(cell, -x),
        symbols.logit: lambda cell, x: cell.log(_divided(cell, x, 1 - x)),
        symbols.silu: lambda cell, x: x * _sigmoid(cell, x),
        symbols.mish: lambda cell, x: x * _tanh(cell, _log1p_exp(cell, x)),
        symbols.gelu: lambda cell, x: x * _normal(cell, x, S.Zero, S.One),
        symbols.normpdf: _density,
        symbols.normcdf: _normal,
    }
)
"""Functions by others, on a cell; of any other function nothing is known."""


class Evaluator(Cell):
    """A cell on which terms have their forms by these laws."""

    def _value(self, term: Any) -> Any:
        if not term.args:
            return self.leaf(term)
        kind = type(term)
        if kind in LAZY:
            return LAZY[kind](self, term)
        args = [self.value(arg) for arg in term.args]
        return LAWS[kind](self, *args) if kind in LAWS else call(self, kind, args)

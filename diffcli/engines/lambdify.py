"""Sympy DAG → tape: one step or a few a term.

The cost is linear in the DAG.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial, reduce
from math import nan
from types import MappingProxyType
from typing import TypeAlias

import sympy
from mpmath import mag
from sympy import Add, Basic, Expr, Mul, Piecewise, Pow, Rational, S, Symbol
from sympy.functions.elementary.piecewise import ExprCondPair

from diffcli.engines.guards import guarded
from diffcli.engines.program import Program
from diffcli.engines.tape import (
    ADD,
    AND,
    DIV,
    MUL,
    NEG,
    NOT,
    OR,
    POW,
    RECIPROCAL,
    SUB,
    WHERE,
    Constant,
    Tape,
    Value,
)
from diffcli.engines.terms.dag import postorder
from diffcli.engines.terms.functions import RealFunction
from diffcli.engines.terms.numeric import MAX_MAGNITUDE, evaluate
from diffcli.engines.terms.operations import Operation
from diffcli.language.functions import TABLE, resolve
from diffcli.language.tensors import TENSORS

CONSTANT_DIGITS = 40
LARGEST_INTEGER_POWER = 2**31


def lambdify(expressions: Sequence[Expr], symbols: Sequence[Symbol]) -> Program:
    """Lower terms to a Program of the symbols, in their order."""
    lowering = Lowering(expressions, symbols)
    tape, outputs = guarded(lowering.tape, [lowering.value(root) for root in expressions])
    return Program(tape, tuple(outputs))


class Lowering:
    """Writes terms on a tape, whose inputs are the symbols."""

    def __init__(self, roots: Iterable[Expr], symbols: Sequence[Symbol]) -> None:
        self.tape = Tape()
        inputs = {symbol: self.tape.input() for symbol in symbols}
        self._values: dict[int, Value] = {}
        self._varying: set[int] = set()
        for term in postorder(roots):
            if term in inputs if isinstance(term, Symbol) else self._varies(term):
                self._varying.add(id(term))
                if isinstance(term, Symbol):
                    self._values[id(term)] = inputs[term]
                elif not isinstance(term, ExprCondPair):
                    self._values[id(term)] = self.step(term)

    def _varies(self, term: Basic) -> bool:
        return any(id(arg) in self._varying for arg in term.args)

    def value(self, term: Basic) -> Value:
        """Return the value of a term: a constant, or its computation where that isn't real."""
        if id(term) not in self._values:
            number = _constant(term)
            self._values[id(term)] = (
                self.step(term) if number is None else self.tape.constant(number)
            )
        return self._values[id(term)]

    def step(self, term: Basic) -> Value:
        """Return the step of a term."""
        lower = _LOWERING.get(type(term))
        if lower is not None:
            return lower(self, term)
        if isinstance(term, Operation):
            *operands, known = term.args
            reference, static = TENSORS[term.row].torch, known.static
            return self.tape(reference, *map(self.value, operands), static=static)
        if isinstance(term, RealFunction) and term.poles:
            return self.tape.constant(nan)
        reference = term.row.torch if isinstance(term, RealFunction) else _TORCH[type(term)]
        return self.tape(reference, *map(self.value, term.args))


def _constant(term: Basic) -> Constant | None:
    """Return the exact or 40-digit value of a term without variables; None if it isn't real."""
    if isinstance(term, Rational):
        return Fraction(term.p, term.q)
    if not term.args:
        if term in _SINGULAR:
            return _SINGULAR[term]
        if isinstance(term, Symbol):
            raise KeyError(f"{term.name} is not among the symbols")
    if isinstance(term, (*_CONDITIONS, Operation)):
        return None
    value = evaluate([term], {}, wanted=CONSTANT_DIGITS)
    if value.number is None:
        return None
    if abs(mag(value.number)) > MAX_MAGNITUDE:
        return float(value.number)
    sign, mantissa, exponent, _ = value.number._mpf_
    exact: Fraction = Fraction(-mantissa if sign else mantissa) * Fraction(2) ** int(exponent)
    return exact


_Lower: TypeAlias = Callable[[Lowering, Basic], Value]


def _joined(op: str) -> _Lower:
    def lower(lowering: Lowering, term: Basic) -> Value:
        return reduce(partial(lowering.tape, op), map(lowering.value, term.args))

    return lower


def _sum(lowering: Lowering, term: Basic) -> Value:
    return reduce(partial(_plus, lowering.tape), map(lowering.value, term.args))


def _plus(tape: Tape, left: Value, right: Value) -> Value:
    """Return a sum; one with a negation is a difference, one pass over the numbers less."""
    if tape.steps[right].op == NEG:
        return tape(SUB, left, *tape.steps[right].args)
    if tape.steps[left].op == NEG:
        return tape(SUB, right, *tape.steps[left].args)
    return tape(ADD, left, right)


def _called(op: str) -> _Lower:
    return lambda lowering, term: lowering.tape(op, lowering.value(term.args[0]))


def _product(lowering: Lowering, term: Basic) -> Value:
    tape = lowering.tape
    over: list[Value] = []
    under: list[Value] = []
    is_negative = False
    for factor in term.args:
        if factor is S.NegativeOne:
            is_negative = not is_negative
        elif type(factor) is Pow and factor.args[1] is S.NegativeOne:
            under.append(lowering.value(factor.args[0]))
        else:
            over.append(lowering.value(factor))
    first, *rest = over or [tape.constant(Fraction(1))]
    product = reduce(partial(tape, MUL), rest, tape(NEG, first) if is_negative else first)
    return reduce(partial(tape, DIV), under, product)


def _power(lowering: Lowering, term: Basic) -> Value:
    tape = lowering.tape
    base, exponent = term.args
    if base is S.Exp1:
        return tape("torch:exp", lowering.value(exponent))
    x = lowering.value(base)
    if not isinstance(exponent, Rational):
        return tape("kernels:power", x, lowering.value(exponent))
    p, q = int(exponent.p), int(exponent.q)
    if exponent is S.Half:
        return tape("torch:sqrt", x)
    if exponent is S.NegativeOne:
        return tape(RECIPROCAL, x)
    if (p, q) == (2, 1):
        return tape(MUL, x, x)
    if max(abs(p), q) > LARGEST_INTEGER_POWER:
        return tape("kernels:power", x, lowering.value(exponent))
    if q > 1 and q % 2:
        return tape("kernels:rational_power", x, static=(p, q))
    return tape(POW, x, static=(p if q == 1 else p / q,))


def _pieces(lowering: Lowering, term: Basic) -> Value:
    """Return the first value whose condition holds, nan where none does, as selections of two."""
    tape = lowering.tape
    chosen = tape.constant(nan)
    for value, condition in (pair.args for pair in reversed(term.args)):
        chosen = (
            lowering.value(value)
            if condition is S.true
            else tape(WHERE, lowering.value(condition), lowering.value(value), chosen)
        )
    return chosen


_COMPARISONS: Mapping[type[Basic], _Lower] = MappingProxyType(
    {
        sympy.StrictLessThan: _joined("torch:lt"),
        sympy.LessThan: _joined("torch:le"),
        sympy.StrictGreaterThan: _joined("torch:gt"),
        sympy.GreaterThan: _joined("torch:ge"),
        sympy.Equality: _joined("torch:eq"),
        sympy.Unequality: _joined("torch:ne"),
        sympy.And: _joined(AND),
        sympy.Or: _joined(OR),
        sympy.Not: _called(NOT),
    }
)
_CONDITIONS = (*_COMPARISONS, ExprCondPair)
_LOWERING: Mapping[type[Basic], _Lower] = MappingProxyType(
    {
        **_COMPARISONS,
        Add: _sum,
        Mul: _product,
        Pow: _power,
        Piecewise: _pieces,
        sympy.Max: _joined("torch:maximum"),
        sympy.Min: _joined("torch:minimum"),
        # Away from its point.
        sympy.DiracDelta: _called("torch:zeros_like"),
    }
)
_SINGULAR: Mapping[Basic, Constant] = MappingProxyType(
    {
        S.Infinity: float("inf"),
        S.NegativeInfinity: float("-inf"),
        S.ComplexInfinity: nan,
        S.NaN: nan,
        S.ImaginaryUnit: 1j,
        S.true: True,
        S.false: False,
    }
)
#: What computes each function of the table, by its sympy class.
_TORCH: Mapping[type[Basic], str] = MappingProxyType(
    {
        kind: row.torch
        for row in TABLE.values()
        if row.sympy and isinstance(kind := resolve(row.sympy), type)
    }
)

"""Partials of sympy terms by a memoised chain rule.

``sympy.diff`` walks the tree; here each term of the DAG is differentiated once. Sympy says what the
partial of each kind of function is, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sympy import (
    Add,
    And,
    Basic,
    DiracDelta,
    Equality,
    Expr,
    Heaviside,
    Max,
    Min,
    Mod,
    Mul,
    Not,
    Or,
    Piecewise,
    Pow,
    S,
    Symbol,
    ceiling,
    floor,
    frac,
    log,
    sign,
)
from sympy.core.function import Derivative, Subs
from sympy.core.relational import (
    GreaterThan,
    LessThan,
    StrictGreaterThan,
    StrictLessThan,
    Unequality,
)
from sympy.functions.elementary.piecewise import ExprCondPair

from diffcli.engines.terms.dag import TermTable, dummy, postorder
from diffcli.errors import LimitError

MAX_CACHED = 4096
"""Partials that are kept; numbers among the arguments are typed."""

_CONDITIONS = (And, Or, Not, GreaterThan, LessThan, StrictGreaterThan, StrictLessThan)


class NoPartialError(LimitError):
    """A function has no closed partial in one of its arguments."""


@dataclass
class Differentiator:
    """Differentiates terms of one DAG, each once a symbol, whatever the order of the partial."""

    terms: TermTable = field(default_factory=TermTable)
    _known: dict[tuple[int, Any], Any] = field(default_factory=dict)

    def partial(self, root: Expr, symbols: Iterable[Symbol]) -> Any:
        """Return the partial of a term in each of the symbols in turn.

        Linear in the DAG for each symbol. Raises LimitError where it swells, NoPartialError where
        sympy knows no closed partial, OutOfTimeError past the deadline.
        """
        for symbol in symbols:
            root = self._derivative(root, symbol)
        return root

    def _derivative(self, root: Expr, wrt: Symbol) -> Any:
        known, wrt = self._known, self.terms.leaf(wrt)
        if (id(root), wrt) in known:
            return known[id(root), wrt]
        self.terms.check()
        for term in postorder([root]):
            if (id(term), wrt) in known:
                continue
            inner = [known[id(arg), wrt] for arg in term.args]
            if all(slope is S.Zero for slope in inner):
                slope = S.One if term is wrt else S.Zero
            else:
                rule: Callable[..., Any] = _RULES.get(type(term), _chain)
                slope = rule(self.terms, term, inner)
            known[id(term), wrt] = slope
        return known[id(root), wrt]


def _sum(terms: TermTable, _: Any, inner: Sequence[Any]) -> Any:
    return terms.add(*inner)


def _product(terms: TermTable, term: Any, inner: Sequence[Any]) -> Any:
    # Factor by factor, as n factors written out at once would make n² terms.
    pairs = list(zip(term.args, inner, strict=True))
    fixed = [factor for factor, slope in pairs if slope is S.Zero]
    moving = [(factor, slope) for factor, slope in pairs if slope is not S.Zero]
    product, derivative = moving[0]
    for factor, slope in moving[1:]:
        derivative = terms.add(terms.mul(derivative, factor), terms.mul(product, slope))
        product = terms.mul(product, factor)
    return terms.mul(*fixed, derivative)


def _power(terms: TermTable, term: Any, inner: Sequence[Any]) -> Any:
    (base, exponent), (base_slope, exponent_slope) = term.args, inner
    if exponent_slope is S.Zero:
        rational = terms.rational(exponent)
        lower = terms.add(exponent, S.NegativeOne) if rational is None else rational - 1
        return terms.mul(exponent, terms.power(base, lower), base_slope)
    growth = exponent_slope if base is S.Exp1 else terms.mul(exponent_slope, terms(log, base))
    if base_slope is not S.Zero:
        growth = terms.add(
            growth, terms.mul(exponent, base_slope, terms.power(base, S.NegativeOne))
        )
    return terms.mul(term, growth)


def _pieces(terms: TermTable, term: Any, inner: Sequence[Any]) -> Any:
    # What holds at isolated points alone has no slope of its own there, and is left out.
    pairs: list[Any] = []
    excluded: list[Any] = []
    for pair, slopes in zip(term.args, inner, strict=True):
        slope, is_moving = slopes or (S.Zero, S.Zero)
        condition = pair.args[1]
        if is_moving and isinstance(condition, Equality):
            excluded.append(terms(Unequality, *condition.args))
            continue
        parts = [*excluded, *([] if excluded and condition is S.true else [condition])]
        branch = parts[0] if len(parts) == 1 else terms(And, *parts)
        pairs.append(terms(ExprCondPair, slope, branch))
        if is_moving and isinstance(condition, Unequality):
            break
    return terms(Piecewise, *pairs)


def _pair(_: TermTable, __: Any, inner: Sequence[Any]) -> Any:
    return tuple(inner)


def _is_moving(*_: Any) -> Any:
    return S.One


def _extremum(terms: TermTable, term: Any, inner: Sequence[Any]) -> Any:
    # max(a, b)′ = a′·θ(a − b) + b′·θ(b − a), two arguments at a time; min the other way round.
    kind = type(term)
    best, slope = term.args[0], inner[0]
    for other, other_slope in zip(term.args[1:], inner[1:], strict=True):
        lead = terms.add(best, terms.mul(S.NegativeOne, other))
        trail = terms.add(other, terms.mul(S.NegativeOne, best))
        if kind is Min:
            lead, trail = trail, lead
        slope = terms.add(
            terms.mul(slope, terms(Heaviside, lead, S.Half)),
            terms.mul(other_slope, terms(Heaviside, trail, S.Half)),
        )
        best = terms(kind, best, other)
    return slope


def _remainder(terms: TermTable, term: Any, inner: Sequence[Any]) -> Any:
    x, y = term.args
    turns = terms(floor, terms.mul(x, terms.power(y, S.NegativeOne)))
    return terms.add(inner[0], terms.mul(S.NegativeOne, turns, inner[1]))


def _step(terms: TermTable, term: Any, inner: Sequence[Any]) -> Any:
    # Constant but for its value at 0, which is the second argument.
    if inner[1] is S.Zero:
        return S.Zero
    at_zero = terms(Equality, term.args[0], S.Zero)
    pairs = ((inner[1], at_zero), (S.Zero, S.true))
    return terms(Piecewise, *(terms(ExprCondPair, slope, condition) for slope, condition in pairs))


def _inner(_: TermTable, __: Any, inner: Sequence[Any]) -> Any:
    return inner[0]


def _zero(*_: Any) -> Any:
    return S.Zero


def _chain(terms: TermTable, term: Any, inner: Sequence[Any]) -> Any:
    kind: Any = type(term)
    shape = tuple(arg if arg.is_Number else None for arg in term.args)
    return terms.add(
        *(
            terms.mul(terms.graft(_partial(kind, shape, index), term.args), slope)
            for index, slope in enumerate(inner)
            if slope is not S.Zero
        )
    )


@lru_cache(MAX_CACHED)
def _partial(kind: Any, shape: tuple[Any, ...], index: int) -> Expr:
    """Return a function's partial, on dummies; a number in ``shape`` stands for itself."""
    args = [dummy(i) if arg is None else arg for i, arg in enumerate(shape)]
    partial = kind(*args).diff(dummy(index))
    if partial.has(Derivative, Subs):
        name = kind.__name__
        raise NoPartialError(f"{name} has no closed derivative in its argument {index + 1}")
    return partial


_RULES: Mapping[type[Basic], Callable[..., Any]] = MappingProxyType(
    {
        Add: _sum,
        Mul: _product,
        Pow: _power,
        Piecewise: _pieces,
        ExprCondPair: _pair,
        # Whether two sides meet at isolated points, or for good.
        **dict.fromkeys([Equality, Unequality], _is_moving),
        Max: _extremum,
        Min: _extremum,
        Mod: _remainder,
        frac: _inner,
        # Constant between their jumps.
        **dict.fromkeys([floor, ceiling, sign, DiracDelta], _zero),
        Heaviside: _step,
        # A condition only chooses.
        **dict.fromkeys(_CONDITIONS, _zero),
    }
)

"""Jumps and poles of an integrand that a parameter moves: where Leibniz's rule needs more terms.

The derivative of an integral is the integral of the derivative only as long as the integrand is
continuous. ``sign(x - t)`` jumps at a t that moves with x, which adds what the jump sweeps over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import Any

from sympy import (
    Abs,
    Add,
    Basic,
    DiracDelta,
    Expr,
    Max,
    Min,
    Mul,
    Piecewise,
    Pow,
    S,
    Symbol,
    cos,
    cot,
    csc,
    pi,
    sec,
    sin,
    tan,
)
from sympy.core.relational import Relational

from diffcli.engines.terms.chain import NoPartialError
from diffcli.engines.terms.dag import postorder
from diffcli.engines.terms.stated import stated
from diffcli.language.functions import TABLE, resolve
from diffcli.language.rows import Row


class MovingJumpError(NoPartialError):
    """An integrand jumps where a parameter moves the jump, so it isn't differentiated."""


def moving_jump(wrt: Symbol) -> MovingJumpError:
    """Return the error that names the parameter."""
    return MovingJumpError(f"the integrand may jump where {wrt.name} moves the jump")


def jumps(body: Expr, variable: Symbol, wrt: Symbol) -> tuple[Expr, ...]:
    """Return terms that are 0 where the integrand jumps, if ``wrt`` moves the place."""
    return _moving(_jumps(body), variable, wrt)


def poles(body: Expr, variable: Symbol, wrt: Symbol) -> tuple[Expr, ...]:
    """Return terms that are 0 where the integrand divides by 0, if ``wrt`` moves the place."""
    return _moving(_poles(body), variable, wrt)


def hidden_poles(body: Expr, variable: Symbol, wrt: Symbol) -> tuple[Expr, ...]:
    """Return the moved poles below a function or a root, which may make jumps of them."""
    hidden = (
        pole
        for term in postorder([body])
        if not isinstance(term, Add | Mul) and not (isinstance(term, Pow) and term.exp.is_Integer)
        for arg in term.args
        for pole in _poles(arg)
    )
    return _moving(hidden, variable, wrt)


def breaks(body: Expr, symbols: Sequence[Symbol]) -> tuple[Expr, ...]:
    """Return terms that are 0 where the integrand jumps or has a kink, in the first symbol."""
    terms = dict.fromkeys((*_jumps(body), *_kinks(body)))
    return tuple(term for term in terms if symbols[0] in term.free_symbols <= set(symbols))


def _kinks(body: Expr) -> Iterator[Expr]:
    for term in postorder([body]):
        if isinstance(term, Max | Min):
            yield from (Add(x, Mul(S.NegativeOne, y)) for x, y in combinations(term.args, 2))
        elif type(term) in _KINKS:
            yield from _KINKS[type(term)](*term.args)


def _moving(terms: Iterator[Expr], variable: Symbol, wrt: Symbol) -> tuple[Expr, ...]:
    return tuple(dict.fromkeys(term for term in terms if {variable, wrt} <= term.free_symbols))


def _jumps(body: Expr) -> Iterator[Expr]:
    for term in postorder([body]):
        if type(term) in _JUMPS:
            yield from _JUMPS[type(term)](*term.args)
        elif isinstance(term, Piecewise):
            for pair in term.args:
                conditions = pair.args[1].atoms(Relational)
                yield from (Add(c.lhs, Mul(S.NegativeOne, c.rhs)) for c in conditions)
        elif hasattr(term, "opened"):
            yield from _jumps(term.opened()[0])


def _poles(body: Expr) -> Iterator[Expr]:
    for term in postorder([body]):
        if isinstance(term, Pow) and term.exp.could_extract_minus_sign():
            yield from _factors(term.base)
        elif isinstance(term, tan | sec):
            yield cos(term.args[0])
        elif isinstance(term, cot | csc):
            yield sin(term.args[0])
        elif hasattr(term, "opened"):
            yield from _poles(term.opened()[0])


def _factors(base: Any) -> Iterator[Expr]:
    """Yield what is 0 where a term is, with a change of sign where there is one."""
    if isinstance(base, Mul | Abs):
        for arg in base.args:
            yield from _factors(arg)
    elif isinstance(base, Pow):
        yield from _factors(base.base)
    else:
        yield base


def _breaking(row: Row) -> Callable[..., Iterator[Expr]]:
    """Return what makes terms that are 0 at a row's kinks or jumps, of its arguments."""
    if row.jumps_at:
        return lambda *args: iter([sin(pi * stated(row.jumps_at, *args))])
    return lambda *args: (stated(text, *args) for text in row.kinks_at)


_JUMPS: Mapping[type[Basic], Callable[..., Iterator[Expr]]] = MappingProxyType(
    {resolve(row.sympy): _breaking(row) for row in TABLE.values() if row.jumps}
    | {DiracDelta: lambda x, *_: iter([x])}
)
_KINKS: Mapping[type[Basic], Callable[..., Iterator[Expr]]] = MappingProxyType(
    {resolve(row.sympy): _breaking(row) for row in TABLE.values() if row.kinks and row.kinks_at}
)
"""Terms that are 0 where each function jumps or has a kink, by the table."""

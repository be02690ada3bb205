"""Sympy DAG → straight-line torch source, one assignment a term.

The cost is linear in the DAG. The source holds only names that are made here (``v0``, ``c0``,
``t0`` …) and small integers and floats: never a text that somebody typed.

Branches. A branch not taken may compute nan or inf. The selection discards the value, but in the
derivative 0·inf is nan, so a term that is wanted only under some conditions reads its arguments
through :func:`diffcli.engines.kernels.rules.guarded`, which cuts the derivative where none of them
holds. The conditions themselves need values alone: the terms that they read are computed apart,
unless nothing guards them, so no condition waits for what it guards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from types import MappingProxyType

import sympy
from mpmath import mag
from sympy import Add, Basic, Expr, Mul, Piecewise, Pow, Rational, S, Symbol
from sympy.functions.elementary.piecewise import ExprCondPair

from diffcli.engines.demand import UNWANTED, Demand, Scope, demands_of
from diffcli.engines.program import Constant, Program
from diffcli.engines.terms.dag import postorder
from diffcli.engines.terms.functions import RealFunction
from diffcli.engines.terms.numeric import MAX_MAGNITUDE, evaluate
from diffcli.engines.terms.operations import Known, Operation
from diffcli.language.functions import TABLE, resolve
from diffcli.language.tensors import TENSORS

CHAIN = 64
"""Operands in one line: Python's compiler is recursive."""
CONSTANT_DIGITS = 40
LARGEST_INTEGER_POWER = 2**31


def lambdify(expressions: Sequence[Expr], symbols: Sequence[Symbol]) -> Program:
    """Lower terms to a Program of the symbols, in their order."""
    writer = _Writer(expressions, symbols)
    writer.write_conditions()
    return writer.program()


class _Writer:
    """Writes the lines of one program."""

    def __init__(self, roots: Sequence[Expr], symbols: Sequence[Symbol]) -> None:
        self.roots, self.symbols = roots, symbols
        self.lines: list[str] = []
        self.constants: dict[tuple[type, Constant], str] = {}
        self.references: dict[str, str] = {}
        everything = postorder(roots)
        places = {symbol: place for place, symbol in enumerate(symbols)}
        varying: set[int] = set()
        for term in everything:
            if term in places if isinstance(term, Symbol) else _any_in(term.args, varying):
                varying.add(id(term))
        self.varying = varying
        self.order = [term for term in everything if id(term) in varying]
        self.demands = demands_of(self.order, roots)
        self.plain: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self.values: dict[int, str] = {}
        self.taken: dict[Scope, list[str]] = {}
        self.masks: dict[Demand, str] = {}
        self.guards: dict[tuple[str, Demand], str] = {}
        for term in self.order:
            if isinstance(term, Symbol):
                self.plain[id(term)] = self.names[id(term)] = f"v{places[term]}"

    def program(self) -> Program:
        for term in self.order:
            if self.demands[id(term)] != UNWANTED and id(term) not in self.names:
                self.names[id(term)] = self.line(self.text(term, self.guarded(term)))
        outputs = [
            self.names[id(root)] if id(root) in self.varying else f"{self.constant(root)}.expand(s)"
            for root in self.roots
        ]
        inputs = [f"v{index}" for index in range(len(self.symbols))]
        head = [
            f"    {''.join(f'{name}, ' for name in names)}= {source}"
            for names, source in (
                (inputs, "v"),
                (self.constants.values(), "c"),
                (self.references.values(), "f"),
            )
            if names
        ]
        tail = f"    return ({''.join(f'{output}, ' for output in outputs)})"
        source = "\n".join(["def program(v, c, f, s):", *head, *self.lines, tail, ""])
        constants = tuple(value for _, value in self.constants)
        return Program(source, len(self.symbols), constants, tuple(self.references))

    def write_conditions(self) -> None:
        """Write what the conditions read, then the mask of every branch, outermost first."""
        pieces = [term for term in self.order if isinstance(term, Piecewise)]
        conditions = [pair.args[1] for term in pieces for pair in term.args]
        pure = self._pure()
        for term in postorder(conditions):
            is_computed = id(term) in self.varying and not isinstance(term, ExprCondPair)
            if is_computed and id(term) not in self.plain:
                name = self.line(self.text(term, self.plain_name))
                self.plain[id(term)] = name
                if id(term) in pure:
                    self.names[id(term)] = name
        for term in reversed(pieces):
            if self.demands[id(term)] == UNWANTED:
                continue
            outer = self.mask(self.demands[id(term)])
            earlier: list[str] = [] if outer is None else [outer]
            for index, pair in enumerate(term.args):
                held = self.plain_name(pair.args[1])
                self.taken[id(term), index] = [*earlier, held]
                if index + 1 < len(term.args):
                    earlier = [self.line(" & ".join([*earlier, f"~{held}"]))]

    def _pure(self) -> set[int]:
        """Return the terms that no guard and no selection changes, all the way down."""
        pure: set[int] = set()
        for term in self.order:
            below = (arg for arg in term.args if id(arg) in self.varying)
            unguarded = self.demands[id(term)] is None
            if unguarded and not isinstance(term, Piecewise) and all(id(a) in pure for a in below):
                pure.add(id(term))
        return pure

    def mask(self, demand: Demand) -> str | None:
        """Return the name of the mask of the points where one of the branches is taken."""
        if demand is None:
            return None
        if demand not in self.masks:
            taken = sorted(" & ".join(self.taken[scope]) for scope in demand)
            self.masks[demand] = self.line(" | ".join(f"({each})" for each in taken))
        return self.masks[demand]

    def line(self, text: str) -> str:
        name = f"t{len(self.lines)}"
        self.lines.append(f"    {name} = {text}")
        return name

    def chain(self, parts: Sequence[str]) -> str:
        """Return operands with their signs as one text, split over lines where it is long."""
        text = parts[0]
        for start in range(1, len(parts), CHAIN):
            if start > 1:
                text = self.line(text)
            text += "".join(parts[start : start + CHAIN])
        return text

    def reference(self, reference: str) -> str:
        return self.references.setdefault(reference, f"f{len(self.references)}")

    def constant(self, term: Basic) -> str:
        """Return the name of a constant, or of its computation where it has no real value."""
        if id(term) not in self.values:
            value = _constant(term)
            if value is None:
                self.values[id(term)] = self.line(self.text(term, self.constant))
            else:
                self.values[id(term)] = self.keep(value)
        return self.values[id(term)]

    def keep(self, value: Constant) -> str:
        # 1 and True are one key, but not one constant.
        return self.constants.setdefault((type(value), value), f"c{len(self.constants)}")

    def plain_name(self, term: Basic) -> str:
        return self.plain[id(term)] if id(term) in self.varying else self.constant(term)

    def guarded(self, user: Basic) -> Callable[[Basic], str]:
        """Return how a term reads its arguments: guarded, where it is wanted at fewer points."""
        demand = self.demands[id(user)]
        mask = self.mask(demand)

        def name(arg: Basic) -> str:
            if id(arg) not in self.varying:
                return self.constant(arg)
            own, scopes = self.names[id(arg)], self.demands[id(arg)]
            # A branch of a selection is wanted at fewer points than the selection already.
            is_narrow = scopes == demand or {piece for piece, _ in scopes or ()} == {id(user)}
            if mask is None or (is_narrow and arg.args):
                return own
            key = (own, demand)
            if key not in self.guards:
                self.guards[key] = self.line(f"{self.reference(GUARD)}({mask}, {own})")
            return self.guards[key]

        return name

    def text(self, term: Basic, name: Callable[[Basic], str]) -> str:
        """Return the right-hand side of a term's assignment."""
        write = _WRITERS.get(type(term))
        if write is not None:
            return write(self, term, name)
        if isinstance(term, Operation):
            return self.operation(term)
        if isinstance(term, RealFunction):
            return self.call(term.row.torch, map(name, term.args))
        return self.call(_TORCH[type(term)], map(name, term.args))

    def operation(self, term: Operation) -> str:
        """Return a tensor operation; what it is made of is wanted whole, so nothing is guarded."""
        *operands, known = term.args
        static = [known.source] if isinstance(known, Known) and known.static else []
        names = [self.names.get(id(x)) or self.plain_name(x) for x in operands]
        return self.call(TENSORS[term.row].torch, [*names, *static])

    def call(self, reference: str, args: Iterable[str]) -> str:
        return f"{self.reference(reference)}({', '.join(args)})"


GUARD = "rules:guarded"


def _any_in(terms: Iterable[Basic], ids: set[int]) -> bool:
    return any(id(term) in ids for term in terms)


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
    found = evaluate([term], {}, wanted=CONSTANT_DIGITS)
    if found.number is None:
        return None
    if abs(mag(found.number)) > MAX_MAGNITUDE:
        return float(found.number)
    sign, mantissa, exponent, _ = found.number._mpf_
    value: Fraction = Fraction(-mantissa if sign else mantissa) * Fraction(2) ** int(exponent)
    return value


def _joined(sign: str) -> Callable[..., str]:
    def write(writer: _Writer, term: Basic, name: Callable[[Basic], str]) -> str:
        first, *rest = map(name, term.args)
        return writer.chain([first, *(f" {sign} {each}" for each in rest)])

    return write


def _product(writer: _Writer, term: Basic, name: Callable[[Basic], str]) -> str:
    over: list[str] = []
    under: list[str] = []
    negative = False
    for factor in term.args:
        if factor is S.NegativeOne:
            negative = not negative
        elif type(factor) is Pow and factor.args[1] is S.NegativeOne:
            under.append(f" / {name(factor.args[0])}")
        else:
            over.append(f" * {name(factor)}" if over else name(factor))
    if not over:
        over.append(writer.keep(Fraction(1)))
    over[0] = f"-{over[0]}" if negative else over[0]
    return writer.chain([*over, *under])


def _power(writer: _Writer, term: Basic, name: Callable[[Basic], str]) -> str:
    base, exponent = term.args
    if base is S.Exp1:
        return writer.call("torch:exp", [name(exponent)])
    x = name(base)
    if not isinstance(exponent, Rational):
        return writer.call("kernels:power", [x, name(exponent)])
    p, q = int(exponent.p), int(exponent.q)
    if exponent is S.Half:
        return writer.call("torch:sqrt", [x])
    if exponent is S.NegativeOne:
        return writer.call("torch:reciprocal", [x])
    if (p, q) == (2, 1):
        return f"{x} * {x}"
    if max(abs(p), q) > LARGEST_INTEGER_POWER:
        return writer.call("kernels:power", [x, name(exponent)])
    if q > 1 and q % 2:
        return writer.call("kernels:rational_power", [x, str(p), str(q)])
    return writer.call("torch:pow", [x, str(p) if q == 1 else repr(p / q)])


def _pieces(writer: _Writer, term: Basic, name: Callable[[Basic], str]) -> str:
    reads = ((name(value), writer.plain_name(held)) for value, held in (p.args for p in term.args))
    return writer.call(_TORCH[Piecewise], chain.from_iterable(reads))


def _not(_: _Writer, term: Basic, name: Callable[[Basic], str]) -> str:
    return f"~{name(term.args[0])}"


def _zeros(writer: _Writer, term: Basic, name: Callable[[Basic], str]) -> str:
    return writer.call("torch:zeros_like", [name(term.args[0])])


_LOGIC: Mapping[type[Basic], Callable[..., str]] = MappingProxyType(
    {
        sympy.StrictLessThan: _joined("<"),
        sympy.LessThan: _joined("<="),
        sympy.StrictGreaterThan: _joined(">"),
        sympy.GreaterThan: _joined(">="),
        sympy.Equality: _joined("=="),
        sympy.Unequality: _joined("!="),
        sympy.And: _joined("&"),
        sympy.Or: _joined("|"),
        sympy.Not: _not,
    }
)
_CONDITIONS = (*_LOGIC, ExprCondPair)
_WRITERS: Mapping[type[Basic], Callable[..., str]] = MappingProxyType(
    {
        **_LOGIC,
        Add: _joined("+"),
        Mul: _product,
        Pow: _power,
        Piecewise: _pieces,
        # Away from its point.
        sympy.DiracDelta: _zeros,
    }
)
_SINGULAR: Mapping[Basic, Constant] = MappingProxyType(
    {
        S.Infinity: float("inf"),
        S.NegativeInfinity: float("-inf"),
        S.ComplexInfinity: float("nan"),
        S.NaN: float("nan"),
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

"""The symbolic engine: the Function as sympy terms, its partials as formulas and as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from sympy import Basic, Expr, I, Mul, Piecewise, Pow, Rational, S, Symbol
from sympy.functions.elementary.piecewise import ExprCondPair

from diffcli.engines.terms.chain import Differentiator
from diffcli.engines.terms.dag import TermTable, dummy
from diffcli.engines.terms.formulas import readable
from diffcli.engines.terms.numeric import Pass, Value, evaluate
from diffcli.engines.terms.operations import Known, operation
from diffcli.engines.terms.spelling import Spelling, spelling_of
from diffcli.engines.terms.unknown import unknown_function
from diffcli.errors import LimitError
from diffcli.language.expression import CONSTANT, NUMBER, VARIABLE, Node, is_unknown
from diffcli.language.formula import Formula
from diffcli.language.function import Function
from diffcli.language.functions import TABLE, resolve
from diffcli.language.limits import symbolic_excess
from diffcli.language.points import Rounded
from diffcli.language.tensors import TENSORS
from diffcli.tensors.shapes import refuse_tensors

MAX_CACHED = 1024
"""Forms that are kept; how many arguments a sum has is typed."""

CONSTANTS: Mapping[str, Basic] = MappingProxyType(
    {
        "pi": S.Pi,
        "e": S.Exp1,
        "tau": Mul(2, S.Pi),
        "i": I,
        "inf": S.Infinity,
        "true": S.true,
        "false": S.false,
    }
)


def symbol(name: str) -> Symbol:
    """Return the real symbol of a variable."""
    return Symbol(name, real=True)


def differentiable(function: Function, terms: TermTable) -> tuple[Expr, ...]:
    """Return the outputs as sympy terms among others, which are to be differentiated.

    Raises LimitError beyond the symbolic engine's size.
    """
    if excess := symbolic_excess(function.nodes):
        raise excess
    return expression(function, terms)


def expression(function: Function, terms: TermTable | None = None) -> tuple[Expr, ...]:
    """Return the outputs as sympy terms, one to one with the typed DAG, with evaluation off.

    Only an exponent that is arithmetic of rationals is folded: x^(1/3) is the real cube root.
    """
    terms = terms or TermTable(max_terms=None)
    results: dict[Node, Any] = {}
    for node in function.nodes:
        build = _LEAVES.get(node.op) or _OPERATIONS.get(node.op) or _call
        results[node] = build(terms, node, [results[arg] for arg in node.args])
    return tuple(results[output] for output in function.outputs)


def _number(terms: TermTable, node: Node, _: Sequence[Any]) -> Any:
    value = Fraction(node.value or 0)
    return terms.leaf(Rational(value.numerator, value.denominator))


def _piecewise(terms: TermTable, _: Node, args: Sequence[Any]) -> Any:
    pairs = zip(args[::2], args[1::2], strict=True)
    return terms(Piecewise, *(terms(ExprCondPair, value, condition) for value, condition in pairs))


def _call(terms: TermTable, node: Node, args: Sequence[Any]) -> Any:
    if is_unknown(node.op):
        return terms(unknown_function(node.op), *args)
    kind = resolve(TABLE[node.op].sympy)
    if isinstance(kind, type):
        return terms(kind, *args)
    return terms.graft(_form(kind, len(args)), args, folding=False)


def _tensor(terms: TermTable, node: Node, args: Sequence[Any]) -> Any:
    return terms(operation(node.op), *args, terms.leaf(Known(node.static)))


@lru_cache(MAX_CACHED)
def _form(factory: Callable[..., Expr], arity: int) -> Expr:
    return factory(*map(dummy, range(arity)))


_LEAVES: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        NUMBER: _number,
        CONSTANT: lambda terms, node, _: terms.leaf(CONSTANTS[node.value]),
        VARIABLE: lambda terms, node, _: terms.leaf(symbol(node.value)),
    }
)
_OPERATIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        **dict.fromkeys(TENSORS, _tensor),
        "pow": lambda terms, _, args: terms(Pow, args[0], _folded(terms, args[1])),
        "piecewise": _piecewise,
    }
)


def _folded(terms: TermTable, exponent: Any) -> Any:
    rational = terms.rational(exponent)
    return exponent if rational is None else terms.leaf(rational)


def _factor(weight: float | Fraction, terms: TermTable) -> Any:
    if isinstance(weight, Rounded) and weight.exact.op != NUMBER:
        return expression(Function(("",), (weight.exact,), ()), terms)[0]
    exact = weight.exact.value if isinstance(weight, Rounded) else weight
    return Rational(str(exact))


@dataclass
class Symbolic:
    """The partials of one Function, each term differentiated once for all of them.

    ``deadline`` is a reading of :func:`diffcli.clock.now`. Every method raises OutOfTimeError past
    it, and LimitError where the formula swells or a function has no closed partial.
    """

    function: Function
    deadline: float | None = None
    _at: Mapping[str, float | Fraction] | None = field(default=None, init=False)
    _passes: dict[int, Pass] = field(default_factory=dict, init=False)

    @cached_property
    def _differentiator(self) -> Differentiator:
        return Differentiator(TermTable(self.deadline))

    @cached_property
    def spelling(self) -> Spelling:
        """The spelling of the Function, which is that of its formulas."""
        return spelling_of(self.function)

    @cached_property
    def outputs(self) -> tuple[Expr, ...]:
        """The outputs as sympy terms."""
        refuse_tensors(self.function.outputs)
        return differentiable(self.function, self._differentiator.terms)

    def partial(self, wrt: Sequence[str], output: int = 0) -> Expr:
        """Return the mixed partial of an output in each of the variables in turn."""
        return self._differentiator.partial(self.outputs[output], map(symbol, wrt))

    def formula(self, wrt: Sequence[str], output: int = 0) -> Formula:
        """Return the partial as text; where it swells, without one, and the reason."""
        return self.combination([(1.0, output, tuple(wrt))])

    def combination(
        self,
        parts: Iterable[tuple[float | Fraction, int, tuple[str, ...]]],
        *,
        simplified: bool = True,
    ) -> Formula:
        """Return a linear combination of partials as text, of (weight, output, wrt).

        A weight is what was typed, else the shortest decimal that is its float. Without
        ``simplified`` the text is what the rules of differentiation give.
        """
        terms = self._differentiator.terms
        try:
            total = terms.add(
                *(
                    terms.mul(_factor(weight, terms), self.partial(wrt, output))
                    for weight, output, wrt in parts
                )
            )
            return readable(total, self.deadline, self.spelling, simplified=simplified)
        except LimitError as error:
            return Formula(reason=str(error))

    def value(
        self,
        point: Mapping[str, float | Fraction],
        wrt: Sequence[str],
        output: int = 0,
        *,
        deadline: float | None = None,
    ) -> Value:
        """Return the partial's value at a point, where the function has one too.

        ``deadline`` is that of the numbers, instead of the formulas' one.
        """
        if self._at != point:
            self._at, self._passes = point, {}
        roots = [self.outputs[output], self.partial(wrt, output)]
        return evaluate(roots, point, deadline=deadline or self.deadline, passes=self._passes)

    def number(
        self,
        point: Mapping[str, float | Fraction],
        wrt: Sequence[str],
        output: int,
        deadline: float,
    ) -> float | None:
        """Return the partial's value at a point as a float, None where it has none; as value."""
        exact = self.value(point, wrt, output, deadline=deadline).number
        return None if exact is None else float(exact)

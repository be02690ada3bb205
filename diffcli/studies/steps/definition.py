"""The derivative by its definition: the difference quotient, simplified so that h may be 0.

A sum is taken term by term. A quotient of a rational term is divided by h, that of a root is
multiplied by the conjugate above and below, and for sine, cosine, exponential and logarithm the
addition theorems leave the limits that every text proves first. What comes out is proved to be the
quotient, and its limit to be the symbolic engine's derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from diffcli.clock import now
from diffcli.engines.remote import Partials
from diffcli.errors import UsageError
from diffcli.language.algebra import ONE, ZERO, Algebra
from diffcli.language.builder import Builder
from diffcli.language.expression import (
    CONSTANT,
    Node,
    names_in,
    node,
    number,
    postorder,
    substituted,
    unused,
    variable,
)
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.rationals import is_whole
from diffcli.operators import Entry
from diffcli.studies.steps.differentiation import Proof, proof_of

if TYPE_CHECKING:
    from diffcli.engines.symbolic import Symbolic

_RATIONAL = frozenset({"add", "mul", "neg", "div", "pow"})
PATIENCE = 4.0
"""How many times the budget the proofs may take."""


@dataclass(frozen=True)
class Quotient:
    """A difference quotient without a division by h, but for factors whose limits are known.

    ``limits`` has each such factor with its limit; ``notes`` say what was done.
    """

    term: Node
    limits: Mapping[Node, Node]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definition:
    """A derivative by its definition: the quotient as it stands, simplified, and its limit."""

    term: Node
    wrt: str
    step: str
    typed: Node
    simplified: Quotient
    derivative: Node
    proof: Proof


def define(function: Function, wrt: str, output: Node, budget: float) -> Definition:
    """Return the derivative of an output by its definition, proved to be the symbolic engine's.

    Raises UsageError for a formula whose quotient isn't simplified by these rules, and what
    :func:`proof_of` raises.
    """
    step = unused("h", set(function.variables))
    simplifier = _Simplifier(wrt, step, now() + PATIENCE * budget)
    typed = simplifier.quotient(output)
    simplified = simplifier.simplified(output)
    settled = substituted(simplified.term, simplified.limits)
    powers = [term for term in postorder([settled]) if term.op == "pow"]
    # A positive power of h goes to 0, and 0² is nothing that one writes.
    gone = {power: ZERO for power in powers if power.args[0] is simplifier.h}
    settled = substituted(settled, gone)
    derivative = simplifier.algebra.graft(settled, {simplifier.h: ZERO})
    names = tuple(dict.fromkeys((*function.variables, wrt, step)))
    quotients = Partials(Function(("",), (typed, simplified.term), names), simplifier.deadline)
    slopes = Partials(Function(("",), (output, derivative), names), simplifier.deadline)
    # The theorems make them equal; their use is held against balls where sympy knows them not.
    proof_of(quotients, Entry.partial(wrt, 0, ()), budget, 0)
    proof = proof_of(slopes, Entry.partial(wrt, 0, (wrt,)), budget, 0)
    return Definition(output, wrt, step, typed, simplified, derivative, proof)


def _refused() -> UsageError:
    return UsageError(
        "the difference quotient of this formula isn't simplified here",
        hint="sums of rational functions, square roots, and sin, cos, exp, log of a*x + b are; "
        "or leave out --definition",
    )


class _Simplifier:
    """Simplifies difference quotients in one variable."""

    def __init__(self, wrt: str, step: str, deadline: float) -> None:
        self.algebra = Algebra(Builder())
        self.x, self.h, self.deadline = variable(wrt), variable(step), deadline
        self._moved = node("add", self.x, self.h)

    def moved(self, term: Node) -> Node:
        """Return a term at x + h."""
        return self.algebra.graft(term, {self.x: self._moved})

    def quotient(self, term: Node) -> Node:
        """Return (f(x + h) - f(x))/h as it stands."""
        rise = node("add", self.moved(term), node("neg", term))
        return node("div", rise, self.h)

    def simplified(self, term: Node) -> Quotient:
        """Return the quotient of a term so that h may go to 0. Raises UsageError where it can't."""
        if self.x not in postorder([term]):
            return Quotient(ZERO, {}, ("the quotient of a constant is 0",))
        if self._is_rational(term):
            return Quotient(self._cancelled(self.quotient(term)), {}, ("h cancels",))
        if term.op == "add":
            return self._sum([self.simplified(arg) for arg in term.args])
        if term.op == "neg":
            return self._scaled(self.simplified(term.args[0]), number(-1))
        if term.op == "mul":
            still = [arg for arg in term.args if self.x not in postorder([arg])]
            moving = [arg for arg in term.args if arg not in still]
            if len(moving) == 1:
                return self._scaled(self.simplified(moving[0]), self.algebra.mul(*still))
        if term.op == "div" and self.x not in postorder([term.args[1]]):
            upper = self.simplified(term.args[0])
            return self._scaled(upper, self.algebra.div(ONE, term.args[1]))
        if rule := _RULES.get(term.op):
            return rule(self, term)
        raise _refused()

    def _is_rational(self, term: Node) -> bool:
        moving = [part for part in postorder([term]) if self.x in postorder([part])]
        return all(
            part is self.x
            or (part.op in _RATIONAL and (part.op != "pow" or is_whole(part.args[1])))
            for part in moving
        )

    def _cancelled(self, quotient: Node) -> Node:
        names = tuple(sorted(names_in([quotient])))
        text = Partials(Function(("",), (quotient,), names), self.deadline).ask(_without_step)
        if text is None:
            raise _refused()
        (formula,) = parse(text, variables=names).outputs
        return formula

    def _sum(self, parts: Sequence[Quotient]) -> Quotient:
        limits = {factor: limit for part in parts for factor, limit in part.limits.items()}
        notes = dict.fromkeys(note for part in parts for note in part.notes)
        # Not folded by the algebra, so that the factors with limits stay as they are.
        terms = [part.term for part in parts if part.term is not ZERO]
        total = node("add", *terms) if len(terms) > 1 else [*terms, ZERO][0]
        return Quotient(total, limits, tuple(notes))

    def _scaled(self, part: Quotient, factor: Node) -> Quotient:
        if not part.limits:
            return Quotient(self.algebra.mul(factor, part.term), {}, part.notes)
        terms = part.term.args if part.term.op == "add" else (part.term,)
        products = [self._product(factor, addend) for addend in terms]
        total = node("add", *products) if len(products) > 1 else products[0]
        return Quotient(total, part.limits, part.notes)

    def _product(self, factor: Node, term: Node) -> Node:
        """Return a product without folding the factors of the term."""
        inner = term.args[0] if term.op == "neg" else term
        own = inner.args if inner.op == "mul" else (inner,)
        size = self.algebra.neg(factor) if term.op == "neg" else factor
        is_negative = size.op == "neg"
        size = size.args[0] if is_negative else size
        product = node("mul", size, *own) if size is not ONE else inner
        return node("neg", product) if is_negative else product

    def root(self, term: Node) -> Quotient:
        """Multiply by the conjugate: √a - √b = (a - b)/(√a + √b)."""
        inner = self.simplified(term.args[0])
        if inner.limits:
            raise _refused()
        below = node("add", self.moved(term), term)
        note = "multiplied above and below by the sum of the roots, so that h cancels"
        return Quotient(self.algebra.div(inner.term, below), {}, (note,))

    def _slope(self, argument: Node) -> Node:
        """Return a where an argument is a·x + b. Raises UsageError for any other."""
        simplified = self.simplified(argument)
        if simplified.limits or names_in([simplified.term]) & {
            str(self.x.value),
            str(self.h.value),
        }:
            raise _refused()
        return simplified.term

    def sine(self, term: Node) -> Quotient:
        """Apply sin(u + ah) = sin(u)·cos(ah) + cos(u)·sin(ah), or that for the cosine."""
        (u,) = term.args
        a = self._slope(u)
        grown = self.algebra.mul(a, self.h)
        rest = node("div", node("add", node("cos", grown), number(-1)), self.h)
        wave = node("div", node("sin", grown), self.h)
        sine, cosine = node("sin", u), node("cos", u)
        if term.op == "sin":
            whole = node("add", node("mul", sine, rest), node("mul", cosine, wave))
        else:
            whole = node("add", node("mul", cosine, rest), node("neg", node("mul", sine, wave)))
        note = f"the addition theorem of {'the sine' if term.op == 'sin' else 'the cosine'}"
        return Quotient(whole, {rest: ZERO, wave: a}, (note,))

    def exponential(self, term: Node) -> Quotient:
        """Apply exp(u + ah) = exp(u)·exp(ah)."""
        a = self._slope(term.args[0])
        grown = node("exp", self.algebra.mul(a, self.h))
        factor = node("div", node("add", grown, number(-1)), self.h)
        note = "exp(u + v) = exp(u)*exp(v)"
        return Quotient(node("mul", term, factor), {factor: a}, (note,))

    def power(self, term: Node) -> Quotient:
        """Apply b^(u + ah) = b^u·b^(ah) for a constant b. Raises UsageError for other powers."""
        base, u = term.args
        if self.x in postorder([base]):
            raise _refused()
        a = self._slope(u)
        grown = node("pow", base, self.algebra.mul(a, self.h))
        factor = node("div", node("add", grown, number(-1)), self.h)
        is_e = base.op == CONSTANT and base.value == "e"
        limit = a if is_e else self.algebra.mul(a, node("log", base))
        return Quotient(node("mul", term, factor), {factor: limit}, ("b^(u + v) = b^u*b^v",))

    def logarithm(self, term: Node) -> Quotient:
        """Apply log(u + ah) - log(u) = log(1 + ah/u)."""
        (u,) = term.args
        a = self._slope(u)
        ratio = self.algebra.div(self.algebra.mul(a, self.h), u)
        factor = node("div", node("log", node("add", ONE, ratio)), self.h)
        note = "log(u) - log(v) = log(u/v)"
        return Quotient(factor, {factor: self.algebra.div(a, u)}, (note,))


def _without_step(symbolic: Symbolic) -> str | None:
    """Return a rational quotient with what is common above and below cancelled, as text."""
    from sympy import PolynomialError, cancel, expand, factor, fraction

    from diffcli.engines.terms.printing import text_of

    try:
        above, below = fraction(cancel(symbolic.outputs[0]))
    except PolynomialError:
        return None
    return text_of(expand(above) / factor(below), symbolic.spelling)


_RULES: Mapping[str, Callable[[_Simplifier, Node], Quotient]] = MappingProxyType(
    {
        "sqrt": _Simplifier.root,
        "sin": _Simplifier.sine,
        "cos": _Simplifier.sine,
        "exp": _Simplifier.exponential,
        "pow": _Simplifier.power,
        "log": _Simplifier.logarithm,
    }
)

"""One formula at one complex point: its numbers by three engines, compared.

Torch's gradient of a function of complex numbers is the conjugate of f′(z); it is conjugated back.
The enclosure is a Taylor series on complex balls, which only a holomorphic function has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import factorial, isfinite
from typing import TYPE_CHECKING

from flint import acb, arb

from diffcli.differentiation import Settings
from diffcli.engines import remote
from diffcli.engines.balls.cuts import Cuts
from diffcli.engines.balls.decimals import certain_digits, outward
from diffcli.engines.balls.guards import Difficult, Trouble, Undefined
from diffcli.engines.balls.holomorphic import (
    DEFINITIONS,
    NotHolomorphic,
    OnCut,
    constant,
    definition_of,
    series,
)
from diffcli.engines.balls.signs import Facts
from diffcli.engines.balls.walk import working
from diffcli.engines.enclosure import FIRST_BITS, MOST_BITS
from diffcli.engines.sharing import shared_rule
from diffcli.errors import PointError
from diffcli.language.expression import Node, postorder, substituted, variable
from diffcli.language.formula import Formula
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.points import Point
from diffcli.operators import Entry
from diffcli.verdict import Verdict, worst

if TYPE_CHECKING:
    from torch import Tensor

CUT_BITS = 2 * FIRST_BITS
"""The precision at which the sides of a branch cut are compared."""
CLOSE = 1e-10
"""Relative error above which floating point is said to have lost digits."""
MOST_NESTED = 8
"""The order up to which autograd is nested."""
FOR_REALS = "the symbolic derivative holds for real variables alone"
IN_TORCH = frozenset(
    "acos acosh acot acoth acsc acsch add asec asech asin asinh atan atanh cos cosh cot coth csc "
    "csch div exp expm1 log log10 log1p log2 logit logsigmoid mish mul neg pow sec sech sigmoid "
    "silu sin sinc sinh softplus sqrt tan tanh".split()
)
"""The rows that torch computes for complex numbers."""

Interval = tuple[str, str]


@dataclass(frozen=True)
class Number:
    """A value or a derivative, what each engine says of it, and the verdict.

    ``enclosure`` has the ends of the real and of the imaginary part, as decimal text.
    """

    entry: str
    verdict: Verdict
    value: complex | None = None
    autograd: complex | None = None
    symbolic: complex | None = None
    enclosure: tuple[Interval, Interval] | None = None
    reason: str | None = None


@dataclass(frozen=True)
class ComplexResult:
    """The answer at one point; without a point the formulas alone."""

    at: Mapping[str, complex] | None
    value: Number | None
    entries: tuple[Number, ...]
    formulas: Mapping[str, Formula]

    @property
    def deciding(self) -> tuple[Number, ...]:
        """The entries, or the value where there are none."""
        return self.entries or ((self.value,) if self.value else ())

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of those that decide."""
        return worst(number.verdict for number in self.deciding)


class Jump(Trouble):
    """The sides of a branch cut differ."""


class AtPoint:
    """One formula at one complex point."""

    def __init__(self, function: Function, point: Point, settings: Settings) -> None:
        self._function, self._settings = function, settings
        (self._output,) = function.outputs
        self._typed: dict[str, Node] = {}
        for name, value in point.values.items():
            if not isinstance(value, Node):
                raise PointError(f"{name} is one complex number here", hint="--at z=1+2i")
            self._typed[name] = value
        self._at = {name: _nearest(value) for name, value in self._typed.items()}

    def result(self, entries: Sequence[Entry], formulas: Mapping[str, Formula]) -> ComplexResult:
        """Return the value and each entry, with what the engines say of it and its verdict."""
        value = self._number(Entry.partial("f", 0, ()), None)
        numbers = tuple(self._number(entry, formulas.get(entry.label)) for entry in entries)
        return ComplexResult(self._at, value, numbers, formulas)

    def _number(self, entry: Entry, formula: Formula | None) -> Number:
        engines = self._settings.engines
        autograd = self._autograd(entry.wrt) if "autograd" in engines else None
        symbolic = self._symbolic(formula) if formula else None
        if "enclosure" not in engines:
            return self._by_agreement(entry, autograd, symbolic, "the enclosure was not asked")
        try:
            ball = self._ball(entry)
        except Trouble as trouble:
            return self._without(entry, trouble, autograd, symbolic)
        if ball is None:
            return self._by_agreement(entry, autograd, symbolic, "the enclosure is too wide")
        value = complex(_middle(ball.real), _middle(ball.imag))
        enclosure = outward(ball.real, 20), outward(ball.imag, 20)
        if out := _out_of_range(value, ball):
            kept = value if _is_finite(value) else None
            return Number(entry.label, Verdict.INEXACT, kept, autograd, None, enclosure, out)
        verdict, reason = Verdict.CERTIFIED, None
        if autograd is not None and not _is_close(autograd, value):
            verdict, reason = Verdict.INEXACT, f"autograd says {autograd:.6g}"
        if symbolic is not None and not _is_close(symbolic, value):
            symbolic, reason = None, FOR_REALS
        return Number(entry.label, verdict, value, autograd, symbolic, enclosure, reason)

    def _without(
        self, entry: Entry, trouble: Trouble, autograd: complex | None, symbolic: complex | None
    ) -> Number:
        if isinstance(trouble, Undefined):
            return Number(entry.label, Verdict.UNDEFINED, reason=trouble.reason)
        if trouble.reason.endswith("?") and self._is_zero_divided():
            return Number(entry.label, Verdict.UNDEFINED, reason=trouble.reason[:-1])
        if isinstance(trouble, NotHolomorphic | Jump):
            return Number(entry.label, Verdict.NOT_DIFFERENTIABLE, reason=trouble.reason)
        # Where the balls don't decide, the other engines follow one branch, or a convention.
        value = autograd if autograd is not None else symbolic
        reason = trouble.reason
        if isinstance(trouble, OnCut):
            reason += ": whether its sides agree isn't known"
        elif reason.endswith("?"):
            reason = f"{reason[:-1]}, or so near it that {MOST_BITS} bits don't tell"
        return Number(entry.label, Verdict.UNVERIFIED, value, autograd, symbolic, None, reason)

    def _is_zero_divided(self) -> bool:
        """Whether a divisor, or the argument of a logarithm, is proved to be 0 at a real point."""
        facts = Facts(self._typed)
        divisors = (
            node.args[-1] if node.op == "div" else node.args[0]
            for node in _expanded(self._output)
            if node.op in ("div", "log")
        )
        return any(facts.sign(divisor) == 0 for divisor in divisors)

    def _ball(self, entry: Entry) -> acb | None:
        """Return a number's enclosure. Raises the Trouble that no precision avoids."""
        try:
            self._enclosed(self._output, entry.wrt, self._at_typed, certain=False)
        except OnCut as cut:
            smooth = self._across(entry, cut)
            return self._enclosed(smooth, entry.wrt, self._at_typed)
        try:
            return self._enclosed(self._output, entry.wrt, self._at_floats)
        except OnCut:
            return self._enclosed(self._output, entry.wrt, self._at_typed)

    def _across(self, entry: Entry, cut: OnCut) -> Node:
        """Return the formula that this one is on all sides of its branch cuts.

        Raises Jump where the sides differ, and ``cut`` where it isn't known.
        """
        name = entry.wrt[0] if entry.wrt else next(iter(self._at), "")
        order = len(entry.wrt)
        try:
            crossing = Cuts(
                self._output, self._at_typed(CUT_BITS), name, order, CUT_BITS
            ).crossing()
        except Difficult:
            raise cut from None
        if crossing.smooth is not None:
            return crossing.smooth
        raise Jump(cut.reason) if crossing.is_jump and entry.wrt else cut

    def _by_agreement(
        self, entry: Entry, autograd: complex | None, symbolic: complex | None, reason: str
    ) -> Number:
        agree = autograd is not None and symbolic is not None and _is_close(autograd, symbolic)
        rule = shared_rule([self._output]) if agree and entry.wrt else None
        verdict = Verdict.AGREES if agree and not rule else Verdict.UNVERIFIED
        value = autograd if autograd is not None else symbolic
        both = f"; autograd and the symbolic derivative agree, but both rest on {rule}"
        said = f"{reason}{both}" if rule else None if agree else reason
        return Number(entry.label, verdict, value, autograd, symbolic, reason=said)

    def _at_typed(self, bits: int) -> dict[str, acb]:
        return {name: constant(value, bits) for name, value in self._typed.items()}

    def _at_floats(self, bits: int) -> dict[str, acb]:
        """Return the point as floats, less what is so small that they take it for 0."""
        typed = self._at_typed(bits)
        return {
            name: acb(
                typed[name].real if z.real == 0 else z.real,
                typed[name].imag if z.imag == 0 else z.imag,
            )
            for name, z in self._at.items()
        }

    def _enclosed(
        self,
        output: Node,
        wrt: Sequence[str],
        point: Callable[[int], Mapping[str, acb]],
        *,
        certain: bool = True,
    ) -> acb | None:
        """Return a derivative's enclosure, narrow enough to be rounded if it is to be ``certain``.

        Raises the Trouble that no precision avoids.
        """
        bits = FIRST_BITS
        while True:
            is_last = 2 * bits > MOST_BITS
            try:
                ball = _derivative(output, point(bits), wrt, bits)
            except Difficult:
                if is_last:
                    raise
            else:
                if not certain or all(map(_is_narrow, (ball.real, ball.imag))):
                    return ball
                if is_last:
                    return ball if ball.rel_accuracy_bits() > 60 else None
            bits *= 2

    def _autograd(self, wrt: Sequence[str]) -> complex | None:
        """Return torch's number, conjugated to the derivative, where torch takes complex ones."""
        names = {node.op for node in self._function.nodes if not node.is_leaf}
        if not names <= IN_TORCH or len(wrt) > MOST_NESTED:
            return None
        import torch

        variables = {
            name: torch.tensor(value, dtype=torch.complex128, requires_grad=True)
            for name, value in self._at.items()
        }
        (output,) = remote.lower(self._function)(*variables.values(), shape=())
        for done, name in enumerate(wrt, start=1):
            output = _holomorphic_gradient(output, variables[name], higher=done < len(wrt))
        number = complex(output.item())
        return number if _is_finite(number) else None

    def _symbolic(self, formula: Formula) -> complex | None:
        """Return the formula's value; None where it holds for real numbers alone."""
        if formula.text is None:
            return None
        names = self._function.variables
        (node,) = parse(formula.text, variables=names, complex_numbers=True).outputs
        point = {name: acb(value) for name, value in self._at.items()}
        try:
            return complex(series(node, point, "", 0, 2 * FIRST_BITS)[0])
        except Trouble:
            return None


def _expanded(output: Node) -> Iterator[Node]:
    """Yield the terms of a formula, and those of the definitions of its functions."""
    for node in postorder([output]):
        yield node
        if node.op in DEFINITIONS:
            arguments = {variable(x): arg for x, arg in zip("xyz", node.args, strict=False)}
            yield from _expanded(substituted(definition_of(node.op), arguments))


def _derivative(output: Node, point: Mapping[str, acb], wrt: Sequence[str], bits: int) -> acb:
    order = len(wrt)
    coefficient = series(output, point, wrt[0] if wrt else "", order, bits)[order]
    with working(bits):
        return coefficient * factorial(order)


def _holomorphic_gradient(output: Tensor, variable: Tensor, *, higher: bool) -> Tensor:
    import torch

    if not output.requires_grad:
        return torch.zeros_like(variable)
    (gradient,) = torch.autograd.grad(
        output, [variable], torch.ones_like(output), create_graph=higher, materialize_grads=True
    )
    return gradient.conj()


def _is_finite(number: complex) -> bool:
    return isfinite(number.real) and isfinite(number.imag)


def _is_narrow(part: arb) -> bool:
    return bool(part.is_zero()) or part.rel_accuracy_bits() > 60


def _out_of_range(value: complex, truth: acb) -> str | None:
    """Say in what way a number isn't among the floats."""
    if _is_finite(value) and (value or truth.contains(0)):
        return None
    where = "below" if _is_finite(value) else "beyond"
    return f"{where} the range of complex128: its size is {certain_digits(abs(truth), 6)}"


def _middle(part: arb) -> float:
    return 0.0 if part.contains(0) else float(part)


def _nearest(value: Node) -> complex:
    return complex(constant(value, 2 * FIRST_BITS))


def _is_close(number: complex, truth: complex) -> bool:
    return abs(number - truth) <= CLOSE * abs(truth) or abs(number - truth) < 1e-300

"""A computation as a tape of three-address steps, each written once.

A formula is lowered to a tape, a reverse sweep is written on it, and code for torch is written from
it. A value is its position on the tape, so that every step stands after its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from diffcli.errors import UsageError
from diffcli.language.functions import resolve

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from diffcli.engines.kernels.rules import Rule

Constant: TypeAlias = Fraction | float | complex | bool
Value: TypeAlias = int
"""A position on a tape."""

ADD, SUB, MUL, DIV, NEG = "torch:add", "torch:sub", "torch:mul", "torch:div", "torch:neg"
POW, RECIPROCAL = "torch:pow", "torch:reciprocal"
AND, OR, NOT = "torch:logical_and", "torch:logical_or", "torch:logical_not"
WHERE, GUARD, DETACH = "torch:where", "rules:guarded", "kernels:detach"
INPUT, CONSTANT = "input", "constant"
ALIASES = (GUARD, DETACH)
"""Operations that the derivative alone depends on: the value is the last argument."""


@dataclass(frozen=True, slots=True)
class RowPartial:
    """The partial of a row's rule in its argument of this index."""

    rule: str
    index: int


@dataclass(frozen=True, slots=True)
class Pullback:
    """The cotangent of an argument by autograd, for an operation that has no rule on the tape.

    Its arguments are the operation's own, then the cotangent of the result.
    """

    op: Op
    index: int
    static: tuple[Any, ...] = ()

    def __call__(self, *args: Tensor) -> Tensor:
        """Return the cotangent of the argument, differentiable where gradients are recorded."""
        import torch

        higher = torch.is_grad_enabled()
        *inputs, cotangent = torch.broadcast_tensors(*args)
        with torch.enable_grad():
            x = inputs[self.index]
            x = x if x.requires_grad else x.detach().requires_grad_()
            inputs[self.index] = x
            result = called(self.op)(*inputs, *self.static)
            if not result.requires_grad:
                return torch.zeros_like(x)
            slopes: tuple[Tensor, ...] = torch.autograd.grad(
                result, x, cotangent, create_graph=higher, materialize_grads=True
            )
        return slopes[0]


Op: TypeAlias = str | RowPartial | Pullback
"""The operation of a step: a reference of the table of functions, or a derivative of one."""


def called(op: Op) -> Callable[..., Tensor]:
    """Return the function that computes a step."""
    if isinstance(op, RowPartial):
        import torch

        rule: Rule = resolve(op.rule)
        partial = rule.partials[op.index]
        return lambda *args: partial(*torch.broadcast_tensors(*args))
    function: Callable[..., Tensor] = resolve(op) if isinstance(op, str) else op
    return function


class Step(NamedTuple):
    """One operation on values; ``static`` are the operands that are no tensors."""

    op: Op
    args: tuple[Value, ...]
    static: tuple[Any, ...] = ()


@dataclass
class Tape:
    """The steps of a computation, arguments before their users.

    Inputs and constants are steps without arguments.
    """

    inputs: list[Value] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    constants: dict[Value, Constant] = field(default_factory=dict)
    _known: dict[Any, Value] = field(default_factory=dict, compare=False, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, ([tuple(step) for step in self.steps], self.constants)

    def input(self) -> Value:
        """Return one more input."""
        self.inputs.append(len(self.steps))
        self.steps.append(Step(INPUT, ()))
        return self.inputs[-1]

    def constant(self, number: Constant) -> Value:
        """Return a constant."""
        # 1 and True are one key, but not one constant.
        key = (type(number), number)
        if key not in self._known:
            self._known[key] = len(self.steps)
            self.constants[len(self.steps)] = number
            self.steps.append(Step(CONSTANT, ()))
        return self._known[key]

    def __call__(self, op: Op, *args: Value, static: tuple[Any, ...] = ()) -> Value:
        """Return the step with this operation, these arguments and static operands."""
        step = Step(op, args, static)
        value = self._known.setdefault(step, len(self.steps))
        if value == len(self.steps):
            self.steps.append(step)
        return value

    def exact(self, value: Value) -> Fraction | None:
        """Return the exact number that a value is, if it is one."""
        number = self.constants.get(value)
        return number if isinstance(number, Fraction) else None

    def add(self, a: Value, b: Value) -> Value:
        """Return the sum."""
        x, y = self.exact(a), self.exact(b)
        if x is not None and y is not None:
            return self.constant(x + y)
        if x == 0 or y == 0:
            return b if x == 0 else a
        if self.steps[b].op == NEG:
            return self.sub(a, self.steps[b].args[0])
        if self.steps[a].op == NEG:
            return self.sub(b, self.steps[a].args[0])
        return self(ADD, *self.sorted(a, b))

    def sub(self, a: Value, b: Value) -> Value:
        """Return the difference."""
        x, y = self.exact(a), self.exact(b)
        if x is not None and y is not None:
            return self.constant(x - y)
        if y == 0:
            return a
        if self.steps[b].op == NEG:
            return self.add(a, self.steps[b].args[0])
        if self.steps[a].op == NEG:
            return self.neg(self.add(self.steps[a].args[0], b))
        return self.neg(b) if x == 0 else self(SUB, a, b)

    def mul(self, a: Value, b: Value) -> Value:
        """Return the product."""
        a, b = self.sorted(a, b)
        x, y = self.exact(a), self.exact(b)
        if x is not None and y is not None:
            return self.constant(x * y)
        if y == 1:
            return a
        if y == -1:
            return self.neg(a)
        if y is not None and y < 0:
            return self.neg(self.mul(a, self.constant(-y)))
        for one, other in ((a, b), (b, a)):
            if self.steps[one].op == NEG:
                return self.neg(self.mul(self.steps[one].args[0], other))
        return self(MUL, a, b)

    def div(self, a: Value, b: Value) -> Value:
        """Return the quotient."""
        if self.exact(b) == 1:
            return a
        for value in a, b:
            if self.steps[value].op == NEG:
                inner = self.steps[value].args[0]
                return self.neg(self.div(inner, b) if value == a else self.div(a, inner))
        return self(RECIPROCAL, b) if self.exact(a) == 1 else self(DIV, a, b)

    def neg(self, a: Value) -> Value:
        """Return the negation."""
        x, step = self.exact(a), self.steps[a]
        if x is not None:
            return self.constant(-x)
        if step.op == SUB:
            return self(SUB, step.args[1], step.args[0])
        return step.args[0] if step.op == NEG else self(NEG, a)

    def power(self, x: Value, exponent: float) -> Value:
        """Return a power with a number as its exponent."""
        short: dict[float, Callable[[], Value]] = {
            0: lambda: self.constant(Fraction(1)),
            1: lambda: x,
            2: lambda: self.mul(x, x),
            3: lambda: self.mul(self.mul(x, x), x),
            4: lambda: self.power(self.mul(x, x), 2),
            -1: lambda: self.div(self.constant(Fraction(1)), x),
            0.5: lambda: self("torch:sqrt", x),
        }
        if exponent in short:
            return short[exponent]()
        return self(POW, x, static=(exponent,))

    def sorted(self, a: Value, b: Value) -> tuple[Value, Value]:
        """Return two arguments in the one order that stands for both, a constant last."""
        first, second = sorted((a, b), key=lambda value: (value in self.constants, value))
        return first, second

    def reached(self, roots: Iterable[Value]) -> list[Value]:
        """Return every value that the roots are computed from, in order."""
        wanted = set(roots)
        for value in range(len(self.steps) - 1, -1, -1):
            if value in wanted:
                wanted.update(self.steps[value].args)
        return sorted(wanted)

    def varying(self, inputs: Iterable[Value]) -> set[Value]:
        """Return every value whose derivative in one of the inputs may differ from 0."""
        varying = set(inputs)
        for value, step in enumerate(self.steps):
            if step.op != DETACH and not varying.isdisjoint(step.args):
                varying.add(value)
        return varying

    def copy(
        self,
        roots: Iterable[Value],
        target: Tape,
        values: dict[Value, Value],
        *,
        folding: bool = False,
    ) -> None:
        """Write what the roots are computed from on another tape, step by step.

        ``values`` are the copies of this tape's values; those of the inputs must be there. With
        ``folding``, numbers are folded and signs move outwards, where a sum absorbs them.
        """
        for value in self.reached(roots):
            step = self.steps[value]
            if value in self.constants:
                values[value] = target.constant(self.constants[value])
            elif value not in values:
                args = [values[arg] for arg in step.args]
                fold = _FOLDING.get(step.op) if folding else None
                values[value] = (
                    fold(target, *args, *step.static)
                    if fold
                    else target(step.op, *args, static=step.static)
                )

    def folded(self, roots: Sequence[Value]) -> tuple[Tape, list[Value]]:
        """Return a new tape of the same inputs with its steps folded, and the roots on it."""
        target = Tape()
        values = {value: target.input() for value in self.inputs}
        self.copy(roots, target, values, folding=True)
        return target, [values[root] for root in roots]


_FOLDING: Mapping[Op, Callable[..., Value]] = MappingProxyType(
    {
        ADD: Tape.add,
        SUB: Tape.sub,
        MUL: Tape.mul,
        DIV: Tape.div,
        NEG: Tape.neg,
        POW: Tape.power,
        RECIPROCAL: lambda tape, x: tape.power(x, -1),
    }
)


def _restored(steps: Sequence[tuple[Any, ...]], constants: dict[Value, Constant]) -> Tape:
    tape = Tape()
    for value, step in enumerate(steps):
        if value in constants:
            tape.constant(constants[value])
        elif step[0] == INPUT:
            tape.input()
        else:
            tape(*step[:1], *step[1], static=step[2])
    return tape


def rounded(value: Constant, dtype: torch.dtype) -> float | complex | bool:
    """Return an exact constant rounded once, to the precision of the dtype.

    Raises UsageError for an imaginary constant in a real dtype.
    """
    if isinstance(value, Fraction):
        import torch

        # A machine epsilon of 2^(1−p) belongs to a significand of p bits.
        bits = Fraction(torch.finfo(dtype).eps).denominator.bit_length()
        return _nearest(value, bits)
    if isinstance(value, complex) and not dtype.is_complex:
        raise UsageError("the formula holds the imaginary unit", hint="use --dtype complex128")
    return value


def _nearest(value: Fraction, bits: int) -> float:
    """Return a number rounded, half to even, to a significand of so many bits."""
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    unit = Fraction(2) ** (exponent - (size < Fraction(2) ** exponent) - bits + 1)
    try:
        return float(round(value / unit) * unit)
    except OverflowError:
        return inf if value > 0 else -inf

"""A program as a tape of three-address steps, each made once: what a reverse sweep is written on.

A value is its place on the tape, so that every step stands after its arguments. Numbers are folded
exactly, and signs move outwards, where a sum absorbs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

import torch
from torch import Tensor

from diffcli.engines.kernels.rules import Rule
from diffcli.engines.program import Constant
from diffcli.language.functions import resolve

Value: TypeAlias = int
"""A place on a tape."""

ADD, SUB, MUL, DIV, NEG = "torch:add", "torch:sub", "torch:mul", "torch:div", "torch:neg"
WHERE, GUARD, DETACH = "torch:where", "rules:guarded", "kernels:detach"
ALIASES = (GUARD, DETACH)
"""What only the derivative sees: the value is the last argument."""


@dataclass(frozen=True, slots=True)
class Slope:
    """The partial of a row's rule in its argument of this place."""

    rule: str
    place: int


@dataclass(frozen=True, slots=True)
class Pull:
    """What autograd says reaches an operation's argument, for an operation that has no rule here.

    Its arguments are the operation's own, then the cotangent.
    """

    op: Op
    place: int
    static: tuple[float, ...] = ()

    def __call__(self, *args: Tensor) -> Tensor:
        """Return the cotangent of the argument, differentiable where gradients are recorded."""
        higher = torch.is_grad_enabled()
        *inputs, cotangent = torch.broadcast_tensors(*args)
        with torch.enable_grad():
            x = inputs[self.place]
            x = x if x.requires_grad else x.detach().requires_grad_()
            inputs[self.place] = x
            found = called(self.op)(*inputs, *self.static)
            if not found.requires_grad:
                return torch.zeros_like(x)
            slopes: tuple[Tensor, ...] = torch.autograd.grad(
                found, x, cotangent, create_graph=higher, materialize_grads=True
            )
        return slopes[0]


Op: TypeAlias = str | Slope | Pull
"""What a step does: a reference of the table of functions, or a derivative of one."""


def called(op: Op) -> Callable[..., Tensor]:
    """Return the function that computes a step."""
    if isinstance(op, Slope):
        rule: Rule = resolve(op.rule)
        partial = rule.partials[op.place]
        return lambda *args: partial(*torch.broadcast_tensors(*args))
    function: Callable[..., Tensor] = resolve(op) if isinstance(op, str) else op
    return function


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on values; ``static`` numbers follow them."""

    op: Op
    args: tuple[Value, ...]
    static: tuple[float, ...] = ()


@dataclass
class Tape:
    """The steps of a computation, arguments before their users.

    Inputs and constants are steps without arguments.
    """

    inputs: list[Value] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    constants: dict[Value, Constant] = field(default_factory=dict)
    _made: dict[Any, Value] = field(default_factory=dict)

    def input(self) -> Value:
        """Return one more input."""
        self.inputs.append(len(self.steps))
        self.steps.append(Step("input", ()))
        return self.inputs[-1]

    def constant(self, number: Constant) -> Value:
        """Return a constant."""
        # 1 and True are one key, but not one constant.
        key = (type(number), number)
        if key not in self._made:
            self._made[key] = len(self.steps)
            self.constants[len(self.steps)] = number
            self.steps.append(Step("constant", ()))
        return self._made[key]

    def __call__(self, op: Op, *args: Value, static: tuple[float, ...] = ()) -> Value:
        """Return the step, as it stands."""
        step = Step(op, args, static)
        if step not in self._made:
            self._made[step] = len(self.steps)
            self.steps.append(step)
        return self._made[step]

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
        for place, each in enumerate((a, b)):
            if self.steps[each].op == NEG:
                inner = self.steps[each].args[0]
                return self.neg(self.div(inner, b) if place == 0 else self.div(a, inner))
        return self("torch:reciprocal", b) if self.exact(a) == 1 else self(DIV, a, b)

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
        return self("torch:pow", x, static=(exponent,))

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
        """Return every value that changes with one of the inputs."""
        found = set(inputs)
        for value, step in enumerate(self.steps):
            if step.op != DETACH and not found.isdisjoint(step.args):
                found.add(value)
        return found

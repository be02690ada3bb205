"""The reverse sweep, written on the tape of what it differentiates.

The local rules are those of torch's own autograd (its derivatives.yaml), so that kinks have the
same subgradients. Griewank and Walther, Evaluating Derivatives (2008), section 3.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from diffcli.engines.kernels.rules import Rule
from diffcli.engines.tape import (
    ADD,
    DETACH,
    DIV,
    GUARD,
    MUL,
    NEG,
    SUB,
    WHERE,
    Op,
    Pullback,
    RowPartial,
    Step,
    Tape,
    Value,
)
from diffcli.language.functions import TABLE, resolve

Cotangents = Sequence[Value | None]
"""What reaches each argument of a step; None where nothing does."""


def sweep(tape: Tape, output: Value, inputs: Sequence[Value]) -> list[Value]:
    """Write the derivatives of an output in each input; an input without influence has 0."""
    varying = tape.varying(inputs)
    cotangents: dict[Value, Value] = {output: tape.constant(Fraction(1))}
    for value in range(output, -1, -1):
        if value not in cotangents or value not in varying:
            continue
        step = tape.steps[value]
        pulled = _pull(tape, step, value, cotangents[value]) if step.args else ()
        for arg, part in zip(step.args, pulled, strict=bool(pulled)):
            if part is not None and arg in varying:
                known = cotangents.get(arg)
                cotangents[arg] = part if known is None else tape.add(known, part)
    zero = tape.constant(Fraction(0))
    return [cotangents.get(value, zero) for value in inputs]


def _pull(tape: Tape, step: Step, value: Value, g: Value) -> Cotangents:
    rule = PULLBACKS.get(step.op)
    if rule is not None:
        return rule(tape, step, value, g)
    if isinstance(step.op, str) and isinstance(resolve(step.op), Rule):
        return [
            None if arg in tape.constants else tape.mul(g, tape(RowPartial(step.op, i), *step.args))
            for i, arg in enumerate(step.args)
        ]
    return [
        None if arg in tape.constants else tape(Pullback(step.op, i, step.static), *step.args, g)
        for i, arg in enumerate(step.args)
    ]


def _number(tape: Tape, number: float) -> Value:
    return tape.constant(Fraction(number))


def _add(_: Tape, __: Step, ___: Value, g: Value) -> Cotangents:
    return g, g


def _sub(tape: Tape, _: Step, __: Value, g: Value) -> Cotangents:
    return g, tape.neg(g)


def _neg(tape: Tape, _: Step, __: Value, g: Value) -> Cotangents:
    return (tape.neg(g),)


def _mul(tape: Tape, step: Step, _: Value, g: Value) -> Cotangents:
    a, b = step.args
    return tape.mul(g, b), tape.mul(g, a)


def _div(tape: Tape, step: Step, value: Value, g: Value) -> Cotangents:
    share = tape.div(g, step.args[1])
    return share, tape.neg(tape.mul(share, value))


def _power(tape: Tape, step: Step, _: Value, g: Value) -> Cotangents:
    (x,), (exponent,) = step.args, step.static
    inner = tape.mul(tape.power(x, exponent - 1), _number(tape, exponent))
    return (tape.mul(g, inner),)


def _rational_power(tape: Tape, step: Step, _: Value, g: Value) -> Cotangents:
    (x,), (p, q) = step.args, step.static
    lower = tape("kernels:rational_power", x, static=(p - q, q))
    return (tape.mul(g, tape.mul(lower, _number(tape, p / q))),)


def _where(tape: Tape, step: Step, _: Value, g: Value) -> Cotangents:
    condition, zero = step.args[0], _number(tape, 0)
    return None, tape(WHERE, condition, g, zero), tape(WHERE, condition, zero, g)


def _guard(tape: Tape, step: Step, _: Value, g: Value) -> Cotangents:
    return None, tape(WHERE, step.args[0], g, _number(tape, 0))


def _extremum(wins: str) -> Callable[..., Cotangents]:
    def pull(tape: Tape, step: Step, _: Value, g: Value) -> Cotangents:
        a, b = step.args
        half, zero = tape.mul(g, _number(tape, 0.5)), _number(tape, 0)
        shared = tape("torch:eq", a, b)
        return [
            tape(WHERE, shared, half, tape(WHERE, tape(wins, *pair), g, zero))
            for pair in ((a, b), (b, a))
        ]

    return pull


def _remainder(tape: Tape, step: Step, _: Value, g: Value) -> Cotangents:
    turns = tape("torch:floor", tape.div(*step.args))
    return g, tape.neg(tape.mul(g, turns))


def _relu(tape: Tape, step: Step, _: Value, g: Value) -> Cotangents:
    zero = _number(tape, 0)
    return (tape(WHERE, tape("torch:gt", step.args[0], zero), g, zero),)


def _none(_: Tape, step: Step, *__: Value) -> Cotangents:
    return [None] * len(step.args)


def _of(slope: Callable[[Tape, Value, Value], Value]) -> Callable[..., Cotangents]:
    """Return the rule of a function of one argument; ``slope`` is given it and the value."""

    def pull(tape: Tape, step: Step, value: Value, g: Value) -> Cotangents:
        return (tape.mul(g, slope(tape, step.args[0], value)),)

    return pull


def _over(below: Callable[[Tape, Value, Value], Value]) -> Callable[..., Cotangents]:
    """Return the rule of a function whose derivative is 1 over what is given."""

    def pull(tape: Tape, step: Step, value: Value, g: Value) -> Cotangents:
        return (tape.div(g, below(tape, step.args[0], value)),)

    return pull


def _one_plus_square(tape: Tape, x: Value, _: Value) -> Value:
    return tape.add(tape.mul(x, x), _number(tape, 1))


def _erf_slope(tape: Tape, x: Value, _: Value) -> Value:
    bell = tape("torch:exp", tape.neg(tape.mul(x, x)))
    return tape.mul(bell, _number(tape, 2 / math.sqrt(math.pi)))


def _gated(*gates: str) -> Callable[[Tape, Value, Value], Value]:
    """Return the slope of x·s(x), where s are rules one after the other, the inner one first."""

    def slope(tape: Tape, x: Value, _: Value) -> Value:
        gate, steep = x, _number(tape, 1)
        for rule in gates:
            steep = tape.mul(steep, tape(RowPartial(rule, 0), gate))
            gate = tape(rule, gate)
        return tape.add(gate, tape.mul(x, steep))

    return slope


PULLBACKS: Mapping[Op, Callable[[Tape, Step, Value, Value], Cotangents]] = MappingProxyType(
    {
        ADD: _add,
        SUB: _sub,
        NEG: _neg,
        MUL: _mul,
        DIV: _div,
        WHERE: _where,
        GUARD: _guard,
        DETACH: _none,
        "torch:pow": _power,
        "kernels:rational_power": _rational_power,
        "torch:maximum": _extremum("torch:gt"),
        "torch:minimum": _extremum("torch:lt"),
        "torch:remainder": _remainder,
        "nn:relu": _relu,
        "torch:reciprocal": _of(lambda tape, _, y: tape.neg(tape.mul(y, y))),
        "torch:sqrt": _over(lambda tape, _, y: tape.mul(y, _number(tape, 2))),
        "torch:exp": _of(lambda _, __, y: y),
        "torch:log": _over(lambda _, x, __: x),
        "torch:log1p": _over(lambda tape, x, _: tape.add(x, _number(tape, 1))),
        "torch:log2": _over(lambda tape, x, _: tape.mul(x, _number(tape, math.log(2)))),
        "torch:log10": _over(lambda tape, x, _: tape.mul(x, _number(tape, math.log(10)))),
        "torch:sin": _of(lambda tape, x, _: tape("torch:cos", x)),
        "torch:cos": _of(lambda tape, x, _: tape.neg(tape("torch:sin", x))),
        "torch:tan": _of(lambda tape, _, y: _one_plus_square(tape, y, y)),
        "torch:atan": _over(_one_plus_square),
        "torch:sinh": _of(lambda tape, x, _: tape("torch:cosh", x)),
        "torch:cosh": _of(lambda tape, x, _: tape("torch:sinh", x)),
        "torch:erf": _of(_erf_slope),
        "kernels:gelu": _of(_gated("kernels:ndtr")),
        "kernels:silu": _of(_gated("kernels:sigmoid")),
        "kernels:mish": _of(_gated("kernels:softplus", "kernels:tanh")),
        "torch:abs": _of(lambda tape, x, _: tape("torch:sign", x)),
        **dict.fromkeys(["torch:sign", "torch:floor", "torch:ceil", "torch:round"], _none),
        **dict.fromkeys([row.torch for row in TABLE.values() if row.boolean], _none),
    }
)
"""What reaches a step's arguments, by its operation; the others are differentiated by autograd."""

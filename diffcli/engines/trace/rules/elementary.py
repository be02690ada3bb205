"""Arithmetic and elementary functions, element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from diffcli.engines.trace.duals import Dual
from diffcli.engines.trace.rules.common import above, choose, number, operand, together
from diffcli.engines.trace.state import State
from diffcli.engines.trace.steps import Step
from diffcli.engines.trace.tape import UNUSED, Mask, Value

MAX_PRODUCTS = 1024
"""The largest whole exponent of a power that is multiplied out."""


def _add(r: State, step: Step, x: Any, y: Any, alpha: float = 1) -> Value:
    scaled = operand(r, y, step)
    return operand(r, x, step) + (scaled if alpha == 1 else scaled * number(alpha, step))


def _sub(r: State, step: Step, x: Any, y: Any, alpha: float = 1) -> Value:
    scaled = operand(r, y, step)
    return operand(r, x, step) - (scaled if alpha == 1 else scaled * number(alpha, step))


def _rsub(r: State, step: Step, x: Any, y: Any, alpha: float = 1) -> Value:
    return _sub(r, step, y, x, alpha)


def _mul(r: State, step: Step, x: Any, y: Any) -> Value:
    return operand(r, x, step) * operand(r, y, step)


def power(x: Value, exponent: float) -> Value:
    """Return a power with an exponent that is a number.

    A whole one is a product; any other needs x > 0.
    """
    if exponent == int(exponent) and abs(exponent) <= MAX_PRODUCTS:
        if exponent == 0:
            return x.fixed() * 0.0 + 1.0
        return 1.0 / _product(x, -int(exponent)) if exponent < 0 else _product(x, int(exponent))
    if 2 * exponent == int(2 * exponent) and abs(exponent) <= MAX_PRODUCTS:
        root = x.unary("sqrt")
        whole = power(x, abs(exponent) - 0.5)
        product = root if abs(exponent) == 0.5 else whole * root
        return 1.0 / product if exponent < 0 else product
    return (x.unary("log") * exponent).unary("exp")


def _product(x: Value, count: int) -> Value:
    """Return a power by squares (Knuth, *Seminumerical Algorithms*, section 4.6.3)."""
    if count == 1:
        return x
    half = _product(x * x, count // 2)
    return half * x if count % 2 else half


def _pow(r: State, step: Step, x: Any, y: Any) -> Value:
    if isinstance(y, int | float):
        return power(operand(r, x, step), number(y, step))
    base, exponent = together(r, step, x, y)
    if not exponent.is_moving:
        values = np.unique(_constants(exponent))
        if len(values) == 1:
            return power(base, float(values[0]))
    return (base.unary("log") * exponent).unary("exp")


def _constants(value: Value) -> Any:
    data = value.data
    data = getattr(data, "value", data)
    return data.middle if hasattr(data, "middle") else data.middles()


def _gelu(r: State, step: Step, x: Value, approximate: str = "none") -> Value:
    if approximate == "tanh":
        # Hendrycks and Gimpel, "Gaussian error linear units", 2016.
        scale = x.constant("two_by_sqrt_pi") / x.constant("sqrt2")
        inner = (x + x * x * x * number(0.044715, step)) * scale
        return x * 0.5 * (inner.unary("tanh") + 1.0)
    return x * ((x / x.constant("sqrt2")).unary("erf") + 1.0) * 0.5


def _softplus(r: State, step: Step, x: Value, beta: float = 1, threshold: float = 20) -> Value:
    scaled = x * number(beta, step) if beta != 1 else x
    # The two branches differ by e^-threshold, as torch documents; the choice must be certain.
    mask, doubt = _edge(r, step, scaled, threshold)
    smooth = (
        scaled.unary("softplus") if beta == 1 else scaled.unary("softplus") / number(beta, step)
    )
    if doubt.any():
        smooth = smooth * np.where(doubt, np.nan, 1.0)
    return x.where(mask, smooth)


def _edge(r: State, step: Step, x: Value, edge: float) -> tuple[Mask, Mask]:
    return above(r, step, x, operand(r, edge, step).expand(x.shape))


def _elu(
    r: State, step: Step, x: Value, alpha: float = 1, scale: float = 1, input_scale: float = 1
) -> Value:
    low = (x * number(input_scale, step)).unary("expm1") * number(alpha * scale, step)
    zero = operand(r, 0.0, step)
    if number(alpha, step) * number(input_scale, step) == 1 == scale:
        # Its slopes meet at 0, where any choice is right; its second derivatives don't.
        mask, doubt = _edge(r, step, x, 0.0)
        is_second = doubt.any() and isinstance(x.data, Dual)
        return x.hull(mask, low, doubt) if is_second else x.where(mask, low)
    return choose(r, step, x, zero, x * number(scale, step), low)


def _celu(r: State, step: Step, x: Value, alpha: float = 1) -> Value:
    return _elu(r, step, x, alpha, 1, 1 / alpha)


def _log_sigmoid(r: State, step: Step, x: Value) -> list[Any]:
    return [-((-x).unary("softplus")), UNUSED]


def _atan2(r: State, step: Step, y: Any, x: Any) -> Value:
    """Return atan(y/x) for x > 0; elsewhere ±π/2 − atan(x/y), which needs y ≠ 0."""
    up, right = together(r, step, y, x)
    mask, _ = above(r, step, right, operand(r, 0.0, step).expand(right.shape), "right")
    is_up, beside = above(r, step, up, operand(r, 0.0, step).expand(up.shape), "up")
    one = operand(r, 1.0, step).expand(up.shape)
    first = (up / right.where(mask, one)).unary("atan")
    half = r.tape.constant(r.kind.array(np.where(is_up, 0.5, -0.5))) * up.constant("pi")
    second = half - (right / one.where(mask, up)).unary("atan")
    if (beside & ~mask).any():
        second = second * r.tape.constant(r.kind.array(np.where(beside & ~mask, np.nan, 1.0)))
    return first.where(mask, second)


def _xlogy(r: State, step: Step, x: Any, y: Any) -> Value:
    return operand(r, x, step) * operand(r, y, step).unary("log")


def _lerp(r: State, step: Step, x: Value, end: Value, weight: Any) -> Value:
    return x + operand(r, weight, step) * (end - x)


def _addcmul(r: State, step: Step, x: Value, a: Value, b: Value, value: float = 1) -> Value:
    return x + a * b * number(value, step)


def _addcdiv(r: State, step: Step, x: Value, a: Value, b: Value, value: float = 1) -> Value:
    return x + a / b * number(value, step)


def _logaddexp(r: State, step: Step, x: Value, y: Value) -> Value:
    one, other = together(r, step, x, y)
    return one + (other - one).unary("softplus")


def _hypot(r: State, step: Step, x: Value, y: Value) -> Value:
    return (x * x + y * y).unary("sqrt")


def _logit(r: State, step: Step, x: Value, eps: float | None = None) -> Value | None:
    return None if eps is not None else (x / (1.0 - x)).unary("log")


def _of(function: Callable[[Value], Value]) -> Callable[..., Value]:
    return lambda r, step, x, **_: function(operand(r, x, step))


def _named(name: str) -> Callable[..., Value]:
    return _of(lambda x: x.unary(name))


RULES: dict[str, Callable[..., Any]] = {
    "add": _add,
    "sub": _sub,
    "rsub": _rsub,
    "mul": _mul,
    "pow": _pow,
    "float_power": _pow,
    "neg": _of(lambda x: -x),
    "reciprocal": _of(lambda x: 1.0 / x),
    "square": _of(lambda x: x * x),
    "rsqrt": _of(lambda x: 1.0 / x.unary("sqrt")),
    "log2": _of(lambda x: x.unary("log") / x.constant("ln2")),
    "log10": _of(lambda x: x.unary("log") / x.constant("ln10")),
    "exp2": _of(lambda x: (x * x.constant("ln2")).unary("exp")),
    "silu": _of(lambda x: x * x.unary("sigmoid")),
    "mish": _of(lambda x: x * x.unary("softplus").unary("tanh")),
    "gelu": _gelu,
    "softplus": _softplus,
    "elu": _elu,
    "celu": _celu,
    "log_sigmoid_forward": _log_sigmoid,
    "atan2": _atan2,
    "xlogy": _xlogy,
    "special_xlog1py": lambda r, step, x, y: (
        operand(r, x, step) * operand(r, y, step).unary("log1p")
    ),
    "lerp": _lerp,
    "addcmul": _addcmul,
    "addcdiv": _addcdiv,
    "logaddexp": _logaddexp,
    "hypot": _hypot,
    "logit": _logit,
    "deg2rad": _of(lambda x: x * x.constant("pi") / 180.0),
    "rad2deg": _of(lambda x: x * 180.0 / x.constant("pi")),
    "special_entr": _of(lambda x: -(x * x.unary("log"))),
    "special_ndtr": _of(lambda x: ((x / x.constant("sqrt2")).unary("erf") + 1.0) * 0.5),
    **{
        name: _named(name)
        for name in (
            "exp expm1 log log1p sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
            "sigmoid erf erfc erfinv lgamma digamma sinc"
        ).split()
    },
}

"""The rules of the elementary functions, on balls: trigonometric, hyperbolic, exponential.

Arguments are ``arb`` or ``arb_series``, never exact numbers. Formulas that lose digits to
cancellation are fine where the loss is bounded: the ball shows it, and the precision doubles.
Source of the identities: DLMF 4.14 to 4.38.
"""

from __future__ import annotations

from collections.abc import Callable

from flint import arb, arb_series, ctx

from diffcli.engines.balls.guards import (
    HALF,
    Undefined,
    ball,
    centre,
    nonzero,
    not_negative,
    positive,
    side,
)

Ball = arb | arb_series


# Exponential and logarithm.


def exp(x: Ball) -> Ball:
    """Return e^x."""
    return x.exp()


def expm1(x: Ball) -> Ball:
    """Return e^x − 1."""
    return _keeping(x, arb.expm1, lambda moving: moving.exp() - 1)


def _keeping(x: Ball, own: Callable[[arb], arb], rule: Callable[[arb_series], Ball]) -> Ball:
    """Return a rule's series with Arb's own value in front, which keeps its digits near a zero."""
    if isinstance(x, arb):
        return own(x)
    return arb_series([own(x[0]), *arb_series(rule(x)).coeffs()[1:]])


def log(x: Ball) -> Ball:
    """Return the natural logarithm."""
    positive(x, "log of 0", "log of a negative number")
    return x.log()


def log2(x: Ball) -> Ball:
    """Return the logarithm with base 2."""
    return log(x) / arb.const_log2()


def log10(x: Ball) -> Ball:
    """Return the logarithm with base 10."""
    return log(x) / arb.const_log10()


def log1p(x: Ball) -> Ball:
    """Return log(1 + x), with all digits where x is small."""
    positive(1 + x, "log of 0", "log of a negative number")
    return _keeping(x, arb.log1p, lambda moving: (1 + moving).log())


def sqrt(x: Ball) -> Ball:
    """Return the square root."""
    return x.sqrt() if not_negative(x, "sqrt at 0", "sqrt of a negative number") else arb(0)


# Trigonometric.


def sin(x: Ball) -> Ball:
    """Return the sine."""
    return x.sin()


def cos(x: Ball) -> Ball:
    """Return the cosine."""
    return x.cos()


def tan(x: Ball) -> Ball:
    """Return the tangent."""
    nonzero(x.cos(), "pole of tan")
    return x.tan()


def cot(x: Ball) -> Ball:
    """Return cos(x)/sin(x)."""
    return _quotient(x.cos(), x.sin(), "pole of cot")


def sec(x: Ball) -> Ball:
    """Return 1/cos(x)."""
    return _quotient(arb(1), x.cos(), "pole of sec")


def csc(x: Ball) -> Ball:
    """Return 1/sin(x)."""
    return _quotient(arb(1), x.sin(), "pole of csc")


def _quotient(x: Ball, y: Ball, pole: str) -> Ball:
    nonzero(y, pole)
    return x / y


def sinc(x: Ball) -> Ball:
    """Return sin(x)/x, and 1 at 0, where it is analytic.

    Near 0 the argument's constant ball c is a perturbation of 0: the k-th derivative of sinc is
    the mean of ±s^k·(sin or cos)(xs) over 0 ≤ s ≤ 1, so it differs at c from its value at 0 by
    |c|/(k + 2) at most.
    """
    if not isinstance(x, arb_series):
        return x.sinc()
    middle = x[0]
    if middle > 0 or middle < 0:
        return x.sin() / x
    coefficients, factorial = [], arb(1)
    for k in range(ctx.cap):
        factorial *= max(k, 1)
        at_zero = 0 if k % 2 else arb((-1) ** (k // 2)) / (k + 1)
        slack = middle.abs_upper() / (k + 2)
        coefficients.append((at_zero + arb(0, slack)) / factorial)
    return compose(coefficients, x)


def compose(coefficients: list[arb], x: arb_series) -> arb_series:
    """Return Σ coefficients[k]·(x − x(0))^k: a function's Taylor series at x(0), along x."""
    offset, result = x - x[0], arb_series([coefficients[-1]])
    for coefficient in reversed(coefficients[:-1]):
        result = result * offset + coefficient
    return result


# Inverse trigonometric.


def asin(x: Ball) -> Ball:
    """Return the inverse sine."""
    return x.asin() if _within(x, "asin") else ball(centre(x)).sgn() * arb.pi() / 2


def acos(x: Ball) -> Ball:
    """Return the inverse cosine."""
    return x.acos() if _within(x, "acos") else (1 - ball(centre(x)).sgn()) * arb.pi() / 2


def _within(x: Ball, name: str) -> int:
    return not_negative(1 - x * x, f"edge of {name}", f"{name} outside [−1, 1]")


def atan(x: Ball) -> Ball:
    """Return the inverse tangent."""
    return x.atan()


def acot(x: Ball) -> Ball:
    """Return atan(1/x)."""
    return atan(_quotient(arb(1), x, "acot at 0"))


def asec(x: Ball) -> Ball:
    """Return acos(1/x)."""
    inside = not_negative(x * x - 1, "edge of asec", "asec inside (−1, 1)")
    return (1 / x).acos() if inside else (1 - ball(centre(x)).sgn()) * arb.pi() / 2


def acsc(x: Ball) -> Ball:
    """Return asin(1/x)."""
    inside = not_negative(x * x - 1, "edge of acsc", "acsc inside (−1, 1)")
    return (1 / x).asin() if inside else ball(centre(x)).sgn() * arb.pi() / 2


def atan2(y: Ball, x: Ball) -> Ball:
    """Return the angle of the point (x, y), in (−π, π]."""
    right, jump = centre(x), "atan2 jumps across y = 0, x < 0"
    if right > 0:
        return (y / x).atan()
    above = side(y, jump if right < 0 else "atan2 at the origin")
    if above:
        return above * arb.pi() / 2 - (x / y).atan()
    if side(x, "atan2 at the origin") == 0:
        raise Undefined("atan2 at the origin")
    return arb.pi() if right < 0 else arb(0)


def hypot(x: Ball, y: Ball) -> Ball:
    """Return √(x² + y²)."""
    if not (isinstance(x, arb_series) or isinstance(y, arb_series)):
        return (x**2 + y**2).nonnegative_part().sqrt()
    square = x * x + y * y
    side(square, "hypot at the origin")
    return square.sqrt()


# Hyperbolic.


def sinh(x: Ball) -> Ball:
    """Return the hyperbolic sine."""
    return _keeping(x, arb.sinh, lambda moving: (moving.exp() - (-moving).exp()) / 2)


def cosh(x: Ball) -> Ball:
    """Return the hyperbolic cosine."""
    return (x.exp() + (-x).exp()) / 2


def tanh(x: Ball) -> Ball:
    """Return the hyperbolic tangent, by 1 − 2/(e^2x + 1)."""
    return _keeping(x, arb.tanh, lambda moving: 1 - 2 / ((2 * moving).exp() + 1))


def coth(x: Ball) -> Ball:
    """Return the hyperbolic cotangent, by 1 + 2/(e^2x − 1)."""
    nonzero(x, "pole of coth")
    return 1 + _quotient(arb(2), (2 * x).exp() - 1, "pole of coth")


def sech(x: Ball) -> Ball:
    """Return 1/cosh(x)."""
    return 1 / cosh(x)


def csch(x: Ball) -> Ball:
    """Return 1/sinh(x)."""
    nonzero(x, "pole of csch")
    return _quotient(arb(1), sinh(x), "pole of csch")


# Inverse hyperbolic.


def asinh(x: Ball) -> Ball:
    """Return the inverse hyperbolic sine."""
    return _keeping(x, arb.asinh, _asinh)


def _asinh(x: arb_series) -> arb_series:
    # By the odd symmetry on the side without cancellation.
    if x[0] < 0:
        return -_asinh(-x)
    return (x + (x * x + 1).sqrt()).log()


def acosh(x: Ball) -> Ball:
    """Return the inverse hyperbolic cosine."""
    inside = not_negative(x - 1, "edge of acosh", "acosh below 1")
    return (x + (x * x - 1).sqrt()).log() if inside else arb(0)


def atanh(x: Ball) -> Ball:
    """Return the inverse hyperbolic tangent."""
    positive(1 - x * x, "pole of atanh", "atanh outside (−1, 1)")
    return _keeping(x, arb.atanh, lambda moving: ((1 + moving) / (1 - moving)).log() * HALF)


def acoth(x: Ball) -> Ball:
    """Return the inverse hyperbolic cotangent, atanh(1/x)."""
    positive(x * x - 1, "pole of acoth", "acoth inside [−1, 1]")
    return ((x + 1) / (x - 1)).log() * HALF


def asech(x: Ball) -> Ball:
    """Return the inverse hyperbolic secant, acosh(1/x)."""
    positive(x, "pole of asech", "asech of a negative number")
    not_negative(1 - x, "edge of asech", "asech above 1")
    return acosh(1 / x)


def acsch(x: Ball) -> Ball:
    """Return the inverse hyperbolic cosecant, asinh(1/x)."""
    return asinh(_quotient(arb(1), x, "pole of acsch"))

"""Exact values of numbers known to many digits: guessed from the digits, then proved by algebra."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import isqrt, pi

import mpmath
from flint import arb
from sympy import Expr, S

from diffcli.engines.balls.walk import working
from diffcli.engines.enclosure import constant_value
from diffcli.engines.remote import Partials
from diffcli.engines.symbolic import Symbolic, expression, symbol
from diffcli.engines.terms.formulas import evaluated, readable
from diffcli.engines.terms.identity import proved_zero
from diffcli.errors import LimitError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.studies.curves.breaks import simplest

DIGITS = 30
"""Digits of a number that is guessed: far more than its guess has."""
LARGEST = 1000
"""Numerator and denominator of a guessed rational, and coefficient of a guessed quadratic."""
SMALL, SHORT = 60, 8
"""Denominator, and characters, of a value guessed from a few digits."""
MAX_TEXT = 60
"""Characters of an exact value that is shown."""
_INFINITE = (S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity)
_UNDONE = {
    "acos": mpmath.cos,
    "asin": mpmath.sin,
    "atan": mpmath.tan,
    "log": mpmath.exp,
    "exp": mpmath.log,
}
"""Inverse functions: a number that one takes back to a rational is this function of it."""


def exact_root(
    partials: Partials,
    indices: Sequence[Sequence[str]],
    balls: Sequence[arb],
    region: Sequence[arb],
) -> tuple[Node, ...] | None:
    """Return the exact coordinates at which the partials of some indices are proved to be 0.

    ``at`` holds the root that is alone in ``region``. None where no guess could be proved.
    """
    guesses = [next(guess(ball), None) for ball in balls]
    if None in guesses:
        return None
    nodes = [node for node in guesses if node is not None]
    if not all(_lies_in(node, ball) for node, ball in zip(nodes, region, strict=True)):
        return None
    return tuple(nodes) if vanishes(partials, indices, nodes) else None


def vanishes(partials: Partials, indices: Sequence[Sequence[str]], point: Sequence[Node]) -> bool:
    """Return whether partials are proved to be 0 at an exact point."""
    try:
        return partials.ask(_vanish, indices, _constants(point))
    except LimitError:
        return False


def _constants(point: Sequence[Node]) -> Function:
    return Function((), tuple(point), ())


def _vanish(symbolic: Symbolic, indices: Sequence[Sequence[str]], point: Function) -> bool:
    values = _places(symbolic, point)
    return all(proved_zero(symbolic.partial(index), values, symbolic.deadline) for index in indices)


def _places(symbolic: Symbolic, point: Function) -> dict[Expr, Expr]:
    names = map(symbol, symbolic.function.variables)
    return dict(zip(names, expression(point), strict=True))


def text_at(partials: Partials, point: Sequence[Node]) -> str | None:
    """Return the function's value at an exact point as a short formula, if it has one."""
    try:
        text = partials.ask(_text_at, _constants(point))
    except LimitError:
        return None
    return text if text and len(text) <= MAX_TEXT else None


def _text_at(symbolic: Symbolic, point: Function) -> str | None:
    if proved_zero(symbolic.partial(()), _places(symbolic, point), symbolic.deadline):
        return "0"
    values = {name: evaluated(value) for name, value in _places(symbolic, point).items()}
    value = evaluated(symbolic.partial(())).xreplace(values).doit()
    if value.has(*_INFINITE):
        return None
    return readable(value, symbolic.deadline, symbolic.spelling).text


def simple(low: float, high: float) -> Iterator[Node]:
    """Yield short exact values in a narrow interval: decimals, fractions, parts of π."""
    texts = [repr(simplest(low, high))]
    middle = Fraction((low + high) / 2)
    texts += [str(middle.limit_denominator(SMALL))]
    texts += [_turns(Fraction((low + high) / 2 / pi).limit_denominator(SMALL))]
    for text in dict.fromkeys(texts):
        (node,) = parse(text).outputs
        if len(text) <= SHORT and _lies_in(node, arb(low).union(arb(high))):
            yield node


def guess(ball: arb) -> Iterator[Node]:
    """Yield short exact values of a number that is known to ``DIGITS`` digits, simplest first."""
    with mpmath.workdps(DIGITS + 10):
        x = mpmath.mpf(ball.mid().str(DIGITS + 8, radius=False, more=True))
        for text in _texts(x):
            (node,) = parse(text).outputs
            yield node


def _texts(x: mpmath.mpf) -> Iterator[str]:
    if abs(x) < mpmath.mpf(10) ** -DIGITS:
        yield "0"
        return
    if (rational := _rational(x)) is not None:
        yield str(rational)
        return
    if (turns := _rational(x / mpmath.pi, 60)) is not None:
        yield _turns(turns)
        return
    yield from _quadratic(x)
    yield from _of_a_rational(x)


def _rational(x: mpmath.mpf, largest: int = LARGEST) -> Fraction | None:
    """Return the short fraction that a number equals to all its digits."""
    exact = Fraction(int(mpmath.nint(x * 10**DIGITS)), 10**DIGITS)
    fraction = exact.limit_denominator(largest)
    near = abs(exact - fraction) * 10 ** (DIGITS - 2) <= max(1, abs(exact))
    return fraction if near else None


def _turns(turns: Fraction) -> str:
    above = "pi" if abs(turns.numerator) == 1 else f"{abs(turns.numerator)}*pi"
    below = "" if turns.denominator == 1 else f"/{turns.denominator}"
    return f"{'-' if turns < 0 else ''}{above}{below}"


def _quadratic(x: mpmath.mpf) -> Iterator[str]:
    """Yield (p ± r·sqrt(q))/d, where a quadratic equation of small numbers has that root."""
    coefficients = mpmath.findpoly(x, 2, maxcoeff=LARGEST, tol=mpmath.mpf(10) ** (3 - DIGITS))
    if not coefficients or len(coefficients) != 3:
        return
    a, b, c = (int(coefficient) for coefficient in coefficients)
    under, outside = b * b - 4 * a * c, 1
    if under <= 0:
        return
    for factor in range(isqrt(under), 1, -1):
        if under % (factor * factor) == 0:
            under, outside = under // factor**2, factor
            break
    middle, part = Fraction(-b, 2 * a), abs(Fraction(outside, 2 * a))
    sign = "+" if x > mpmath.mpf(middle.numerator) / middle.denominator else "-"
    root = _scaled(part, f"sqrt({under})")
    yield root if not middle and sign == "+" else f"{middle or ''}{sign}{root}"


def _scaled(part: Fraction, root: str) -> str:
    above = root if part.numerator == 1 else f"{part.numerator}*{root}"
    return above if part.denominator == 1 else f"{above}/{part.denominator}"


def _of_a_rational(x: mpmath.mpf) -> Iterator[str]:
    """Yield functions of a rational: ``log(2)``, ``2*pi - acos(1/3)``."""
    for name, undo in _UNDONE.items():
        if name == "exp" and x <= 0:
            continue
        inner = _rational(undo(x), 100) if abs(x) < LARGEST else None
        if inner is None or (name in ("log", "exp") and not inner):
            continue
        principal = getattr(mpmath, name)(mpmath.mpf(inner.numerator) / inner.denominator)
        for sign in (1, -1):
            turns = _rational((x - sign * principal) / mpmath.pi, 1)
            if turns is None:
                continue
            call = f"{name}({inner})"
            if not turns:
                yield call if sign > 0 else f"-{call}"
            elif name in ("acos", "asin", "atan"):
                yield f"{_turns(turns)} {'+' if sign > 0 else '-'} {call}"


def _lies_in(node: Node, ball: arb) -> bool:
    with working(256):
        return bool(ball.contains(constant_value(node, 256)))

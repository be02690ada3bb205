"""Which well-known mistake makes a derivative what is claimed.

A mistake is made on purpose: the formula is changed so that its true derivative is the one that
the mistake leads to. A term whose derivative is forgotten is detached; a term whose inner
derivative is forgotten is replaced by one of the same value and of slope 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import islice
from math import isfinite
from types import MappingProxyType

from flint import arb

from diffcli.engines.balls.decimals import certain_digits, flint_fraction
from diffcli.engines.balls.precision import working
from diffcli.engines.enclosure import Index
from diffcli.language.expression import Node, minus, node, number, postorder, variable
from diffcli.language.printer import text_of
from diffcli.studies.check.places import RandomPoint

MOST_NODES = 1000
"""Terms of a formula that is searched for the place of a mistake."""
MOST_CHANGES = 60
"""Places that are tried, beginning with the outermost, for each kind of mistake."""
ENOUGH = 3
"""Points that a mistake must explain at least."""
SIMPLE = 1000
"""The largest denominator of a factor that is told as a fraction."""
BITS = 256

Number = Callable[[RandomPoint], arb | None]
Hypothesis = tuple[str, Number, Number]
"""A mistake in words, and two numbers that it makes equal."""


@dataclass(frozen=True)
class ClaimedEntry:
    """One claimed number: the partial of ``output`` in ``wrt``, and the formula claimed for it."""

    output: Node
    wrt: Index
    claim: Node

    def truth(self, point: RandomPoint) -> arb | None:
        """Return the partial, where it is certain."""
        return point.number(self.output, self.wrt)

    def claimed(self, point: RandomPoint) -> arb | None:
        """Return what is claimed, where it is certain."""
        return point.number(self.claim)


def misplaced(
    suspects: Sequence[ClaimedEntry], columns: int, points: Sequence[RandomPoint]
) -> str | None:
    """Say so where every claim is right, but for another entry of the gradient or matrix."""
    count = len(suspects)
    turned = [index for column in range(columns) for index in range(column, count, columns)]
    if count == columns**2 and all(
        _same((suspect.claimed, suspects[other].truth), points)
        for suspect, other in zip(suspects, turned, strict=True)
    ):
        return "transposed"
    left = list(suspects)
    for suspect in suspects:
        owner = next((s for s in left if _same((suspect.claimed, s.truth), points)), None)
        if owner is None:
            return None
        left.remove(owner)
    return "the entries in another order"


def mistake(
    suspect: ClaimedEntry, others: Sequence[str], points: Sequence[RandomPoint]
) -> str | None:
    """Name the mistake in one claimed number, where it is a well-known one.

    ``others`` are the variables that the partial isn't taken in.
    """
    for words, *numbers in _hypotheses(suspect, others, points):
        if _same(numbers, points, not_zero=True):
            return words
    return None


def _same(
    numbers: Sequence[Number], points: Sequence[RandomPoint], *, not_zero: bool = False
) -> bool:
    """Whether two numbers are equal at enough points, and at every point where both are known."""
    met = 0
    for point in points:
        with working(BITS, None):
            first, second = (number(point) for number in numbers)
        if first is not None and second is not None:
            if not first.overlaps(second):
                return False
            met += not (not_zero and 0 in first)
    return met >= ENOUGH


def _hypotheses(
    suspect: ClaimedEntry, others: Sequence[str], points: Sequence[RandomPoint]
) -> Iterator[Hypothesis]:
    """Yield the mistakes, what is simplest to say first."""
    output, wrt, claimed, truth = suspect.output, suspect.wrt, suspect.claimed, suspect.truth
    yield "f itself", claimed, _partial(output, ())
    yield "the sign", claimed, _times(truth, arb(-1))
    for order, word in _ORDERS.items():
        if order != len(wrt):
            yield f"the {word} derivative", claimed, _partial(output, wrt[:1] * order)
    for other in others:
        yield f"the derivative in {other}", claimed, _partial(output, (other,) * len(wrt))
    yield from _changed(suspect, _inner, "the inner derivative of {} is missing", _unit_slope)
    yield from _rules(suspect)
    yield from _constants(suspect, points)
    yield from _changed(suspect, _any, "{} is taken for a constant", _constant)
    yield from _changed(suspect, _any, "the sign of the derivative of {}", _turned)
    yield "an antiderivative", _partial(suspect.claim, wrt[:1]), _partial(output, ())
    x = _partial(variable(wrt[-1]), ())
    yield f"a factor {wrt[-1]} too many", claimed, _times(truth, x)
    yield f"a factor {wrt[-1]} is missing", truth, _times(claimed, x)


_ORDERS = {1: "first", 2: "second", 3: "third"}


def _partial(output: Node, wrt: Index) -> Number:
    return lambda point: point.number(output, wrt)


def _times(first: Number, second: Number | arb) -> Number:
    def product(point: RandomPoint) -> arb | None:
        a = first(point)
        b = second if isinstance(second, arb) else second(point)
        return None if a is None or b is None else a * b

    return product


# Rules that there aren't, of the formula's outermost operation.


def _rules(suspect: ClaimedEntry) -> Iterator[Hypothesis]:
    """Yield u′·v′ for a product, u′/v′ for a quotient, and v·u^(v-1) where v moves too."""
    output, wrt, claimed = suspect.output, suspect.wrt, suspect.claimed
    x = variable(wrt[-1])
    moving = [part for part in output.args if x in postorder([part])]
    if len(wrt) > 1 or not moving:
        return
    slopes = [_partial(part, wrt if part in moving else ()) for part in output.args]
    if output.op == "mul" and len(moving) > 1:
        yield "(u*v)′ is u′*v + u*v′, not u′*v′", claimed, reduce(_times, slopes)
    elif output.op == "div" and len(moving) > 1:
        words = "(u/v)′ is (u′*v - u*v′)/v^2, not u′/v′"
        yield words, _times(claimed, slopes[1]), slopes[0]
    elif output.op == "pow" and output.args[1] in moving:
        base, exponent = output.args
        lower = node("pow", base, node("add", exponent, number(-1)))
        fallen = _partial(node("mul", exponent, lower), ())
        words = f"the power rule takes no {text_of(exponent)} as an exponent: it isn't constant"
        yield words, claimed, fallen
        yield words, claimed, _times(fallen, slopes[1])


# Constants: a factor, a term.


def _constants(suspect: ClaimedEntry, points: Sequence[RandomPoint]) -> Iterator[Hypothesis]:
    """Yield the factor and the term that one point shows."""
    for point in points:
        claim, truth = suspect.claimed(point), suspect.truth(point)
        if claim is None or truth is None:
            continue
        with working(BITS, None):
            surplus = claim - truth
            factor = None if 0 in truth else claim / truth
        # A factor whose first digits are those of 1 would say nothing.
        if factor is not None and (said := _named(factor)) != "1":
            yield f"a factor {said}", suspect.claimed, _times(suspect.truth, factor)
        if (said := _named(surplus)) != "0":
            yield f"{said} too much", suspect.claimed, _plus(suspect.truth, surplus)
        return


def _plus(first: Number, term: arb) -> Number:
    def total(point: RandomPoint) -> arb | None:
        value = first(point)
        return None if value is None else value + term

    return total


def _named(constant: arb) -> str:
    """Return a constant as a fraction or by name, where it is one; else its first digits."""
    if isfinite(middle := float(constant)):
        simple = Fraction(middle).limit_denominator(SIMPLE)
        if constant.contains(flint_fraction(simple)):
            return str(simple)
    for name, value in _CONSTANTS.items():
        if constant.overlaps(value()):
            return name
    digits = (certain_digits(constant, count) for count in range(6, 0, -1))
    return next(filter(None, digits), "constant")


_CONSTANTS: Mapping[str, Callable[[], arb]] = MappingProxyType(
    {
        "pi": arb.pi,
        "2*pi": lambda: 2 * arb.pi(),
        "180/pi": lambda: 180 / arb.pi(),
        "pi/180": lambda: arb.pi() / 180,
        "log(2)": lambda: arb(2).log(),
        "1/log(2)": lambda: 1 / arb(2).log(),
        "log(10)": lambda: arb(10).log(),
        "1/log(10)": lambda: 1 / arb(10).log(),
        "e": arb.const_e,
        "sqrt(2)": lambda: arb(2).sqrt(),
        "1/sqrt(2)": lambda: 1 / arb(2).sqrt(),
    }
)


# Changes of the formula, at one place of a term in another.

Fits = Callable[[Node, int], bool]
Change = Callable[[Node, Node], Node]
"""From the term at that place, and the variable, to the term that stands for it."""


def _any(_user: Node, _place: int) -> bool:
    return True


def _inner(user: Node, index: int) -> bool:
    return user.op not in ("add", "neg", "mul", "div") and not user.args[index].is_leaf


def _changed(suspect: ClaimedEntry, fits: Fits, words: str, change: Change) -> Iterator[Hypothesis]:
    x = variable(suspect.wrt[-1])
    nodes = postorder([suspect.output])
    if len(nodes) > MOST_NODES:
        return
    moving = {x}
    for user in nodes:
        if not moving.isdisjoint(user.args):
            moving.add(user)
    edges = (
        (user, index)
        for user in reversed(nodes)
        for index, term in enumerate(user.args)
        if term in moving and fits(user, index)
    )
    for user, index in islice(edges, MOST_CHANGES):
        term = user.args[index]
        wrong = _exchanged(nodes, user, index, change(term, x))
        yield words.format(text_of(term)), suspect.claimed, _partial(wrong, suspect.wrt)


def _exchanged(nodes: Sequence[Node], user: Node, index: int, term: Node) -> Node:
    """Return the last of the nodes, with another term at one place."""
    images: dict[Node, Node] = {}
    for part in nodes:
        args = [images[arg] for arg in part.args]
        if part is user:
            args[index] = term
        images[part] = node(part.op, *args, value=part.value)
    return images[nodes[-1]]


def _unit_slope(term: Node, x: Node) -> Node:
    return node("add", x, node("detach", minus(term, x)))


def _constant(term: Node, _: Node) -> Node:
    return node("detach", term)


def _turned(term: Node, _: Node) -> Node:
    twice = node("mul", number(2), node("detach", term))
    return minus(twice, term)

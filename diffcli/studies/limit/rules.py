"""How a limit is found by hand: the rules that fit, each with what it says of the formula.

The proof is the expansion; a rule is shown only where its own limits are proved too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flint import arb

from diffcli.engines.balls.guards import Difficult
from diffcli.engines.one_sided.atoms import working_in
from diffcli.engines.one_sided.germs import is_tame, sign
from diffcli.engines.one_sided.limits import Approach, Behaviour, Limits
from diffcli.engines.one_sided.oscillation import Sequence
from diffcli.engines.one_sided.spelling import spelled
from diffcli.language.algebra import Algebra
from diffcli.language.builder import Builder
from diffcli.language.expression import Node, node, postorder, variable
from diffcli.output.document import Math, equal
from diffcli.output.text import number as number_text
from diffcli.studies.limit.expansions import MAX_WIDTH, math, shown
from diffcli.studies.limit.finding import LimitResult
from diffcli.studies.limit.hospital import rounds
from diffcli.studies.limit.place import Place

Words = tuple[str | Math, ...]
INFINITIES: Mapping[int, Math] = MappingProxyType(
    {1: Math("inf", r"\infty"), -1: Math("-inf", r"-\infty")}
)
_BOUNDED = frozenset({"sin", "cos", "tanh", "erf", "sign"})
"""Rows whose values lie between -1 and 1."""
_WHERE: Mapping[int, str] = MappingProxyType({-1: "   on the left", 1: "   on the right"})
DIGITS = 12
"""Significant digits of a limit that has no short name."""


@dataclass(frozen=True)
class Step:
    """A rule by its name, what it says of the formula, and the lines under it."""

    rule: str
    words: Words
    lines: tuple[Words, ...] = ()


def limit_math(result: Approach | Sequence, digits: int | None = None) -> Math:
    """Return a limit as a constant, as a decimal where it has no short name, or as infinity."""
    if result.sense:
        return INFINITIES[result.sense]
    known = result.number
    exact = spelled(known) if known is not None else None
    if exact is not None and len(math(exact).text) <= 2 * MAX_WIDTH:
        return math(exact)
    ball = known.ball if known is not None else arb(0)
    text = number_text(float(ball.mid()), digits or DIGITS)
    return Math(text, text)


def explain(result: LimitResult) -> tuple[Step, ...]:
    """Return the steps, of which the last one is the expansion that proves the limit."""
    limit = result.limit
    if limit is None:
        return (*_oscillations(result), *_expansions(result))
    for rule in (_direct, _squeeze):
        if step := rule(result, limit):
            return (step,)
    steps = [step for rule in (_logarithm, _hospital) if (step := rule(result, limit))]
    return (*steps[:1], *_expansions(result))


def _direct(result: LimitResult, limit: Approach) -> Step | None:
    """Return the value, where it is the limit and nothing in the formula is at an edge."""
    output, here = result.output, result.approaches.here
    moving = variable(result.place.name)
    if not result.approaches.is_value or here is None or not result.approaches.inside:
        return None
    if any(
        term.op == "pow" and moving in postorder([term.args[1]]) for term in postorder([output])
    ):
        return None  # 0^0 is 1 by convention, and no limit follows from it
    point, value = math(result.place.point), limit_math(limit)
    at = Math(f"f({point.text})", rf"f\left({point.latex}\right)")
    return Step("direct substitution", (equal(at, value), ", and f is continuous there"))


def _squeeze(result: LimitResult, limit: Approach) -> Step | None:
    """Return the bound of a product of what stays between -1 and 1 and of what goes to 0."""
    output = result.output
    if limit.germ is None or is_tame(limit.germ) or output.op != "mul":
        return None
    waves = [arg for arg in output.args if arg.op in _BOUNDED]
    others = [arg for arg in output.args if arg not in waves]
    if not waves or not others or limit.behaviour is Behaviour.INFINITE:
        return None
    product = node("mul", *others) if len(others) > 1 else others[0]
    signs = _signs_beside_zero(product, result.place)
    if signs is None:
        return None
    bound = math(product if signs == {1} else node("abs", product))
    wave = math(node("mul", *waves) if len(waves) > 1 else waves[0])
    within = Math(f"-1 <= {wave.text} <= 1", rf"-1 \le {wave.latex} \le 1")
    size = Math(f"-{bound.text} <= f <= {bound.text}", rf"-{bound.latex} \le f \le {bound.latex}")
    return Step("squeeze", (within, ", so ", size, ", and ", bound, " goes to 0"))


def _signs_beside_zero(part: Node, place: Place) -> set[int] | None:
    """Return the signs that what goes to 0 has next to the point, None of what doesn't."""
    at = {**place.fixed, place.name: place.point}
    result = Limits(part, at, place.name, place.infinite).approaches(place.sides)
    germs = [each.germ for each in result.inside if each.germ is not None]
    if not result.is_one or any(each.sense or not each.number.is_nothing for each in result.inside):
        return None
    with working_in(result.field):
        try:
            return {sign(germ) for germ in germs}
        except Difficult:
            return {-1, 1}


def _logarithm(result: LimitResult, _: Approach) -> Step | None:
    """Return the limit of the logarithm of a power whose exponent moves."""
    output, name = result.output, result.place.name
    if output.op != "pow" or variable(name) not in postorder([output.args[1]]):
        return None
    base, exponent = output.args
    grown = node("mul", exponent, node("log", base))
    at = {**result.place.fixed, name: result.place.point}
    inner = Limits(grown, at, name, result.place.infinite).approaches(result.place.sides)
    if not inner.is_one:
        return None
    there = limit_math(inner.inside[0])
    f = equal(Math("f", "f"), math(node("exp", grown)))
    return Step("logarithm", (f, ", and ", math(grown), " goes to ", there))


def _hospital(result: LimitResult, limit: Approach) -> Step | None:
    done = rounds(result.output, result.place, limit)
    if not done:
        return None
    lines = [
        (f"{each.form}:  ", math(each.before), "  has the limit of  ", math(each.after))
        for each in done
    ]
    return Step("l'Hôpital's rule", (), tuple(lines))


def _expansions(result: LimitResult) -> Iterator[Step]:
    """Yield the expansions that prove the limits."""
    for each in shown(result.read, result.place):
        mark, tex = ("≈", r"\approx") if each.is_rounded else ("=", "=")
        said = each.math
        where = "" if each.is_alone else _WHERE[each.side]
        f = Math(f"f {mark} {said.text}", f"f {tex} {said.latex}")
        yield Step("expansion", (f, where) if where else (f,))


def _oscillations(result: LimitResult) -> Iterator[Step]:
    """Yield the two sequences along which the function goes to different limits."""
    for side in result.approaches.sides:
        if side.behaviour is Behaviour.OSCILLATES:
            lines = tuple(_sequence(sequence) for sequence in side.sequences)
            yield Step("two sequences", _from(result, side), lines)
            return


def _from(result: LimitResult, side: Approach) -> Words:
    if result.place.infinite or len(result.approaches.sides) == 1:
        return ("along which f goes to different limits",)
    return (f"along which f goes to different limits,{_WHERE[side.side][2:]}",)


def _sequence(each: Sequence) -> Words:
    k = variable("k")
    algebra = Algebra(Builder())
    places = algebra.add(each.phase, algebra.mul(each.period, k))
    return ("where ", equal(math(each.argument), math(places)), ":  f goes to ", limit_math(each))

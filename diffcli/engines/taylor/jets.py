"""Taylor arithmetic in torch: the power series of a formula, of many points in one pass.

Each node of the DAG becomes a series, coefficient by coefficient, in one or several steps t. A
product costs a convolution; every other function follows from its partials by v′ = Σ φᵤ(u)·u′,
where the φᵤ are nodes of the DAG themselves, one degree shorter, so that sin and cos feed each
other, exp itself. See Griewank and Walther, Evaluating Derivatives, 2nd ed., chapter 13.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import nan
from types import MappingProxyType
from typing import TypeAlias

import torch
from torch import Tensor

from diffcli.engines.remote import lower
from diffcli.engines.taylor.rules import OF_DEGREE, STEPS, definition, partial
from diffcli.language.expression import VARIABLE, Node, postorder
from diffcli.language.function import Function

Degree: TypeAlias = tuple[int, ...]
"""The exponents of the steps in a coefficient's term."""

Seeds: TypeAlias = Mapping[str, Mapping[Degree, Tensor | float]]
"""The coefficients of each variable that moves, but for its value."""


@lru_cache(maxsize=32)
def series_of(function: Function, moving: tuple[str, ...], degree: Degree, total: int) -> Series:
    """Return the outputs of a function of numbers as series; those laid out last are kept.

    The variables ``moving`` are series in the steps; the coefficients are those up to ``degree``
    in each step and ``total`` in all. Raises NoSeriesError where a row has no rule.
    """
    return Series(function, moving, degree, total)


class Series:
    """Formulas laid out as series; see :func:`series_of`."""

    def __init__(
        self, function: Function, moving: Collection[str], degree: Degree, total: int
    ) -> None:
        self._function, self._box = function, tuple(each + 1 for each in degree)
        self._moving = _Moving(moving)
        boxed = product(*map(range, self._box))
        self._degrees = sorted((k for k in boxed if 0 < sum(k) <= total), key=sum)
        self._rules: dict[Node, _Rule] = {}
        self._needed: dict[Node, int] = {}
        self._plan([(output, total) for output in function.outputs])
        self._order = [each for each in self._ordered() if each in self._moving]
        values = tuple(self._needed)
        self._place = {each: i for i, each in enumerate(values)}
        self._program = lower(Function(function.text, values, function.variables))

    def _plan(self, wanted: list[tuple[Node, int]]) -> None:
        """Find every node that is wanted, up to which degree, and the rule it goes by."""
        while wanted:
            each, most = wanted.pop()
            if self._needed.get(each, -1) >= most:
                continue
            self._needed[each] = most
            if most and each.op != VARIABLE and each in self._moving:
                if each not in self._rules:
                    self._rules[each] = _rule(each, self._moving)
                rule = self._rules[each]
                wanted += [(arg, most) for arg in rule.arguments]
                wanted += [(slope, most - 1) for slope in rule.slopes]
                wanted += [(condition, 0) for condition in rule.conditions]

    def _ordered(self) -> Iterable[Node]:
        """Yield the nodes, each after those whose coefficient of the same degree it reads."""
        done: set[Node] = set()
        for root in self._needed:
            stack = [(root, False)]
            while stack:
                each, ready = stack.pop()
                if ready:
                    yield each
                elif each not in done:
                    done.add(each)
                    stack.append((each, True))
                    rule = self._rules.get(each)
                    stack += [(arg, False) for arg in (rule.arguments if rule else ())]

    def __call__(self, at: Mapping[str, Tensor], seeds: Seeds) -> list[Tensor]:
        """Return each output's coefficients: first the degrees' axes, then those of the points.

        ``at`` gives each variable its value, of shapes that broadcast.
        """
        inputs = [at[name] for name in self._function.variables]
        shape = torch.broadcast_shapes(*(each.shape for each in inputs))
        with torch.no_grad():
            values = [each.expand(shape) for each in self._program(*inputs, shape=shape)]
            made: dict[Node, Tensor] = {}
            for each, place in self._place.items():
                value = values[place]
                made[each] = value.new_zeros((*self._box, *shape))
                made[each][(0,) * len(self._box)] = value
            for each in self._order:
                for degree, step in seeds.get(str(each.value), {}).items():
                    made[each][degree] = step
            for degree in self._degrees:
                for each in self._order:
                    if each.op != VARIABLE and self._needed[each] >= sum(degree):
                        made[each][degree] = self._rules[each].coefficient(made, degree)
        return [made[output] for output in self._function.outputs]


class _Moving:
    """Tells the nodes that move with the steps."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._known: dict[Node, bool] = {}

    def __contains__(self, wanted: Node) -> bool:
        stack = [wanted]
        while stack:
            each = stack[-1]
            unknown = [arg for arg in each.args if arg not in self._known]
            if unknown and each not in self._known:
                stack += unknown
                continue
            self._known[each] = (
                each.value in self._names
                if each.op == VARIABLE
                else each.op != "detach" and any(self._known[arg] for arg in each.args)
            )
            stack.pop()
        return self._known[wanted]


Made: TypeAlias = Mapping[Node, Tensor]
"""The coefficients that are known, by node; those that aren't yet are 0."""


@dataclass(frozen=True)
class _Rule:
    """How a node's coefficient of a degree follows from what is made of others.

    It reads ``arguments`` up to that degree, ``slopes`` up to one less, and the values alone of
    ``conditions``.
    """

    coefficient: Callable[[Made, Degree], Tensor]
    arguments: Sequence[Node] = ()
    slopes: Sequence[Node] = ()
    conditions: Sequence[Node] = ()


def _rule(each: Node, moving: _Moving) -> _Rule:
    same = definition(each)
    if same is not None:
        return _Rule(lambda made, degree: made[same][degree], (same,))
    return _RULES.get(each.op, _call)(each, moving)


def _value(series: Tensor, degree: Degree) -> Tensor:
    return series[(0,) * len(degree)]


def _product(a: Tensor, b: Tensor, degree: Degree) -> Tensor:
    """Return the coefficient of a product."""
    box = tuple(slice(0, each + 1) for each in degree)
    axes = tuple(range(len(degree)))
    return (a[box] * b[box].flip(axes)).sum(axes)


def _slope(u: Tensor, slope: Tensor, degree: Degree) -> Tensor:
    """Return the coefficient of the integral of slope·u′, in the first step that the term has."""
    axis = next(i for i, each in enumerate(degree) if each)
    axes = tuple(range(len(degree)))
    moved = u[tuple(slice(i == axis, each + 1) for i, each in enumerate(degree))]
    rest = slope[tuple(slice(0, each + (i != axis)) for i, each in enumerate(degree))]
    factors = torch.arange(1, degree[axis] + 1, dtype=u.dtype, device=u.device)
    weights = factors.reshape([-1 if i == axis else 1 for i in range(moved.ndim)])
    return (weights * moved * rest.flip(axes)).sum(axes) / degree[axis]


def _sum(each: Node, moving: _Moving) -> _Rule:
    terms = [arg for arg in each.args if arg in moving]
    return _Rule(lambda made, k: sum((made[arg][k] for arg in terms[1:]), made[terms[0]][k]), terms)


def _negation(each: Node, _: _Moving) -> _Rule:
    return _Rule(lambda made, k: -made[each.args[0]][k], each.args)


def _multiplication(each: Node, moving: _Moving) -> _Rule:
    a, b = each.args
    if a in moving and b in moving:
        return _Rule(lambda made, k: _product(made[a], made[b], k), each.args)
    a, b = (a, b) if a in moving else (b, a)
    return _Rule(lambda made, k: made[a][k] * _value(made[b], k), each.args)


def _division(each: Node, moving: _Moving) -> _Rule:
    above, below = each.args

    def coefficient(made: Made, k: Degree) -> Tensor:
        rest = made[above][k]
        if below in moving:
            rest = rest - _product(made[each], made[below], k)
        return rest / _value(made[below], k)

    return _Rule(coefficient, each.args)


def _call(each: Node, moving: _Moving) -> _Rule:
    inner = [(arg, partial(each, i)) for i, arg in enumerate(each.args) if arg in moving]

    def coefficient(made: Made, k: Degree) -> Tensor:
        first, *rest = (_slope(made[arg], made[slope], k) for arg, slope in inner)
        return sum(rest, first)

    return _Rule(coefficient, [arg for arg, _ in inner], [slope for _, slope in inner])


def _polynomial(each: Node, moving: _Moving) -> _Rule:
    rule, degree = _call(each, moving), each.args[0]

    def coefficient(made: Made, k: Degree) -> Tensor:
        return torch.where(_value(made[degree], k) < 0, 0, rule.coefficient(made, k))

    return replace(rule, coefficient=coefficient, conditions=[degree])


def _step(each: Node, _: _Moving) -> _Rule:
    return _Rule(lambda made, k: made[each][k])


def _pieces(each: Node, moving: _Moving) -> _Rule:
    values, held = each.args[::2], each.args[1::2]
    # Where an equality decides, what holds at the point doesn't hold around it.
    decided = [c for c in postorder(held) if c.op in ("eq", "ne") and c in moving]

    def coefficient(made: Made, k: Degree) -> Tensor:
        chosen = torch.full_like(made[each][k], nan)
        for value, condition in zip(reversed(values), reversed(held), strict=True):
            chosen = torch.where(_value(made[condition], k), made[value][k], chosen)
        for condition in decided:
            is_open = _value(made[condition], k) == (condition.op == "ne")
            chosen = torch.where(is_open, chosen, nan)
        return chosen

    return _Rule(coefficient, values, conditions=[*held, *decided])


def _extreme(each: Node, _: _Moving) -> _Rule:
    def coefficient(made: Made, k: Degree) -> Tensor:
        values = torch.stack([_value(made[arg], k) for arg in each.args])
        here = values == _value(made[each], k)
        # Those that tie share, as autograd's convention has it.
        steps = torch.stack([made[arg][k] for arg in each.args])
        return torch.where(here, steps, 0).sum(0) / here.sum(0)

    return _Rule(coefficient, each.args)


_RULES: Mapping[str, Callable[[Node, _Moving], _Rule]] = MappingProxyType(
    {
        "add": _sum,
        "neg": _negation,
        "mul": _multiplication,
        "div": _division,
        "piecewise": _pieces,
        "min": _extreme,
        "max": _extreme,
        **dict.fromkeys(STEPS, _step),
        **dict.fromkeys(OF_DEGREE, _polynomial),
    }
)

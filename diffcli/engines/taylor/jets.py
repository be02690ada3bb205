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
        self._function, self._box = function, tuple(order + 1 for order in degree)
        self._moving = _Moving(moving)
        boxed = product(*map(range, self._box))
        self._degrees = sorted((k for k in boxed if 0 < sum(k) <= total), key=sum)
        self._rules: dict[Node, _Rule] = {}
        self._needed: dict[Node, int] = {}
        self._plan([(output, total) for output in function.outputs])
        self._order = [order for order in self._ordered() if order in self._moving]
        values = tuple(self._needed)
        self._place = {order: i for i, order in enumerate(values)}
        self._program = lower(Function(function.text, values, function.variables))

    def _plan(self, wanted: list[tuple[Node, int]]) -> None:
        """Find every node that is wanted, up to which degree, and the rule it goes by."""
        while wanted:
            term, most = wanted.pop()
            if self._needed.get(term, -1) >= most:
                continue
            self._needed[term] = most
            if most and term.op != VARIABLE and term in self._moving:
                if term not in self._rules:
                    self._rules[term] = _rule(term, self._moving)
                rule = self._rules[term]
                wanted += [(arg, most) for arg in rule.arguments]
                wanted += [(slope, most - 1) for slope in rule.slopes]
                wanted += [(condition, 0) for condition in rule.conditions]

    def _ordered(self) -> Iterable[Node]:
        """Yield the nodes, each after those whose coefficient of the same degree it reads."""
        done: set[Node] = set()
        for root in self._needed:
            stack = [(root, False)]
            while stack:
                term, ready = stack.pop()
                if ready:
                    yield term
                elif term not in done:
                    done.add(term)
                    stack.append((term, True))
                    rule = self._rules.get(term)
                    stack += [(arg, False) for arg in (rule.arguments if rule else ())]

    def __call__(self, point: Mapping[str, Tensor], seeds: Seeds) -> list[Tensor]:
        """Return each output's coefficients: first the degrees' axes, then those of the points.

        ``point`` gives each variable its value, of shapes that broadcast.
        """
        inputs = [point[name] for name in self._function.variables]
        shape = torch.broadcast_shapes(*(value.shape for value in inputs))
        with torch.no_grad():
            values = [value.expand(shape) for value in self._program(*inputs, shape=shape)]
            jets: dict[Node, Tensor] = {}
            for term, position in self._place.items():
                value = values[position]
                jets[term] = value.new_zeros((*self._box, *shape))
                jets[term][(0,) * len(self._box)] = value
            for term in self._order:
                for degree, step in seeds.get(str(term.value), {}).items():
                    jets[term][degree] = step
            for degree in self._degrees:
                for term in self._order:
                    if term.op != VARIABLE and self._needed[term] >= sum(degree):
                        jets[term][degree] = self._rules[term].coefficient(jets, degree)
        return [jets[output] for output in self._function.outputs]


class _Moving:
    """Tells the nodes that move with the steps."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._known: dict[Node, bool] = {}

    def __contains__(self, wanted: Node) -> bool:
        stack = [wanted]
        while stack:
            term = stack[-1]
            unknown = [arg for arg in term.args if arg not in self._known]
            if unknown and term not in self._known:
                stack += unknown
                continue
            self._known[term] = (
                term.value in self._names
                if term.op == VARIABLE
                else term.op != "detach" and any(self._known[arg] for arg in term.args)
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


def _rule(term: Node, moving: _Moving) -> _Rule:
    same = definition(term)
    if same is not None:
        return _Rule(lambda jets, degree: jets[same][degree], (same,))
    return _RULES.get(term.op, _call)(term, moving)


def _value(series: Tensor, degree: Degree) -> Tensor:
    return series[(0,) * len(degree)]


def _product(a: Tensor, b: Tensor, degree: Degree) -> Tensor:
    """Return the coefficient of a product."""
    box = tuple(slice(0, order + 1) for order in degree)
    axes = tuple(range(len(degree)))
    return (a[box] * b[box].flip(axes)).sum(axes)


def _slope(u: Tensor, slope: Tensor, degree: Degree) -> Tensor:
    """Return the coefficient of the integral of slope·u′, in the first step that the term has."""
    axis = next(i for i, order in enumerate(degree) if order)
    axes = tuple(range(len(degree)))
    moved = u[tuple(slice(i == axis, order + 1) for i, order in enumerate(degree))]
    rest = slope[tuple(slice(0, order + (i != axis)) for i, order in enumerate(degree))]
    factors = torch.arange(1, degree[axis] + 1, dtype=u.dtype, device=u.device)
    weights = factors.reshape([-1 if i == axis else 1 for i in range(moved.ndim)])
    return (weights * moved * rest.flip(axes)).sum(axes) / degree[axis]


def _sum(term: Node, moving: _Moving) -> _Rule:
    terms = [arg for arg in term.args if arg in moving]
    return _Rule(lambda jets, k: sum((jets[arg][k] for arg in terms[1:]), jets[terms[0]][k]), terms)


def _negation(term: Node, _: _Moving) -> _Rule:
    return _Rule(lambda jets, k: -jets[term.args[0]][k], term.args)


def _multiplication(term: Node, moving: _Moving) -> _Rule:
    a, b = term.args
    if a in moving and b in moving:
        return _Rule(lambda jets, k: _product(jets[a], jets[b], k), term.args)
    a, b = (a, b) if a in moving else (b, a)
    return _Rule(lambda jets, k: jets[a][k] * _value(jets[b], k), term.args)


def _division(term: Node, moving: _Moving) -> _Rule:
    above, below = term.args

    def coefficient(jets: Made, k: Degree) -> Tensor:
        rest = jets[above][k]
        if below in moving:
            rest = rest - _product(jets[term], jets[below], k)
        return rest / _value(jets[below], k)

    return _Rule(coefficient, term.args)


def _call(term: Node, moving: _Moving) -> _Rule:
    inner = [(arg, partial(term, i)) for i, arg in enumerate(term.args) if arg in moving]

    def coefficient(jets: Made, k: Degree) -> Tensor:
        first, *rest = (_slope(jets[arg], jets[slope], k) for arg, slope in inner)
        return sum(rest, first)

    return _Rule(coefficient, [arg for arg, _ in inner], [slope for _, slope in inner])


def _polynomial(term: Node, moving: _Moving) -> _Rule:
    rule, degree = _call(term, moving), term.args[0]

    def coefficient(jets: Made, k: Degree) -> Tensor:
        return torch.where(_value(jets[degree], k) < 0, 0, rule.coefficient(jets, k))

    return replace(rule, coefficient=coefficient, conditions=[degree])


def _step(term: Node, _: _Moving) -> _Rule:
    return _Rule(lambda jets, k: jets[term][k])


def _pieces(term: Node, moving: _Moving) -> _Rule:
    values, conditions = term.args[::2], term.args[1::2]
    # Where an equality decides, what holds at the point doesn't hold around it.
    decided = [c for c in postorder(conditions) if c.op in ("eq", "ne") and c in moving]

    def coefficient(jets: Made, k: Degree) -> Tensor:
        chosen = torch.full_like(jets[term][k], nan)
        for value, condition in zip(reversed(values), reversed(conditions), strict=True):
            chosen = torch.where(_value(jets[condition], k), jets[value][k], chosen)
        for condition in decided:
            is_open = _value(jets[condition], k) == (condition.op == "ne")
            chosen = torch.where(is_open, chosen, nan)
        return chosen

    return _Rule(coefficient, values, conditions=[*conditions, *decided])


def _extreme(term: Node, _: _Moving) -> _Rule:
    def coefficient(jets: Made, k: Degree) -> Tensor:
        values = torch.stack([_value(jets[arg], k) for arg in term.args])
        here = values == _value(jets[term], k)
        # Those that tie share, as autograd's convention has it.
        steps = torch.stack([jets[arg][k] for arg in term.args])
        return torch.where(here, steps, 0).sum(0) / here.sum(0)

    return _Rule(coefficient, term.args)


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

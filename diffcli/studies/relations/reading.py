"""A Function as relations: equations, whose points are a curve, and conditions, a region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffcli.errors import UsageError
from diffcli.language.algebra import ZERO
from diffcli.language.equations import Residuals, is_indicator
from diffcli.language.expression import Node, names_in, node, postorder
from diffcli.language.function import Function
from diffcli.language.printer import text_of

OPPOSITES = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}
"""Comparisons, by what holds where they don't."""
POSITIVE = "a power with a variable exponent is drawn where its base is positive"
"""The note on x^y, which has values at single points alone where x is negative."""


@dataclass(frozen=True)
class Comparison:
    """A condition on the sign of a residual, left − right: ``lt``, ``le``, ``gt`` or ``ge`` 0."""

    op: str
    residual: Node

    @property
    def sign(self) -> int:
        """The sign that the residual must have."""
        return 1 if self.op in ("gt", "ge") else -1

    @property
    def is_strict(self) -> bool:
        """Whether the edge is no part of the region."""
        return self.op in ("lt", "gt")


@dataclass(frozen=True)
class Logic:
    """Conditions of which all must hold (``and``), or one at least (``or``)."""

    op: str
    parts: tuple[Condition, ...]


Condition = Comparison | Logic


@dataclass(frozen=True)
class Relation:
    """An equation (its ``residual`` is 0) or a condition, and both sides as they are written."""

    sides: tuple[Node, ...]
    residual: Node | None = None
    condition: Condition | None = None

    @property
    def text(self) -> str:
        """The relation as text."""
        return " = ".join(map(text_of, self.sides))


def relations_of(function: Function) -> list[Relation] | None:
    """Return a Function's equations and conditions; None where it is neither."""
    sides: Sequence[tuple[Node, ...]] = [(output,) for output in function.outputs]
    if isinstance(function, Residuals):
        sides = function.sides
    relations = []
    for output, pair in zip(function.outputs, sides, strict=True):
        if is_indicator(pair[0]) and pair[-1] in (pair[0], ZERO):
            relations.append(_relation(pair[0].args[1]))
        elif isinstance(function, Residuals):
            relations.append(Relation(pair, residual=drawable(output)))
        else:
            return None
    return relations


def _relation(truth: Node) -> Relation:
    """Return what a condition is: ``==`` alone is an equation."""
    if truth.op == "eq":
        left, right = truth.args
        return Relation((left, right), residual=drawable(_difference(left, right)))
    return Relation((truth,), condition=_condition(truth, holds=True))


def _difference(left: Node, right: Node) -> Node:
    return left if right is ZERO else node("add", left, node("neg", right))


def _condition(truth: Node, *, holds: bool) -> Condition:
    """Return a condition whose negations are moved to its comparisons."""
    if truth.op == "not":
        return _condition(truth.args[0], holds=not holds)
    if truth.op in ("and", "or"):
        op = truth.op if holds else {"and": "or", "or": "and"}[truth.op]
        return Logic(op, tuple(_condition(part, holds=holds) for part in truth.args))
    if truth.op in OPPOSITES:
        op = truth.op if holds else OPPOSITES[truth.op]
        return Comparison(op, drawable(_difference(*truth.args)))
    raise UsageError(
        f"{text_of(truth)} has no area", hint="compare by <, <=, > or >=; an equation is a curve"
    )


def comparisons_in(condition: Condition) -> list[Comparison]:
    """Return every comparison of a condition once, in order."""
    if isinstance(condition, Comparison):
        return [condition]
    return list(
        dict.fromkeys(comparison for part in condition.parts for comparison in comparisons_in(part))
    )


def has_variable_power(term: Node) -> bool:
    """Whether some power has a variable exponent and a base that isn't a positive number."""
    return any(_is_variable_power(term) for term in postorder([term]))


def _is_variable_power(term: Node) -> bool:
    return term.op == "pow" and all(names_in([arg]) for arg in term.args)


def drawable(term: Node) -> Node:
    """Return a formula whose powers with a variable exponent have positive bases: e^(y·ln x)."""
    images: dict[Node, Node] = {}
    for part in postorder([term]):
        args = [images[arg] for arg in part.args]
        if part.is_leaf:
            images[part] = part
        elif _is_variable_power(part):
            images[part] = node("exp", node("mul", args[1], node("log", args[0])))
        else:
            images[part] = node(part.op, *args, static=part.static)
    return images[term]

"""Convexity by composition, as in disciplined convex programming, on the range of each term.

A convex increasing function of a convex one is convex, and so on (Boyd and Vandenberghe, "Convex
Optimization", 3.2; Grant, Boyd and Ye, "Disciplined convex programming", 2006). Sums of log-convex
functions are log-convex, which makes log(Σ exp(…)) convex. Signs and monotonicity are read off
intervals over the whole box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np

from diffcli.engines.boxes.arithmetic import Interval
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.jets import Jet
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.rules import RULES
from diffcli.engines.polynomials import polynomial
from diffcli.language.expression import (
    NUMBER,
    VARIABLE,
    Node,
    names_in,
    node,
    number,
    postorder,
    substituted,
)
from diffcli.language.rationals import ROOTS, fraction_of
from diffcli.studies.prove.factors import formula_of, squares


@dataclass(frozen=True)
class Shape:
    """What is known of a term over the box."""

    convex: bool = False
    concave: bool = False
    log_convex: bool = False

    @property
    def affine(self) -> bool:
        """Whether it is a polynomial of degree 1."""
        return self.convex and self.concave


CONSTANT = Shape(convex=True, concave=True, log_convex=True)


def shape_of(formula: Node, region: Region) -> Shape:
    """Return what rules of composition tell of a formula's convexity over a region."""
    bounds = Bounds([_as_norms(formula, region.names)], region.names)
    start = region.start()
    every = Bounds(bounds.nodes, region.names)
    terms = dict(zip(bounds.nodes, every.over(start.lo, start.hi), strict=True))
    known: dict[Node, Shape] = {}
    for current in bounds.nodes:
        jet = terms[current]
        if not isinstance(jet, Jet) or jet.domain[0] < 1:
            known[current] = Shape()
            continue
        known[current] = _shape(current, known, cast(Mapping[Node, Jet], terms))
    return known[bounds.formulas[0]]


def _as_norms(formula: Node, names: Sequence[str]) -> Node:
    """Return a formula with positive semidefinite quadratic forms under roots as sums of squares.

    Where a root's argument is such a sum, it is a Euclidean norm, which has no edge.
    """
    zero = dict.fromkeys(names, Fraction(0))
    norms: dict[Node, Node] = {}
    for current in postorder([formula]):
        terms = polynomial(current.args[0], zero) if current.op == "sqrt" else None
        parts = None if terms is None else squares(terms)
        if parts and len(names_in([current])) > 1:
            total = [
                node("mul", number(weight), node("pow", formula_of(base, names), number(2)))
                for weight, base in parts
            ]
            norms[current] = node("sqrt", node("add", *total) if len(total) > 1 else total[0])
    return substituted(formula, norms) if norms else formula


def _ends(jet: Jet) -> tuple[float, float]:
    return float(jet.value.lo[0]), float(jet.value.hi[0])


def _shape(current: Node, known: Mapping[Node, Shape], terms: Mapping[Node, Jet]) -> Shape:
    if current.op == VARIABLE:
        return Shape(convex=True, concave=True)
    low, high = _ends(terms[current])
    if current.op == NUMBER or low == high:
        return Shape(convex=True, concave=True, log_convex=low > 0)
    if _is_geometric_mean(current, known, terms):
        return Shape(concave=True)
    args = [known[arg] for arg in current.args]
    match current.op:
        case "add":
            return Shape(
                all(arg.convex for arg in args),
                all(arg.concave for arg in args),
                all(arg.log_convex for arg in args),
            )
        case "neg":
            return Shape(args[0].concave, args[0].convex)
        case "mul":
            return _product(current, args, terms)
        case "div":
            return _quotient(current, args, known, terms)
        case "max":
            convex = all(arg.convex for arg in args)
            return Shape(convex=convex, log_convex=all(arg.log_convex for arg in args))
        case "min":
            return Shape(concave=all(arg.concave for arg in args))
        case "pow":
            return _power(current, args, terms)
    if current.op == "sqrt" and _is_norm(current.args[0], known):
        return Shape(convex=True)
    if current.op in RULES:
        return _function(current, args[0], terms)
    return Shape()


def _is_norm(inside: Node, known: Mapping[Node, Shape]) -> bool:
    """Whether a root is the Euclidean norm of terms of degree 1."""
    parts = inside.args if inside.op == "add" else (inside,)
    return all(_is_squared(part, known) for part in parts)


def _is_squared(part: Node, known: Mapping[Node, Shape]) -> bool:
    """Whether a term is the square of one of degree 1, times a positive number."""
    if part.op == "mul" and len(part.args) == 2:
        weight = fraction_of(part.args[0])
        return weight is not None and weight > 0 and _is_squared(part.args[1], known)
    return part.op == "pow" and fraction_of(part.args[1]) == 2 and known[part.args[0]].affine


def _is_geometric_mean(
    current: Node, known: Mapping[Node, Shape], terms: Mapping[Node, Jet]
) -> bool:
    """Whether a term is a product of powers, at most 1 in all, of concave terms that aren't < 0.

    Its logarithm is concave, and as it is homogeneous of a degree up to 1, so is it (Boyd and
    Vandenberghe, 3.1.5 and 3.2.4).
    """
    powers = _powers(current, Fraction(1), terms)
    is_concave = all(
        exponent > 0 and known[base].concave and _ends(terms[base])[0] >= 0
        for base, exponent in powers
        if base is not current
    )
    return len(powers) > 1 and is_concave and sum(exponent for _, exponent in powers) <= 1


def _powers(
    term: Node, exponent: Fraction, terms: Mapping[Node, Jet]
) -> list[tuple[Node, Fraction]]:
    """Return the bases and exponents of a product of powers, without positive constants."""
    low, high = _ends(terms[term])
    if low == high > 0:
        return []
    if term.op == "mul":
        return [current for arg in term.args for current in _powers(arg, exponent, terms)]
    if term.op in ROOTS:
        return _powers(term.args[0], exponent * ROOTS[term.op], terms)
    inner = fraction_of(term.args[1]) if term.op == "pow" else None
    if inner is not None and inner > 0 and _ends(terms[term.args[0]])[0] >= 0:
        return _powers(term.args[0], exponent * inner, terms)
    return [(term, exponent)]


def _product(current: Node, args: Sequence[Shape], terms: Mapping[Node, Jet]) -> Shape:
    log_convex = all(arg.log_convex for arg in args)
    moving = [i for i, arg in enumerate(current.args) if len(set(_ends(terms[arg]))) > 1]
    if len(moving) != 1:
        return Shape(convex=log_convex, log_convex=log_convex)
    factors = [_ends(terms[arg])[0] for i, arg in enumerate(current.args) if i != moving[0]]
    sign = float(np.prod(np.sign(factors)))
    inner = args[moving[0]]
    if sign >= 0:
        return Shape(inner.convex, inner.concave, log_convex and sign > 0)
    return Shape(inner.concave, inner.convex)


def _quotient(
    current: Node, args: Sequence[Shape], known: Mapping[Node, Shape], terms: Mapping[Node, Jet]
) -> Shape:
    low, high = _ends(terms[current.args[1]])
    if low == high:
        top = args[0]
        return top if low > 0 else Shape(top.concave, top.convex)
    above, most = _ends(terms[current.args[0]])
    if above == most and low > 0 and args[1].concave:
        # The reciprocal of a positive concave function is log-convex.
        return Shape(above >= 0, above <= 0, above > 0)
    parts = current.args[0].args if current.args[0].op == "add" else (current.args[0],)
    is_above = all(_is_square(part, known, terms) for part in parts)
    return Shape(convex=is_above and low > 0 and args[1].concave)


def _is_square(term: Node, known: Mapping[Node, Shape], terms: Mapping[Node, Jet]) -> bool:
    """Whether a term is a square whose quotient by a concave function is convex."""
    if term.op != "pow" or fraction_of(term.args[1]) != 2:
        return False
    inner, (low, high) = known[term.args[0]], _ends(terms[term.args[0]])
    return inner.affine or (inner.convex and low >= 0) or (inner.concave and high <= 0)


def _power(current: Node, args: Sequence[Shape], terms: Mapping[Node, Jet]) -> Shape:
    exponent = fraction_of(current.args[1])
    low, high = _ends(terms[current.args[0]])
    inner = args[0]
    if exponent is None:
        base_low, base_high = low, high
        if base_low == base_high and base_low > 1 and args[1].convex:
            return Shape(convex=True, log_convex=True)
        if base_low == base_high and 0 < base_low < 1 and args[1].concave:
            return Shape(convex=True, log_convex=True)
        return Shape()
    if exponent.denominator == 1 and exponent > 0 and exponent.numerator % 2 == 0:
        convex = inner.affine or (inner.convex and low >= 0) or (inner.concave and high <= 0)
        return Shape(convex=convex, log_convex=inner.log_convex and low > 0)
    if low >= 0 and exponent >= 1:
        return Shape(convex=inner.convex, log_convex=inner.log_convex)
    if low >= 0 and 0 < exponent < 1:
        return Shape(concave=inner.concave, log_convex=inner.log_convex and low > 0)
    if low > 0 and exponent < 0:
        return Shape(convex=inner.concave, log_convex=inner.concave)
    return Shape()


def _function(current: Node, inner: Shape, terms: Mapping[Node, Jet]) -> Shape:
    """Return the shape of f(u) from the signs of f′ and f″ on the range of u."""
    if current.op == "log" and inner.log_convex:
        return Shape(convex=True, concave=inner.concave)
    if current.op == "exp" and inner.convex:
        return Shape(convex=True, log_convex=True)
    rule, argument = RULES[current.op], terms[current.args[0]].value
    with np.errstate(all="ignore"):
        value = Interval(*terms[current].value)
        slope, bend = rule.slope(argument, value), rule.curvature(argument, value)
    rises, falls = bool(slope.lo[0] >= 0), bool(slope.hi[0] <= 0)
    up, down = bool(bend.lo[0] >= 0), bool(bend.hi[0] <= 0)
    fits = inner.affine or (inner.convex and rises) or (inner.concave and falls)
    fits_down = inner.affine or (inner.concave and rises) or (inner.convex and falls)
    return Shape(convex=up and fits, concave=down and fits_down)

"""The differential of each operation: what an infinitesimal change of its operands makes of it.

A differential is a sum of pieces, each a product times the differential of another node: d(A B) is
A dB + dA B, d(A⁻¹) is −A⁻¹ dA A⁻¹ (Magnus and Neudecker, Matrix Differential Calculus, 3rd ed.,
chapter 8). Both sweeps, forward and backward, read these pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from diffcli.language.algebra import ONE, ZERO, as_power
from diffcli.language.derivative import slope
from diffcli.language.expression import Node, node, number
from diffcli.language.tensors import TENSORS
from diffcli.tensors.calculus.along_lines import ALONG_LINES
from diffcli.tensors.calculus.errors import no_closed_form
from diffcli.tensors.calculus.kinks import note_choice, slope_between
from diffcli.tensors.calculus.networks import (
    UNIT,
    Factor,
    Labels,
    Piece,
    Product,
    Rule,
    Space,
    unit,
)
from diffcli.tensors.calculus.opening import (
    aligned,
    atom,
    inverted,
    opened,
)


def differential(space: Space, term: Node, labels: Labels, varying: set[Node]) -> list[Piece]:
    """Return the pieces of a node's differential in the nodes that vary.

    Raises NoClosedFormError where the operation has none.
    """
    if term.op == "add":
        pieces = [Piece(UNIT, arg, aligned(space, arg, labels)) for arg in term.args]
    elif _is_smooth_power(term):
        pieces = _of_smooth_power(space, term, labels)
    elif term.op == "log" and len(term.args) == 1:
        pieces = _of_logarithm(space, term, labels)
    else:
        product = opened(space, term, labels, inside=False)
        if product.factors == (Factor(term, labels),):
            pieces = _of_operation(space, term, labels, varying)
        else:
            pieces = _of_product(space, product)
    return [piece for piece in pieces if piece.of in varying and piece.coefficient.size]


def _of_product(space: Space, product: Product) -> list[Piece]:
    """Return Leibniz's rule for a product, a factor at a time."""
    pieces = []
    for position, factor in enumerate(product.factors):
        rest = product.factors[:position] + product.factors[position + 1 :]
        summed = product.summed.difference(factor.labels)
        coefficient = Product(product.size, rest, summed, product.decimal)
        of = factor.node
        if factor.below:
            of, exponent = as_power(of)
            under = space.algebra.pow(of, number(exponent + 1))
            power = Product(-exponent, (Factor(under, factor.labels, below=True),))
            coefficient = coefficient.times(power)
        pieces.append(Piece(coefficient, of, factor.labels))
    return pieces


def _is_smooth_power(term: Node) -> bool:
    """Whether a node is relu(u)^n with n > 1, which is smooth at u = 0 where relu isn't."""
    if term.op != "pow" or term.args[0].op != "relu":
        return False
    exponent = term.args[1].value
    return isinstance(exponent, (int, Fraction)) and exponent > 1


def _of_smooth_power(space: Space, term: Node, labels: Labels) -> list[Piece]:
    """Return n relu(u)^(n−1) du."""
    base, exponent = term.args
    lower = space.algebra.mul(exponent, space.algebra.pow(base, space.algebra.lowered(exponent)))
    coefficient = opened(space, lower, aligned(space, lower, labels))
    return [Piece(coefficient, base.args[0], aligned(space, base, labels))]


def _of_logarithm(space: Space, term: Node, labels: Labels) -> list[Piece]:
    """Return du/u − dv/v of log(u/v), the like of products, and du/u of another term."""
    signs: dict[Node, int] = {}
    left = [(term.args[0], 1)]
    while left:
        part, sign = left.pop()
        if part.op == "mul":
            left += [(arg, sign) for arg in part.args]
        elif part.op == "div":
            left += [(part.args[0], sign), (part.args[1], -sign)]
        else:
            signs[part] = signs.get(part, 0) + sign
    pieces = []
    space.nonzero |= signs.keys()
    for part, sign in signs.items():
        own = aligned(space, part, labels)
        under = inverted(opened(space, part, own), part, own)
        pieces.append(Piece(under.scaled(sign), part, own))
    return pieces


def _of_operation(space: Space, term: Node, labels: Labels, varying: set[Node]) -> list[Piece]:
    if term.op in TENSORS:
        if term.op in WITHOUT:
            raise no_closed_form(f"the differential of {term.op} takes {WITHOUT[term.op]}")
        if term.op not in RULES:
            raise NotImplementedError(f"the tensor operation {term.op} has no differential")
        return RULES[term.op](space, term, labels)
    pieces = []
    for arg in dict.fromkeys(term.args):
        if arg in varying:
            known = _of_choice(space, term, arg) or slope_between(space, term, arg)
            local = known or slope(space.algebra, term, arg)
            inside = aligned(space, local, labels)
            pieces.append(Piece(opened(space, local, inside), arg, aligned(space, arg, labels)))
    return pieces


def _of_choice(space: Space, term: Node, arg: Node) -> Node | None:
    """Return 1 where a choice takes the argument, and 0 elsewhere; None of what is no choice."""
    if term.op != "piecewise":
        return None
    note_choice(space, term)
    if arg not in term.args[::2]:
        return ZERO
    parts = [
        part if position % 2 else ONE if part is arg else ZERO
        for position, part in enumerate(term.args)
    ]
    return node("piecewise", *parts)


# -- matrices ------------------------------------------------------------------------------------


def _inv(space: Space, term: Node, labels: Labels) -> list[Piece]:
    (arg,) = term.args
    k, m = space.labels(space.shape(arg))
    coefficient = opened(space, term, (labels[0], k)).times(opened(space, term, (m, labels[1])))
    return [Piece(coefficient.scaled(-1), arg, (k, m))]


def _solve(space: Space, term: Node, labels: Labels) -> list[Piece]:
    matrix, right = term.args
    k, m = space.labels(space.shape(matrix))
    inverse = atom(node("inv", matrix), (labels[0], k))
    turned = inverse.times(atom(term, (m, *labels[1:]))).scaled(-1)
    return [Piece(inverse, right, (k, *labels[1:])), Piece(turned, matrix, (k, m))]


def _det(space: Space, term: Node, _: Labels) -> list[Piece]:
    (arg,) = term.args
    k, m = space.labels(space.shape(arg))
    return [Piece(atom(term, ()).times(atom(node("inv", arg), (m, k))), arg, (k, m))]


def _logdet(space: Space, term: Node, _: Labels) -> list[Piece]:
    (arg,) = term.args
    k, m = space.labels(space.shape(arg))
    return [Piece(atom(node("inv", arg), (m, k)), arg, (k, m))]


def _cholesky(space: Space, term: Node, labels: Labels) -> list[Piece]:
    """Return L Φ(L⁻¹ dS L⁻ᵀ), S the symmetric part; Φ takes the lower half, half the diagonal.

    (Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527, equation 10.)
    """
    (arg,) = term.args
    length = space.length(labels[0])
    halves = space.algebra.div(unit(length), number(2))
    lower = space.minus(node("cumsum", unit(length), static=(0,)), halves)
    row, k, m = (space.label(length) for _ in range(3))
    inverse = node("inv", term)
    pieces = [(term, (labels[0], row)), (lower, (row, labels[1]))]
    pieces += [(inverse, (row, k)), (inverse, (labels[1], m))]
    factors = tuple(Factor(of, own) for of, own in pieces)
    half = Product(Fraction(1, 2), factors, frozenset({row}))
    return [Piece(half, arg, (k, m)), Piece(half, arg, (m, k))]


def _index(space: Space, term: Node, labels: Labels) -> list[Piece]:
    (arg,) = term.args
    shape, left = space.shape(arg), list(labels)
    parts = [part for part in term.static if part is not None]
    own, coefficient = [], UNIT
    for length, part in zip(shape, [*parts, *[None] * (len(shape) - len(parts))], strict=True):
        if part is None:
            own.append(left.pop(0))
            continue
        label = space.label(length)
        rows = [] if isinstance(part, int) else [left.pop(0)]
        chosen = node("index", unit(length), static=(part,))
        coefficient = coefficient.times(atom(chosen, (*rows, label)))
        own.append(label)
    return [Piece(coefficient, arg, tuple(own))]


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "inv": _inv,
        "solve": _solve,
        "det": _det,
        "logdet": _logdet,
        "cholesky": _cholesky,
        "index": _index,
        **ALONG_LINES,
    }
)
"""The differentials of the tensor operations that aren't products, of a node and its labels."""

WITHOUT: Mapping[str, str] = MappingProxyType(
    {
        "eigvalsh": "eigenvectors, which no operation gives",
        "kron": "parts of rows, which no operation gives",
        "vec": "a matrix made of a vector, which no operation gives",
    }
)
"""What the differentials of the other operations take that the language hasn't."""

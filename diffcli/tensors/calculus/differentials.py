"""The differential of each operation: what an infinitesimal change of its operands makes of it.

A differential is a sum of pieces, each a product times the differential of another node: d(A B) is
A dB + dA B, d(A⁻¹) is −A⁻¹ dA A⁻¹ (Magnus and Neudecker, Matrix Differential Calculus, 3rd ed.,
chapter 8). Both sweeps, forward and backward, read these pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from diffcli.language.algebra import ONE, ZERO, as_power
from diffcli.language.derivative import slope
from diffcli.language.expression import VARIABLE, Node, constant, node, number, postorder
from diffcli.language.tensors import LAST, TENSORS
from diffcli.tensors.calculus.errors import no_closed_form
from diffcli.tensors.calculus.kinks import note_choice, note_tie, slope_between
from diffcli.tensors.calculus.networks import UNIT, Factor, Labels, Product, Space, unit
from diffcli.tensors.calculus.opening import (
    aligned,
    along_axis,
    atom,
    inverted,
    opened,
)
from diffcli.tensors.lines import SHIFT_OF_VARIANCE
from diffcli.tensors.rules import axis_of


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a differential: a coefficient times the differential of a node, at labels.

    Over the labels that are neither the whole's nor summed in the coefficient the piece is summed.
    """

    coefficient: Product
    of: Node
    labels: Labels


Rule = Callable[[Space, Node, Labels], list[Piece]]


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


# -- reductions ----------------------------------------------------------------------------------


def _reduction(gradient: Callable[[Space, Node, Node, Labels, Labels], Product]) -> Rule:
    """Return the rule of a reduction, of its gradient in each line.

    ``gradient`` takes the node, its argument, the labels of the argument and those of the node.
    """

    def rule(space: Space, term: Node, labels: Labels) -> list[Piece]:
        (arg,) = term.args
        own, _ = along_axis(space, term, labels)
        return [Piece(gradient(space, term, arg, own, labels), arg, own)]

    return rule


def _of_norm(space: Space, term: Node, arg: Node, own: Labels, labels: Labels) -> Product:
    return opened(space, arg, own).times(inverted(atom(term, labels), term, labels))


def _of_prod(space: Space, term: Node, arg: Node, own: Labels, labels: Labels) -> Product:
    return atom(term, labels).times(inverted(opened(space, arg, own), arg, own))


def _against(space: Space, arg: Node, line: Node, term: Node, make: Callable[..., Node]) -> Node:
    """Return what is made of a tensor and a number for each of its lines, entry by entry."""
    shape, axis = space.shape(arg), axis_of(term)
    if axis is not None and len(shape) == 2 and axis % 2 == 1:
        return node("transpose", make(node("transpose", arg), line))
    if axis is not None and len(shape) > 1 and axis % len(shape):
        raise no_closed_form("a line of a tensor of three axes")
    return make(arg, line)


def _deviation(space: Space, arg: Node, term: Node) -> Node:
    mean = node("mean", arg, static=term.static)
    return _against(space, arg, mean, term, space.minus)


def _of_var(space: Space, term: Node, arg: Node, own: Labels, labels: Labels) -> Product:
    _, along = along_axis(space, term, labels)
    whole = opened(space, _deviation(space, arg, term), own).scaled(2)
    return whole.times(_less_one(space, term, along))


def _of_std(space: Space, term: Node, arg: Node, own: Labels, labels: Labels) -> Product:
    _, along = along_axis(space, term, labels)
    whole = opened(space, _deviation(space, arg, term), own)
    return whole.times(_less_one(space, term, along), inverted(atom(term, labels), term, labels))


def _less_one(space: Space, term: Node, along: Labels) -> Product:
    """Return one over the length of a line less one."""
    lengths = space.algebra.mul(*(space.count(space.length(label)) for label in along))
    less = space.minus(lengths, ONE)
    if less is ZERO:
        raise no_closed_form("the variance of one number")
    return inverted(opened(space, less, ()), term, ())


def _of_extreme(space: Space, term: Node, arg: Node, own: Labels, labels: Labels) -> Product:
    def marked(tensor: Node, extreme: Node) -> Node:
        return node("piecewise", ONE, node("eq", tensor, extreme), ZERO, constant("true"))

    note_tie(space, term)
    marks = _against(space, arg, term, term, marked)
    if _is_generic(space, arg):
        return opened(space, marks, own)
    # Where entries are equal at whole regions their derivatives are the same: the mean is taken.
    count = node("sum", marks, static=term.static)
    return opened(space, marks, own).times(inverted(atom(count, labels), count, labels))


def _is_generic(space: Space, arg: Node) -> bool:
    """Whether entries of a tensor are equal only where its variables have special values."""
    shape = space.shape(arg)
    while arg.op in ("abs", "neg", "transpose", "index"):
        arg = arg.args[0]
    if arg.op == "mul":
        arg = next((part for part in arg.args if space.shape(part)), arg)
        return space.shape(arg) == shape and arg.op == VARIABLE
    if arg.op == "add":
        # A variable of its own in each entry makes the sums different.
        own = [part.args[0] if part.op == "neg" else part for part in arg.args]
        return any(
            part.op == VARIABLE
            and space.shape(part) == space.shape(arg)
            and sum(part in postorder([other]) for other in own) == 1
            for part in own
        )
    return arg.op == VARIABLE or (arg.op == "matmul" and arg.args[0].op == VARIABLE)


def _of_logsumexp(space: Space, term: Node, arg: Node, own: Labels, _: Labels) -> Product:
    axis = axis_of(term)
    if axis is None and len(own) > 1:
        return atom(node("exp", space.minus(arg, term)), own)
    return atom(_softmax_of(arg, axis, len(own)), own)


# -- along a line --------------------------------------------------------------------------------


def _softmax_of(arg: Node, axis: int | None, order: int) -> Node:
    """Return softmax along an axis, the last one as it is written without an axis."""
    last = axis is None or axis % max(order, 1) == order - 1
    return node("softmax", arg, static=(LAST if last else axis,))


def _softmax(space: Space, term: Node, labels: Labels) -> list[Piece]:
    (arg,) = term.args
    others = _other_entry(space, term, labels)
    own = atom(term, labels)
    pair = own.times(atom(term, others)).scaled(-1)
    return [Piece(own, arg, labels), Piece(pair, arg, others)]


def _log_softmax(space: Space, term: Node, labels: Labels) -> list[Piece]:
    (arg,) = term.args
    others = _other_entry(space, term, labels)
    weights = atom(_softmax_of(arg, axis_of(term), len(labels)), others).scaled(-1)
    return [Piece(UNIT, arg, labels), Piece(weights, arg, others)]


def _layernorm(space: Space, term: Node, labels: Labels) -> list[Piece]:
    """Return (dx - mean(dx) - y mean(y dx))/σ, σ the root that the entries are divided by."""
    (arg,) = term.args
    others = _other_entry(space, term, labels)
    square = node("pow", _deviation(space, arg, term), number(2))
    mean = node("mean", square, static=term.static)
    sigma = node("sqrt", space.algebra.add(mean, SHIFT_OF_VARIANCE))
    axis = (axis_of(term) or 0) % len(labels)
    along = (*labels[:axis], *labels[axis + 1 :])
    own = inverted(atom(sigma, along), sigma, along)
    count = opened(space, space.count(space.length(labels[axis])), ())
    share = own.times(inverted(count, term, ())).scaled(-1)
    pair = share.times(atom(term, labels), atom(term, others))
    return [Piece(own, arg, labels), Piece(share, arg, others), Piece(pair, arg, others)]


def _other_entry(space: Space, term: Node, labels: Labels) -> Labels:
    """Return the labels of another entry of the same line."""
    if not labels:
        raise no_closed_form(f"{term.op} of a number")
    axis = (axis_of(term) or 0) % len(labels)
    return (*labels[:axis], space.label(space.length(labels[axis])), *labels[axis + 1 :])


def _linear_along(op: str) -> Rule:
    """Return the rule of an operation that is a matrix times each line."""

    def rule(space: Space, term: Node, labels: Labels) -> list[Piece]:
        (arg,) = term.args
        shape = space.shape(arg)
        if not shape:
            return [Piece(UNIT, arg, ())]
        axis = (axis_of(term) or 0) % len(shape)
        label = space.label(shape[axis])
        matrix = node(op, unit(shape[axis]), static=(0,))
        own = (*labels[:axis], label, *labels[axis + 1 :])
        return [Piece(atom(matrix, (labels[axis], label)), arg, own)]

    return rule


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
        "norm": _reduction(_of_norm),
        "prod": _reduction(_of_prod),
        "var": _reduction(_of_var),
        "std": _reduction(_of_std),
        "amax": _reduction(_of_extreme),
        "amin": _reduction(_of_extreme),
        "logsumexp": _reduction(_of_logsumexp),
        "softmax": _softmax,
        "log_softmax": _log_softmax,
        "layernorm": _layernorm,
        "cumsum": _linear_along("cumsum"),
        "differences": _linear_along("differences"),
        "index": _index,
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

"""The tensor operations written out: what each makes of arrays of nodes.

By the definitions, not by what torch computes: a variance is the mean of squared deviations, a
determinant Laplace's expansion (Horn and Johnson, Matrix Analysis, 2nd ed., 0.3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations, pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.shapes import Shape, axis_of, index_of
from diffcli.errors import LimitError
from diffcli.language.expression import Node, node, number

Nodes = NDArray[Any]
"""An array of nodes."""

MAX_ORDER = 6
"""Of a determinant that is written out."""


def as_array(nodes: Iterable[Node], shape: Shape) -> Nodes:
    """Return nodes as an array of a shape, in row-major order."""
    found = np.empty(shape, dtype=object)
    found.reshape(-1)[:] = list(nodes)
    return found


def _add(terms: Sequence[Node]) -> Node:
    return node("add", *terms) if len(terms) > 1 else (terms[0] if terms else number(0))


def _mul(factors: Sequence[Node]) -> Node:
    return node("mul", *factors) if len(factors) > 1 else (factors[0] if factors else number(1))


def _minus(x: Node, y: Node) -> Node:
    return node("add", x, node("neg", y))


def _square(x: Node) -> Node:
    return node("pow", x, number(2))


def _mean(terms: Sequence[Node]) -> Node:
    return node("div", _add(terms), number(len(terms)))


def _variance(terms: Sequence[Node]) -> Node:
    mean = _mean(terms)
    squares = [_square(_minus(term, mean)) for term in terms]
    return node("div", _add(squares), number(len(terms) - 1))


def _norm(terms: Sequence[Node]) -> Node:
    return node("sqrt", _add([_square(term) for term in terms]))


def _extreme(row: str) -> Callable[[Sequence[Node]], Node]:
    return lambda terms: node(row, *terms) if len(terms) > 1 else terms[0]


def _logsumexp(terms: Sequence[Node]) -> Node:
    return node("log", _add([node("exp", term) for term in terms]))


def _reduction(of: Callable[[Sequence[Node]], Node]) -> Callable[[Node, Nodes], Nodes]:
    """Return the rule of an operation that makes one number of many."""

    def rule(made: Node, x: Nodes) -> Nodes:
        axis = axis_of(made)
        if axis is None or not x.ndim:
            return as_array([of(list(x.flat))], ())
        lines = np.moveaxis(x, axis, -1)
        shape = lines.shape[:-1]
        return as_array((of(list(lines[place])) for place in np.ndindex(shape)), shape)

    return rule


def _along(of: Callable[[Sequence[Node]], Sequence[Node]]) -> Callable[[Node, Nodes], Nodes]:
    """Return the rule of an operation that makes a line of a line."""

    def rule(made: Node, x: Nodes) -> Nodes:
        if not x.ndim:
            return as_array(of(list(x.flat)), ())
        lines = np.moveaxis(x, axis_of(made) or 0, -1)
        found = [list(of(list(lines[i]))) for i in np.ndindex(lines.shape[:-1])]
        length = len(found[0]) if found else lines.shape[-1]
        flat = as_array((each for line in found for each in line), (*lines.shape[:-1], length))
        return np.moveaxis(flat, -1, axis_of(made) or 0)

    return rule


def _running(terms: Sequence[Node]) -> list[Node]:
    found = list(terms[:1])
    for term in terms[1:]:
        found.append(node("add", found[-1], term))
    return found


def _differences(terms: Sequence[Node]) -> list[Node]:
    return [_minus(after, before) for before, after in pairwise(terms)]


def _softmax(terms: Sequence[Node]) -> list[Node]:
    powers = [node("exp", term) for term in terms]
    total = _add(powers)
    return [node("div", power, total) for power in powers]


def _log_softmax(terms: Sequence[Node]) -> list[Node]:
    total = _logsumexp(terms)
    return [_minus(term, total) for term in terms]


def _product_of(x: Nodes, y: Nodes) -> Node:
    """Return the inner product of two lines."""
    return _add([node("mul", a, b) for a, b in zip(x.flat, y.flat, strict=True)])


def _dot(_: Node, x: Nodes, y: Nodes) -> Nodes:
    return as_array([_product_of(x, y)], ())


def _outer(_: Node, x: Nodes, y: Nodes) -> Nodes:
    return as_array((node("mul", a, b) for a in x for b in y), (len(x), len(y)))


def _matmul(_: Node, x: Nodes, y: Nodes) -> Nodes:
    rows, columns = x.reshape(-1, x.shape[-1]), y.reshape(y.shape[0], -1).T
    entries = (_product_of(row, column) for row in rows for column in columns)
    return as_array(entries, (*x.shape[:-1], *y.shape[1:]))


def _trace(_: Node, x: Nodes) -> Nodes:
    return as_array([_add(list(x.diagonal()))], ())


def _minors(x: Nodes) -> dict[tuple[int, ...], Node]:
    """Return the determinant of the last rows of a matrix with any as many of its columns."""
    size = len(x)
    if size > MAX_ORDER:
        raise LimitError(f"a determinant of order {size} is too long to be written out")
    found: dict[tuple[int, ...], Node] = {(): number(1)}
    for count in range(1, size + 1):
        row = x[size - count]
        for columns in combinations(range(size), count):
            terms = []
            for place, column in enumerate(columns):
                rest = columns[:place] + columns[place + 1 :]
                term = _mul([row[column], found[rest]] if rest else [row[column]])
                terms.append(node("neg", term) if place % 2 else term)
            found[columns] = _add(terms)
    return found


def _determinant(x: Nodes) -> Node:
    return _minors(x)[tuple(range(len(x)))]


def _det(_: Node, x: Nodes) -> Nodes:
    return as_array([_determinant(x)], ())


def _inverse(x: Nodes) -> Nodes:
    """Return the adjugate divided by the determinant."""
    whole, size = _determinant(x), len(x)
    found = np.empty_like(x)
    for i, j in np.ndindex(x.shape):
        minor = _determinant(np.delete(np.delete(x, j, 0), i, 1)) if size > 1 else number(1)
        found[i, j] = node("div", node("neg", minor) if (i + j) % 2 else minor, whole)
    return found


def _inv(_: Node, x: Nodes) -> Nodes:
    return _inverse(x)


def _solve(made: Node, a: Nodes, b: Nodes) -> Nodes:
    return _matmul(made, _inverse(a), b)


def _transpose(_: Node, x: Nodes) -> Nodes:
    return x.T


def _index(made: Node, x: Nodes) -> Nodes:
    found = x[index_of(made)]
    return found if isinstance(found, np.ndarray) else as_array([found], ())


EXPANSIONS: Mapping[str, Callable[..., Nodes]] = MappingProxyType(
    {
        "sum": _reduction(_add),
        "prod": _reduction(_mul),
        "mean": _reduction(_mean),
        "var": _reduction(_variance),
        "std": _reduction(lambda terms: node("sqrt", _variance(terms))),
        "norm": _reduction(_norm),
        "amax": _reduction(_extreme("max")),
        "amin": _reduction(_extreme("min")),
        "logsumexp": _reduction(_logsumexp),
        "cumsum": _along(_running),
        "differences": _along(_differences),
        "softmax": _along(_softmax),
        "log_softmax": _along(_log_softmax),
        "dot": _dot,
        "outer": _outer,
        "matmul": _matmul,
        "trace": _trace,
        "det": _det,
        "inv": _inv,
        "solve": _solve,
        "transpose": _transpose,
        "index": _index,
    }
)
"""The rule of every operation of the table, by its name."""

"""Matrices typed in a formula, and how many axes its terms have.

A matrix that is typed is an ``array`` of its entries until it is an operation's argument, which is
written out; it never leaves the parser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product as pairs
from math import prod

from diffcli.errors import DiffcliError
from diffcli.language.builder import ARRAY, Builder
from diffcli.language.expression import VARIABLE, Node, node, postorder
from diffcli.language.tensors import TENSORS, Static

_MOST_ROWS = 6
"""Rows of a typed matrix whose determinant or inverse is written out."""


class Matrices:
    """Knows the ranks of terms, and writes operations on typed matrices out."""

    def __init__(
        self,
        build: Builder,
        shapes: Mapping[str, tuple[int, ...]],
        bold: Mapping[str, int],
        fail: Callable[..., DiffcliError],
        echo: Callable[[str], None],
    ) -> None:
        self.build, self.shapes, self.bold = build, shapes, bold
        self.fail, self.echo = fail, echo
        self.ranks: dict[Node, int] = {}
        self.rows: set[Node] = set()
        """Vectors that are rows: transposed, or multiplied from the left by one that is."""

    # -- ranks -------------------------------------------------------------------------------

    def rank(self, value: Node) -> int:
        """Return how many axes a term has, as far as the point and the letters say."""
        for term in postorder([value]):
            if term not in self.ranks:
                self.ranks[term] = self._rank(term)
        return self.ranks[value]

    def _rank(self, term: Node) -> int:
        if term.op == VARIABLE:
            name = str(term.value)
            if name in self.shapes:
                return len(self.shapes[name])
            return self.bold.get(name, 0)
        return rank_of(term, [self.ranks[arg] for arg in term.args])

    # -- matrices typed in the formula -------------------------------------------------------

    def tensor(self, op: str, *args: Node, static: Static = ()) -> Node:
        """Return the node of a tensor operation, written out where a matrix is typed."""
        if not any(arg.op == ARRAY for arg in args):
            if op == "sum" and static in ((0,), (1,)):
                return self._times_ones(args[0], static[0])
            tensor = node(op, *args, static=static)
            if op == "transpose" and self.rank(args[0]) == 1:
                self.rows.add(tensor)
            return tensor
        if op not in _WRITTEN or static not in ((), (None,)):
            raise self.fail(
                f"{op} of a matrix in the formula isn't read", hint="give the matrix by the point"
            )
        return _WRITTEN[op](self, *args)

    def _times_ones(self, value: Node, axis: object) -> Node:
        """Return the product of a term and ones: a number is broadcast, a vector's sum is one."""
        rank = self.rank(value)
        if rank == 0:
            return value
        is_whole = rank == 1 and (axis == 0 or value in self.rows)
        tensor = node("sum", value, static=(None if is_whole else 1 if axis else 0,))
        if rank == 2 and axis == 0:
            self.rows.add(tensor)
        return tensor

    def entrywise(self, op: str, args: Sequence[Node]) -> Node:
        """Return an operation on numbers of typed matrices, entry by entry."""
        shapes = {arg.static for arg in args if arg.op == ARRAY}
        shape = next(iter(shapes))
        inner = {self.rank(arg) for arg in args if arg.op != ARRAY}
        if len(shapes) > 1 or not inner <= {0, len(shape)}:
            raise self.fail("matrices of different shapes", hint="[[a, b], [c, d]] + …")
        if inner == {0} and op == "add":
            raise self.fail("a number is added to a matrix", hint="write the matrix of it")
        parts = [
            self.entries(arg, shape)
            if arg.op == ARRAY or self.rank(arg)
            else [arg] * prod(_whole(shape))
            for arg in args
        ]
        return array(
            [self.build(op, *operands) for operands in zip(*parts, strict=True)], _whole(shape)
        )

    def entries(self, value: Node, shape: Sequence[object]) -> list[Node]:
        """Return the entries of a term of a known shape, row by row."""
        if value.op == ARRAY:
            return list(value.args)
        indices = pairs(*map(range, _whole(shape)))
        return [node("index", value, static=index) for index in indices]

    def shape(self, value: Node, length: int = 0) -> tuple[int, ...]:
        """Return the shape of a typed matrix, or of a variable of the point.

        ``length`` is that of a vector whose shape isn't known, if not 0.
        """
        if value.op == ARRAY:
            return _whole(value.static)
        shape = self.shapes.get(str(value.value)) if value.op == VARIABLE else None
        if shape is None and length and self.rank(value) == 1:
            return (length,)
        if shape is None:
            raise self.fail(
                "the shape of a factor isn't known beside a typed matrix",
                hint="give its value by --at x=[1,2]",
            )
        return shape

    def _matmul(self, left: Node, right: Node) -> Node:
        first = self.shape(left, _whole(right.static)[0] if right.op == ARRAY else 0)
        second = self.shape(right, first[-1])
        rows, inner = first if len(first) == 2 else (1, first[0])
        columns = second[1] if len(second) == 2 else 1
        if second[0] != inner:
            raise self.fail(
                f"a matrix product of {rows}×{inner} and {second[0]}×{columns}",
                hint="as many columns as the other has rows",
            )
        a, b = self.entries(left, first), self.entries(right, second)
        entries = [
            self._sum(self.build("mul", a[i * inner + k], b[k * columns + j]) for k in range(inner))
            for i in range(rows)
            for j in range(columns)
        ]
        shape = (*first[:-1], *second[1:])
        return array(entries, shape) if len(entries) > 1 else entries[0]

    def _dot(self, left: Node, right: Node) -> Node:
        return self._matmul(left, right)

    def _outer(self, left: Node, right: Node) -> Node:
        first, second = self.shape(left), self.shape(right)
        a, b = self.entries(left, first), self.entries(right, second)
        return array([self.build("mul", x, y) for x in a for y in b], (*first, *second))

    def _transpose(self, value: Node) -> Node:
        shape = self.shape(value)
        if len(shape) == 1:
            transposed = node("transpose", value)
            self.rows.add(value)
            return transposed if value.op != ARRAY else value
        rows, columns = shape
        return array([value.args[i * columns + j] for j in range(columns) for i in range(rows)],
                     (columns, rows))  # fmt: skip

    def _norm(self, value: Node) -> Node:
        squares = (self.build("pow", arg, self.build.number(2)) for arg in value.args)
        return self.build("sqrt", self._sum(squares))

    def _trace(self, value: Node) -> Node:
        size = self._size(value)
        return self._sum(value.args[i * size + i] for i in range(size))

    def _total(self, value: Node) -> Node:
        return self._sum(value.args)

    def _sum(self, terms: Iterable[Node]) -> Node:
        addends = list(terms)
        return self.build("add", *addends) if len(addends) > 1 else addends[0]

    def _size(self, value: Node) -> int:
        shape = self.shape(value)
        if len(shape) != 2 or shape[0] != shape[1]:
            raise self.fail("the matrix isn't square", hint="as many rows as columns")
        if shape[0] > _MOST_ROWS:
            raise self.fail(f"a matrix of more than {_MOST_ROWS} rows", hint="give it by the point")
        return shape[0]

    def _det(self, value: Node) -> Node:
        size = self._size(value)
        return self._minor(value.args, size, tuple(range(size)), tuple(range(size)))

    def _minor(
        self, entries: Sequence[Node], size: int, rows: Sequence[int], columns: Sequence[int]
    ) -> Node:
        """Return the determinant of some rows and columns, by the first of its rows."""
        if not rows:
            return self.build.number(1)
        first, terms = rows[0], []
        if len(rows) == 1:
            return entries[first * size + columns[0]]
        for index, column in enumerate(columns):
            rest = [other for other in columns if other != column]
            term = self.build(
                "mul", entries[first * size + column], self._minor(entries, size, rows[1:], rest)
            )
            terms.append(self.build("neg", term) if index % 2 else term)
        return self._sum(terms)

    def _inv(self, value: Node) -> Node:
        size = self._size(value)
        det, every = self._det(value), range(size)
        entries = []
        for i in every:
            for j in every:
                rows, columns = [r for r in every if r != j], [c for c in every if c != i]
                minor = self._minor(value.args, size, rows, columns)
                entries.append(
                    self.build("div", self.build("neg", minor) if (i + j) % 2 else minor, det)
                )
        return array(entries, (size, size))


_ALIKE = frozenset({"transpose", "inv", "solve", "kron", "cholesky"})
"""Operations with as many axes as their last operand has."""
_WRITTEN: Mapping[str, Callable[..., Node]] = {
    "matmul": Matrices._matmul,
    "dot": Matrices._dot,
    "outer": Matrices._outer,
    "transpose": Matrices._transpose,
    "norm": Matrices._norm,
    "trace": Matrices._trace,
    "sum": Matrices._total,
    "det": Matrices._det,
    "inv": Matrices._inv,
}
"""Operations that are written out of the entries of a typed matrix."""


def rank_of(term: Node, inner: Sequence[int]) -> int:
    """Return how many axes the result of an operation has, from those of its arguments."""
    if term.op == ARRAY:
        return len(term.static)
    if term.op not in TENSORS:
        return max(inner, default=0)
    if TENSORS[term.op].rules == "lines" or term.op in _ALIKE:
        return inner[-1]
    if term.op == "matmul":
        return max(inner[0] + inner[1] - 2, 0)
    if term.op == "index":
        return inner[0] - sum(isinstance(part, int) for part in term.static)
    if term.op in ("outer", "eye"):
        return 2
    if term.op == "full":
        return len(term.static)
    if term.op == "diag":
        return 3 - inner[0]
    if term.op in ("vec", "eigvalsh"):
        return 1
    whole = term.op in ("dot", "trace", "det", "logdet") or term.static in ((), (None,))
    return 0 if whole else max(inner[0] - 1, 0)


def array(entries: Sequence[Node], shape: Sequence[int]) -> Node:
    """Return a matrix or vector of entries, row by row."""
    return node(ARRAY, *entries, static=tuple(shape))


def _whole(shape: Iterable[object]) -> tuple[int, ...]:
    return tuple(length for length in shape if isinstance(length, int))

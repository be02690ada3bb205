r"""Vectors and matrices as mathematics writes them: ``Ax``, ``x\cdot y``, ``A^{-1}``.

In LaTeX a product of matrices is the matrix product, a power the matrix power, ``\cdot`` between
vectors the dot product and ``\times`` the cross product; the plain language goes entry by entry.
What is a vector is known by the point, or by its bold letter. A matrix that is typed in the formula
is an ``array`` of its entries until it is an operation's argument, and never leaves the parser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product as pairs
from math import prod

from diffcli.errors import DiffcliError
from diffcli.language.builder import ARRAY, Builder
from diffcli.language.expression import VARIABLE, Node, node, postorder
from diffcli.language.functions import OPERATORS, TABLE
from diffcli.language.tensors import TENSORS, Static
from diffcli.language.tokens import Token

_MOST_POWER = 64
_MOST_ROWS = 6
"""Rows of a typed matrix whose determinant or inverse is written out."""
_SAME = frozenset({"cumsum", "differences", "softmax", "log_softmax", "transpose", "inv"})
_ENTRYWISE_SIGNS = frozenset({r"\odot", r"\circ", "∘", "⊙"})


class Linear:
    """Makes the products, powers and norms of tensors for one text."""

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
        for each in postorder([value]):
            if each not in self.ranks:
                self.ranks[each] = self._rank(each)
        return self.ranks[value]

    def _rank(self, each: Node) -> int:
        if each.op == VARIABLE:
            name = str(each.value)
            if name in self.shapes:
                return len(self.shapes[name])
            return self.bold.get(name, 0)
        inner = [self.ranks[arg] for arg in each.args]
        if each.op == ARRAY:
            return len(each.static)
        if each.op not in TENSORS:
            return max(inner, default=0)
        if each.op in _SAME or each.op == "solve":
            return inner[-1]
        if each.op == "matmul":
            return max(inner[0] + inner[1] - 2, 0)
        if each.op == "index":
            return inner[0] - sum(isinstance(part, int) for part in each.static)
        if each.op == "outer":
            return 2
        whole = each.op in ("dot", "trace", "det") or each.static in ((), (None,))
        return 0 if whole else max(inner[0] - 1, 0)

    def _is_unknown(self, value: Node) -> bool:
        """Whether a term is a variable of which neither the point nor a font says anything."""
        name = str(value.value)
        return value.op == VARIABLE and name not in self.shapes and name not in self.bold

    def is_bold(self, value: Node) -> bool:
        """Whether every variable of a term is written as a vector or matrix."""
        names = {str(each.value) for each in postorder([value]) if each.op == VARIABLE}
        return bool(names) and names <= set(self.bold)

    # -- operations --------------------------------------------------------------------------

    def product(self, left: Node, right: Node, sign: str, at: Token) -> Node | None:
        """Return the product of two factors, None where it goes entry by entry.

        ``sign`` is as typed, ``""`` for a product that is implied.
        """
        if left in self.rows and not sign and self._is_unknown(right):
            self.echo("what stands beside a transpose is a matrix product")
            self.ranks[right] = 2
        ranks = self.rank(left), self.rank(right)
        if 0 in ranks or sign in _ENTRYWISE_SIGNS:
            return None
        if sign in (r"\times", "×"):
            return self._cross(left, right, at)
        if ranks == (1, 1):
            return self._of_vectors(left, right, sign, at)
        if ranks == (1, 2) and left not in self.rows:
            self.echo("a vector before a matrix is a row")
        made = self.tensor("matmul", left, right)
        if left in self.rows or (ranks == (1, 2)):
            self.rows.add(made)
        return made

    def _of_vectors(self, left: Node, right: Node, sign: str, at: Token) -> Node | None:
        if right in self.rows or right.op == "transpose":
            column = right.args[0] if right.op == "transpose" else right
            return self.tensor("outer", left, column)
        if left in self.rows or left.op == "transpose":
            return self.tensor("matmul", left, right)
        if sign in (r"\cdot", "·", "⋅"):
            return self.tensor("dot", left, right)
        if self.is_bold(left) and self.is_bold(right):
            raise self.fail(
                "two vectors side by side", token=at,
                hint=r"a dot product is \mathbf{x}\cdot\mathbf{y}, entry by entry is \odot",
            )  # fmt: skip
        return None

    def power(self, base: Node, exponent: Node, at: Token) -> Node | None:
        """Return the power of a matrix, or the square of a vector; None for that of entries."""
        rank, exact = self.rank(base), self.build.exact(exponent)
        if self.rank(exponent) == 2:
            raise self.fail(
                "the matrix exponential isn't read", token=at, hint="exp(A) goes entry by entry"
            )
        if rank == 0 or (rank == 1 and not self.is_bold(base)):
            return None
        if rank == 1 and exact == 2:
            self.echo("the square of a vector is its dot product with itself")
            return self.tensor("dot", base, base)
        whole = exact is not None and exact.denominator == 1 and 0 < abs(exact) <= _MOST_POWER
        if rank != 2 or not whole or exact is None:
            raise self.fail(
                "this power isn't that of a matrix", token=at,
                hint=r"A^2, A^{-1}; entry by entry: A \odot A",
            )  # fmt: skip
        factor = self.tensor("inv", base) if exact < 0 else base
        made = factor
        for _ in range(abs(int(exact)) - 1):
            made = self.tensor("matmul", made, factor)
        return made

    def absolute(self, value: Node) -> Node | None:
        """Return what bars around a vector or matrix mean, None for absolute values."""
        rank = self.rank(value)
        if rank == 1 and (self.is_bold(value) or value.op == ARRAY):
            return self.tensor("norm", value, static=(None,))
        if rank == 2:
            self.echo("|A| of a matrix is its determinant")
            return self.tensor("det", value)
        return None

    def check_division(self, divisor: Node, at: Token) -> None:
        """Refuse to divide by a matrix."""
        if self.rank(divisor) == 2 or (self.rank(divisor) == 1 and self.is_bold(divisor)):
            raise self.fail(
                "a vector or matrix below a fraction", token=at, hint=r"write A^{-1} x, solve(A, b)"
            )

    def spectral(self, value: Node, at: Token) -> None:
        """Refuse ``‖A‖₂`` of a matrix, which isn't the root of the sum of squares."""
        if self.rank(value) == 2:
            raise self.fail(
                "the spectral norm isn't read", token=at, hint=r"the Frobenius norm is \|A\|_F"
            )

    def remarks(self, outputs: Iterable[Node]) -> None:
        """Say what goes entry by entry in a formula of vectors and matrices."""
        nodes = postorder(outputs)
        ranks = [self.rank(each) for each in outputs]
        has_matrices = any(self.ranks[each] == 2 for each in nodes)
        if not has_matrices and not any(each.op in TENSORS for each in nodes) and any(ranks):
            return
        for each in nodes:
            inner = [self.ranks[arg] for arg in each.args]
            is_call = each.op in TABLE and each.op not in OPERATORS
            two = each.op in ("mul", "div") and sum(rank > 0 for rank in inner) > 1
            if (is_call and 2 in inner) or two or (each.op == "pow" and any(inner)):
                name = {"mul": "a product", "div": "a quotient", "pow": "a power"}.get(
                    each.op, each.op
                )
                self.echo(f"{name} of tensors goes entry by entry")
            if each.op == "norm" and inner[0] == 2:
                self.echo("the norm of a matrix is the root of its entries' sum of squares")

    def outputs(self, values: Sequence[Node]) -> list[Node]:
        """Return the formulas, a typed matrix entry by entry."""
        found: list[Node] = []
        for value in values:
            if value.op == ARRAY:
                self.echo("the entries of the matrix are the formulas, row by row")
                found += value.args
            else:
                found.append(value)
        if any(each.op == ARRAY for each in postorder(found)):
            raise self.fail(
                "a matrix stands where a number belongs", hint="give the matrix by the point"
            )
        self.remarks(found)
        return found

    # -- matrices typed in the formula -------------------------------------------------------

    def tensor(self, op: str, *args: Node, static: Static = ()) -> Node:
        """Return the node of a tensor operation, written out where a matrix is typed."""
        if not any(arg.op == ARRAY for arg in args):
            made = node(op, *args, static=static)
            if op == "transpose" and self.rank(args[0]) == 1:
                self.rows.add(made)
            return made
        if op not in _WRITTEN or static not in ((), (None,)):
            raise self.fail(
                f"{op} of a matrix in the formula isn't read", hint="give the matrix by the point"
            )
        return _WRITTEN[op](self, *args)

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
        return array([self.build(op, *each) for each in zip(*parts, strict=True)], _whole(shape))

    def entries(self, value: Node, shape: Sequence[object]) -> list[Node]:
        """Return the entries of a term of a known shape, row by row."""
        if value.op == ARRAY:
            return list(value.args)
        places = pairs(*map(range, _whole(shape)))
        return [node("index", value, static=place) for place in places]

    def shape(self, value: Node, length: int = 0) -> tuple[int, ...]:
        """Return the shape of a typed matrix, or of a variable of the point.

        ``length`` is that of a vector whose shape isn't known, if not 0.
        """
        if value.op == ARRAY:
            return _whole(value.static)
        found = self.shapes.get(str(value.value)) if value.op == VARIABLE else None
        if found is None and length and self.rank(value) == 1:
            return (length,)
        if found is None:
            raise self.fail(
                "the shape of a factor isn't known beside a typed matrix",
                hint="give its value by --at x=[1,2]",
            )
        return found

    def _cross(self, left: Node, right: Node, at: Token) -> Node:
        known = [
            self.shapes.get(str(each.value)) if each.op == VARIABLE else None
            for each in (left, right)
        ] + [each.static for each in (left, right) if each.op == ARRAY]
        if any(shape not in (None, (3,)) for shape in known):
            raise self.fail(
                "a cross product is that of two vectors of three numbers", token=at,
                hint=r"a matrix product is A x, entry by entry is \odot",
            )  # fmt: skip
        a, b = (self.entries(each, (3,)) for each in (left, right))
        build = self.build
        return array(
            [
                build("add", build("mul", a[i], b[j]), build("neg", build("mul", a[j], b[i])))
                for i, j in ((1, 2), (2, 0), (0, 1))
            ],
            (3,),
        )

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
        made = [
            self._sum(self.build("mul", a[i * inner + k], b[k * columns + j]) for k in range(inner))
            for i in range(rows)
            for j in range(columns)
        ]
        shape = (*first[:-1], *second[1:])
        return array(made, shape) if len(made) > 1 else made[0]

    def _dot(self, left: Node, right: Node) -> Node:
        return self._matmul(left, right)

    def _outer(self, left: Node, right: Node) -> Node:
        first, second = self.shape(left), self.shape(right)
        a, b = self.entries(left, first), self.entries(right, second)
        return array([self.build("mul", x, y) for x in a for y in b], (*first, *second))

    def _transpose(self, value: Node) -> Node:
        shape = self.shape(value)
        if len(shape) == 1:
            made = node("transpose", value)
            self.rows.add(value)
            return made if value.op != ARRAY else value
        rows, columns = shape
        return array([value.args[i * columns + j] for j in range(columns) for i in range(rows)],
                     (columns, rows))  # fmt: skip

    def _norm(self, value: Node) -> Node:
        squares = (self.build("pow", each, self.build.number(2)) for each in value.args)
        return self.build("sqrt", self._sum(squares))

    def _trace(self, value: Node) -> Node:
        size = self._size(value)
        return self._sum(value.args[i * size + i] for i in range(size))

    def _total(self, value: Node) -> Node:
        return self._sum(value.args)

    def _sum(self, terms: Iterable[Node]) -> Node:
        found = list(terms)
        return self.build("add", *found) if len(found) > 1 else found[0]

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
        for place, column in enumerate(columns):
            rest = [other for other in columns if other != column]
            term = self.build(
                "mul", entries[first * size + column], self._minor(entries, size, rows[1:], rest)
            )
            terms.append(self.build("neg", term) if place % 2 else term)
        return self._sum(terms)

    def _inv(self, value: Node) -> Node:
        size = self._size(value)
        det, every = self._det(value), range(size)
        made = []
        for i in every:
            for j in every:
                rows, columns = [r for r in every if r != j], [c for c in every if c != i]
                minor = self._minor(value.args, size, rows, columns)
                made.append(
                    self.build("div", self.build("neg", minor) if (i + j) % 2 else minor, det)
                )
        return array(made, (size, size))


_WRITTEN: Mapping[str, Callable[..., Node]] = {
    "matmul": Linear._matmul,
    "dot": Linear._dot,
    "outer": Linear._outer,
    "transpose": Linear._transpose,
    "norm": Linear._norm,
    "trace": Linear._trace,
    "sum": Linear._total,
    "det": Linear._det,
    "inv": Linear._inv,
}
"""Operations that are written out of the entries of a typed matrix."""


def array(entries: Sequence[Node], shape: Sequence[int]) -> Node:
    """Return a matrix or vector of entries, row by row."""
    return node(ARRAY, *entries, static=tuple(shape))


def _whole(shape: Iterable[object]) -> tuple[int, ...]:
    return tuple(each for each in shape if isinstance(each, int))

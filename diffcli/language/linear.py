r"""Vectors and matrices as mathematics writes them: ``Ax``, ``x\cdot y``, ``A^{-1}``.

In LaTeX a product of matrices is the matrix product, a power the matrix power, ``\cdot`` between
vectors the dot product and ``\times`` the cross product; the plain language goes entry by entry.
What is a vector is known by the point, or by its bold letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diffcli.language.builder import ARRAY
from diffcli.language.expression import VARIABLE, Node, postorder
from diffcli.language.functions import OPERATORS, TABLE
from diffcli.language.limits import MAX_MATRIX_POWER
from diffcli.language.matrices import Matrices, array
from diffcli.language.tensors import TENSORS
from diffcli.language.tokens import Token

_ENTRYWISE_SIGNS = frozenset({r"\odot", r"\circ", "∘", "⊙"})


class Linear(Matrices):
    """Makes the products, powers and norms of tensors for one text."""

    def _is_unknown(self, value: Node) -> bool:
        """Whether a term is a variable of which neither the point nor a font says anything."""
        name = str(value.value)
        return value.op == VARIABLE and name not in self.shapes and name not in self.bold

    def is_bold(self, value: Node) -> bool:
        """Whether every variable of a term is written as a vector or matrix."""
        names = {str(node.value) for node in postorder([value]) if node.op == VARIABLE}
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
        if sign == r"\otimes":
            return self._kronecker(left, right, at)
        if 0 in ranks or sign in _ENTRYWISE_SIGNS:
            return None
        if sign in (r"\times", "×"):
            return self._cross(left, right, at)
        if ranks == (1, 1):
            return self._of_vectors(left, right, sign, at)
        if ranks == (1, 2) and left not in self.rows:
            self.echo("a vector before a matrix is a row")
        product = self.tensor("matmul", left, right)
        if left in self.rows or (ranks == (1, 2)):
            self.rows.add(product)
        return product

    def _kronecker(self, left: Node, right: Node, at: Token) -> Node:
        if (self.rank(left), self.rank(right)) != (2, 2):
            raise self.fail(
                r"'\otimes' that isn't between matrices", token=at,
                hint=r"two vectors: outer(x, y), or \mathbf{x} \mathbf{y}^\top",
            )  # fmt: skip
        return self.tensor("kron", left, right)

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
        whole = exact is not None and exact.denominator == 1 and 0 < abs(exact) <= MAX_MATRIX_POWER
        if rank != 2 or not whole or exact is None:
            raise self.fail(
                "this power isn't that of a matrix", token=at,
                hint=r"A^2, A^{-1}; entry by entry: A \odot A",
            )  # fmt: skip
        factor = self.tensor("inv", base) if exact < 0 else base
        power = factor
        for _ in range(abs(int(exact)) - 1):
            power = self.tensor("matmul", power, factor)
        return power

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
        ranks = [self.rank(output) for output in outputs]
        has_matrices = any(self.ranks[node] == 2 for node in nodes)
        if not has_matrices and not any(node.op in TENSORS for node in nodes) and any(ranks):
            return
        for node in nodes:
            inner = [self.ranks[arg] for arg in node.args]
            is_call = node.op in TABLE and node.op not in OPERATORS
            two = node.op in ("mul", "div") and sum(rank > 0 for rank in inner) > 1
            if (is_call and 2 in inner) or two or (node.op == "pow" and any(inner)):
                name = {"mul": "a product", "div": "a quotient", "pow": "a power"}.get(
                    node.op, node.op
                )
                self.echo(f"{name} of tensors goes entry by entry")
            if node.op == "norm" and inner[0] == 2:
                self.echo("the norm of a matrix is the root of its entries' sum of squares")

    def outputs(self, values: Sequence[Node]) -> list[Node]:
        """Return the formulas, a typed matrix entry by entry."""
        outputs: list[Node] = []
        for value in values:
            if value.op == ARRAY:
                self.echo("the entries of the matrix are the formulas, row by row")
                outputs += value.args
            else:
                outputs.append(value)
        if any(node.op == ARRAY for node in postorder(outputs)):
            raise self.fail(
                "a matrix stands where a number belongs", hint="give the matrix by the point"
            )
        self.remarks(outputs)
        return outputs

    def _cross(self, left: Node, right: Node, at: Token) -> Node:
        known = [
            self.shapes.get(str(factor.value)) if factor.op == VARIABLE else None
            for factor in (left, right)
        ] + [factor.static for factor in (left, right) if factor.op == ARRAY]
        if any(shape not in (None, (3,)) for shape in known):
            raise self.fail(
                "a cross product is that of two vectors of three numbers", token=at,
                hint=r"a matrix product is A x, entry by entry is \odot",
            )  # fmt: skip
        a, b = (self.entries(factor, (3,)) for factor in (left, right))
        build = self.build
        return array(
            [
                build("add", build("mul", a[i], b[j]), build("neg", build("mul", a[j], b[i])))
                for i, j in ((1, 2), (2, 0), (0, 1))
            ],
            (3,),
        )

r"""Formulas of vectors and matrices in LaTeX, as papers print them: ``\mathbf{X}^{\top}``.

Vectors and matrices are bold, a product of matrices has no sign, one entry by entry is ``\odot``.
It is to be read by people: what the language itself reads back is written by
:mod:`diffcli.language.latex.printer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from diffcli.language.expression import CONSTANT, NUMBER, VARIABLE, Node, number, postorder
from diffcli.language.latex.printer import name_latex, node_latex
from diffcli.language.matrices import rank_of
from diffcli.language.tensors import TENSORS
from diffcli.language.tokens import GREEK_NAMES

_SUM, _ENTRYWISE, _PRODUCT, _ATOM = range(4)
"""How tightly the LaTeX of a term holds together."""
_NAMED = MappingProxyType({"trace": "tr", "amax": "max", "amin": "min"})
Text = tuple[str, int]
"""A written term, and how tightly it holds together."""


def matrix_latex(
    root: Node, ranks: Mapping[str, int], names: Mapping[int, str] | None = None
) -> str:
    """Return a formula in LaTeX; ``ranks`` says how many axes each variable has.

    ``names`` are those of lengths that stand for any length.
    """
    return _Writer(ranks, names or {}).text(root)


def bold_name(name: str, rank: int) -> str:
    r"""Return a variable's name, of a vector or a matrix in bold: ``\mathbf{x}_{1}``."""
    plain = name_latex(name)
    if not rank:
        return plain
    stem, below, rest = plain.partition("_{")
    is_greek = stem.removeprefix("\\") in GREEK_NAMES
    stem = stem.removeprefix(r"\mathrm{").removesuffix("}") if "{" in stem else stem
    return (rf"\boldsymbol{{{stem}}}" if is_greek else rf"\mathbf{{{stem}}}") + below + rest


class _Writer:
    """Writes the terms of one formula, arguments before their users."""

    def __init__(self, variables: Mapping[str, int], names: Mapping[int, str]) -> None:
        self.variables, self.names = variables, names
        self.ranks: dict[Node, int] = {}
        self.texts: dict[Node, Text] = {}

    def text(self, root: Node) -> str:
        """Return a formula."""
        for node in postorder([root]):
            rank = self.variables.get(str(node.value), 0) if node.op == VARIABLE else None
            inner = [self.ranks[arg] for arg in node.args]
            self.ranks[node] = rank_of(node, inner) if rank is None else rank
            self.texts[node] = self._written(node)
        return self.texts[root][0]

    def held(self, node: Node, tightness: int) -> str:
        """Return a written term, bracketed if it is looser than ``tightness``."""
        text, own = self.texts[node]
        return text if own >= tightness else rf"\left({text}\right)"

    def column(self, node: Node) -> str:
        """Return a factor of a product of matrices, a vector as a column."""
        if not self._is_row(node):
            return self.held(node, _PRODUCT)
        if node.op == "transpose":
            return self.column(node.args[0])
        return rf"\left({self.texts[node][0]}\right)^{{\top}}"

    def row(self, node: Node) -> str:
        """Return a factor transposed; a number stays as it is."""
        if self._is_row(node) and node.op == "matmul":
            return self.held(node, _PRODUCT)
        if node.op == "transpose":
            node = node.args[0]
        tensors = [arg for arg in node.args if self.ranks[arg]]
        if node.op == "mul" and len(tensors) == 1 < len(node.args):
            numbers = (self.held(arg, _PRODUCT) for arg in node.args if not self.ranks[arg])
            return " ".join([*numbers, self.row(tensors[0])])
        return rf"{self.held(node, _ATOM)}^{{\top}}" if self.ranks[node] else self.column(node)

    def _is_row(self, node: Node) -> bool:
        """Whether a vector is written as a row: a transpose, or a vector before a matrix."""
        is_product = node.op == "matmul" and self.ranks[node.args[0]] == 1
        return self.ranks[node] == 1 and (node.op == "transpose" or is_product)

    def length(self, size: object) -> str:
        """Return a length as a number or by its name."""
        return self.names.get(size, str(size)) if isinstance(size, int) else str(size)

    def _written(self, node: Node) -> Text:
        if node.op == VARIABLE:
            return bold_name(str(node.value), self.ranks[node]), _ATOM
        if node.op == NUMBER and node.value in self.names:
            return self.names[int(str(node.value))], _ATOM
        if node.op in (NUMBER, CONSTANT):
            return node_latex(node), _ATOM
        write = _WRITE.get(node.op)
        if write is not None:
            return write(self, node)
        inner = {arg: self.texts[arg][0] for arg in node.args}
        if node.op in TENSORS:
            name = _NAMED.get(node.op, node.op).replace("_", r"\_")
            along = [rf"\text{{axis}} = {axis}" for axis in node.static
                     if axis != TENSORS[node.op].default]  # fmt: skip
            arguments = ", ".join([*(inner[arg] for arg in node.args), *along])
            return rf"\operatorname{{{name}}}\left({arguments}\right)", _ATOM
        return node_latex(node, inner), _ATOM

    def _add(self, node: Node) -> Text:
        parts: list[str] = []
        whole = self.ranks[node]
        for arg in node.args:
            is_negative = arg.op == "neg"
            term = arg.args[0] if is_negative else arg
            text = self.column(term) if self._is_row(term) else self.held(term, _ENTRYWISE)
            if term.op != "add" and self.texts[term][0].startswith("-"):
                is_negative, text = not is_negative, self.texts[term][0][1:]
            if self.ranks[term] == 0 < whole:
                ones = r"\mathbf{1}"
                text = ones if term is number(1) else f"{text} {ones}"
            elif self.ranks[term] < whole:
                text = rf"\mathbf{{1}} {self.row(term)}"
            sign = "-" if is_negative else "+" if parts else ""
            parts.append(f"{sign} {text}" if parts else f"{sign}{text}")
        return " ".join(parts), _SUM

    def _neg(self, node: Node) -> Text:
        return f"-{self.held(node.args[0], _ENTRYWISE)}", _SUM

    def _mul(self, node: Node) -> Text:
        """Return numbers before what is multiplied entry by entry; a row scales the columns."""
        numbers = [arg for arg in node.args if not self.ranks[arg]]
        rows = [arg for arg in node.args if self.ranks[arg] == 1]
        matrices = [arg for arg in node.args if self.ranks[arg] > 1]
        entrywise = [self.column(arg) for arg in matrices or rows]
        factors = [self.held(arg, _PRODUCT) for arg in numbers]
        sign, tightness = "", _PRODUCT
        if numbers and numbers[0].op == "neg" and numbers[0] is node.args[0]:
            sign, tightness = "-", _SUM
            factors[0] = self.held(numbers[0].args[0], _PRODUCT)
        alone = not numbers and not (matrices and rows)
        if len(entrywise) > 1 and alone:
            return r" \odot ".join(entrywise), _ENTRYWISE
        if entrywise:
            body = r" \odot ".join(entrywise)
            factors.append(body if len(entrywise) == 1 else rf"\left({body}\right)")
        if matrices and rows:
            scale = r" \odot ".join(self.texts[arg][0] for arg in rows)
            factors.append(rf"\operatorname{{diag}}\left({scale}\right)")
        joined = factors[0]
        for factor in factors[1:]:
            joined += rf" \cdot {factor}" if factor[0].isdigit() else f" {factor}"
        return sign + joined, tightness

    def _div(self, node: Node) -> Text:
        above, below = node.args
        if self.ranks[below]:
            text = rf"{self.held(above, _PRODUCT)} \oslash {self.held(below, _PRODUCT)}"
            return text, _ENTRYWISE
        return rf"\frac{{{self.texts[above][0]}}}{{{self.texts[below][0]}}}", _PRODUCT

    def _exponential(self, node: Node) -> Text:
        # e with a matrix above it alone would be the exponential of the matrix.
        (exponent,) = node.args
        sign = r"\odot " if self.ranks[exponent] else ""
        return f"e^{{{sign}{self.texts[exponent][0]}}}", _PRODUCT

    def _pow(self, node: Node) -> Text:
        base, exponent = node.args
        sign = r"\odot " if self.ranks[node] else ""
        return rf"{self.held(base, _ATOM)}^{{{sign}{self.texts[exponent][0]}}}", _PRODUCT

    def _transpose(self, node: Node) -> Text:
        (arg,) = node.args
        if arg.op == "inv":
            return rf"{self.held(arg.args[0], _ATOM)}^{{-\top}}", _PRODUCT
        return self.row(node), _PRODUCT

    def _inv(self, node: Node) -> Text:
        return rf"{self.held(node.args[0], _ATOM)}^{{-1}}", _PRODUCT

    def _solve(self, node: Node) -> Text:
        matrix, right = node.args
        turned = matrix.op == "transpose"
        held = self.held(matrix.args[0] if turned else matrix, _ATOM)
        power = r"-\top" if turned else "-1"
        return rf"{held}^{{{power}}} {self.column(right)}", _PRODUCT

    def _matmul(self, node: Node) -> Text:
        left, right = node.args
        text, _ = self.texts[left]
        if self.ranks[left] == 2 and left.op in ("neg", "mul", "matmul") and text[0] == "-":
            return f"{text} {self.column(right)}", _SUM
        first = self.row(left) if self.ranks[left] == 1 else self.column(left)
        return f"{first} {self.column(right)}", _PRODUCT

    def _outer(self, node: Node) -> Text:
        left, right = node.args
        return f"{self.column(left)} {self.row(right)}", _PRODUCT

    def _kron(self, node: Node) -> Text:
        return r" \otimes ".join(self.held(arg, _ATOM) for arg in node.args), _SUM

    def _norm(self, node: Node) -> Text:
        (arg,) = node.args
        below = r"_{\mathrm{F}}" if self.ranks[arg] == 2 else ""
        return rf"\left\|{self.texts[arg][0]}\right\|{below}", _ATOM

    def _det(self, node: Node) -> Text:
        sign = r"\log\det" if node.op == "logdet" else r"\det"
        return rf"{sign}\left({self.texts[node.args[0]][0]}\right)", _PRODUCT

    def _sum(self, node: Node) -> Text:
        (arg,) = node.args
        rank, (axis,) = self.ranks[arg], node.static
        if rank == 1:
            return rf"\mathbf{{1}}^{{\top}} {self.column(arg)}", _PRODUCT
        if rank == 2 and axis is None:
            return rf"\mathbf{{1}}^{{\top}} {self.column(arg)} \mathbf{{1}}", _PRODUCT
        if rank == 2:
            side = self.row(arg) if axis in (0, -2) else self.column(arg)
            return rf"{side} \mathbf{{1}}", _PRODUCT
        return self.texts[arg]

    def _eye(self, node: Node) -> Text:
        return rf"\mathbf{{I}}_{{{self.length(node.static[0])}}}", _ATOM

    def _full(self, node: Node) -> Text:
        below = r" \times ".join(map(self.length, node.static))
        (entry,) = node.args
        if entry.op == NUMBER and entry.value in (0, 1):
            return rf"\mathbf{{{entry.value}}}_{{{below}}}", _ATOM
        return rf"{self.held(entry, _PRODUCT)} \mathbf{{1}}_{{{below}}}", _PRODUCT


_WRITE: Mapping[str, Callable[[_Writer, Node], Text]] = MappingProxyType(
    {
        "add": _Writer._add,
        "neg": _Writer._neg,
        "mul": _Writer._mul,
        "div": _Writer._div,
        "pow": _Writer._pow,
        "exp": _Writer._exponential,
        "transpose": _Writer._transpose,
        "inv": _Writer._inv,
        "solve": _Writer._solve,
        "matmul": _Writer._matmul,
        "dot": _Writer._matmul,
        "outer": _Writer._outer,
        "kron": _Writer._kron,
        "norm": _Writer._norm,
        "det": _Writer._det,
        "logdet": _Writer._det,
        "sum": _Writer._sum,
        "eye": _Writer._eye,
        "full": _Writer._full,
    }
)
"""Writes an operation that mathematics has a sign for."""

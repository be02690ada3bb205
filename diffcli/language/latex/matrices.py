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
        for each in postorder([root]):
            rank = self.variables.get(str(each.value), 0) if each.op == VARIABLE else None
            inner = [self.ranks[arg] for arg in each.args]
            self.ranks[each] = rank_of(each, inner) if rank is None else rank
            self.texts[each] = self._written(each)
        return self.texts[root][0]

    def held(self, each: Node, tightness: int) -> str:
        """Return a written term, bracketed if it is looser than ``tightness``."""
        text, own = self.texts[each]
        return text if own >= tightness else rf"\left({text}\right)"

    def column(self, each: Node) -> str:
        """Return a factor of a product of matrices, a vector as a column."""
        if not self._is_row(each):
            return self.held(each, _PRODUCT)
        if each.op == "transpose":
            return self.column(each.args[0])
        return rf"\left({self.texts[each][0]}\right)^{{\top}}"

    def row(self, each: Node) -> str:
        """Return a factor transposed; a number stays as it is."""
        if self._is_row(each) and each.op == "matmul":
            return self.held(each, _PRODUCT)
        if each.op == "transpose":
            each = each.args[0]
        tensors = [arg for arg in each.args if self.ranks[arg]]
        if each.op == "mul" and len(tensors) == 1 < len(each.args):
            numbers = (self.held(arg, _PRODUCT) for arg in each.args if not self.ranks[arg])
            return " ".join([*numbers, self.row(tensors[0])])
        return rf"{self.held(each, _ATOM)}^{{\top}}" if self.ranks[each] else self.column(each)

    def _is_row(self, each: Node) -> bool:
        """Whether a vector is written as a row: a transpose, or a vector before a matrix."""
        is_product = each.op == "matmul" and self.ranks[each.args[0]] == 1
        return self.ranks[each] == 1 and (each.op == "transpose" or is_product)

    def length(self, size: object) -> str:
        """Return a length as a number or by its name."""
        return self.names.get(size, str(size)) if isinstance(size, int) else str(size)

    def _written(self, each: Node) -> Text:
        if each.op == VARIABLE:
            return bold_name(str(each.value), self.ranks[each]), _ATOM
        if each.op == NUMBER and each.value in self.names:
            return self.names[int(str(each.value))], _ATOM
        if each.op in (NUMBER, CONSTANT):
            return node_latex(each), _ATOM
        write = _WRITE.get(each.op)
        if write is not None:
            return write(self, each)
        inner = {arg: self.texts[arg][0] for arg in each.args}
        if each.op in TENSORS:
            name = _NAMED.get(each.op, each.op).replace("_", r"\_")
            along = [rf"\text{{axis}} = {axis}" for axis in each.static
                     if axis != TENSORS[each.op].default]  # fmt: skip
            arguments = ", ".join([*(inner[arg] for arg in each.args), *along])
            return rf"\operatorname{{{name}}}\left({arguments}\right)", _ATOM
        return node_latex(each, inner), _ATOM

    def _add(self, each: Node) -> Text:
        parts: list[str] = []
        whole = self.ranks[each]
        for arg in each.args:
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

    def _neg(self, each: Node) -> Text:
        return f"-{self.held(each.args[0], _ENTRYWISE)}", _SUM

    def _mul(self, each: Node) -> Text:
        """Return numbers before what is multiplied entry by entry; a row scales the columns."""
        numbers = [arg for arg in each.args if not self.ranks[arg]]
        rows = [arg for arg in each.args if self.ranks[arg] == 1]
        matrices = [arg for arg in each.args if self.ranks[arg] > 1]
        entrywise = [self.column(arg) for arg in matrices or rows]
        factors = [self.held(arg, _PRODUCT) for arg in numbers]
        sign, tightness = "", _PRODUCT
        if numbers and numbers[0].op == "neg" and numbers[0] is each.args[0]:
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

    def _div(self, each: Node) -> Text:
        above, below = each.args
        if self.ranks[below]:
            text = rf"{self.held(above, _PRODUCT)} \oslash {self.held(below, _PRODUCT)}"
            return text, _ENTRYWISE
        return rf"\frac{{{self.texts[above][0]}}}{{{self.texts[below][0]}}}", _PRODUCT

    def _exponential(self, each: Node) -> Text:
        # e with a matrix above it alone would be the exponential of the matrix.
        (exponent,) = each.args
        sign = r"\odot " if self.ranks[exponent] else ""
        return f"e^{{{sign}{self.texts[exponent][0]}}}", _PRODUCT

    def _step(self, each: Node) -> Text:
        return rf"\theta\left({self.texts[each.args[0]][0]}\right)", _ATOM

    def _pow(self, each: Node) -> Text:
        base, exponent = each.args
        sign = r"\odot " if self.ranks[each] else ""
        return rf"{self.held(base, _ATOM)}^{{{sign}{self.texts[exponent][0]}}}", _PRODUCT

    def _transpose(self, each: Node) -> Text:
        (arg,) = each.args
        if arg.op == "inv":
            return rf"{self.held(arg.args[0], _ATOM)}^{{-\top}}", _PRODUCT
        return self.row(each), _PRODUCT

    def _inv(self, each: Node) -> Text:
        return rf"{self.held(each.args[0], _ATOM)}^{{-1}}", _PRODUCT

    def _solve(self, each: Node) -> Text:
        matrix, right = each.args
        turned = matrix.op == "transpose"
        held = self.held(matrix.args[0] if turned else matrix, _ATOM)
        power = r"-\top" if turned else "-1"
        return rf"{held}^{{{power}}} {self.column(right)}", _PRODUCT

    def _matmul(self, each: Node) -> Text:
        left, right = each.args
        first = self.row(left) if self.ranks[left] == 1 else self.column(left)
        return f"{first} {self.column(right)}", _PRODUCT

    def _outer(self, each: Node) -> Text:
        left, right = each.args
        return f"{self.column(left)} {self.row(right)}", _PRODUCT

    def _kron(self, each: Node) -> Text:
        return r" \otimes ".join(self.held(arg, _ATOM) for arg in each.args), _SUM

    def _norm(self, each: Node) -> Text:
        (arg,) = each.args
        below = r"_{\mathrm{F}}" if self.ranks[arg] == 2 else ""
        return rf"\left\|{self.texts[arg][0]}\right\|{below}", _ATOM

    def _det(self, each: Node) -> Text:
        sign = r"\log\det" if each.op == "logdet" else r"\det"
        return rf"{sign}\left({self.texts[each.args[0]][0]}\right)", _PRODUCT

    def _sum(self, each: Node) -> Text:
        (arg,) = each.args
        rank, (axis,) = self.ranks[arg], each.static
        if rank == 1:
            return rf"\mathbf{{1}}^{{\top}} {self.column(arg)}", _PRODUCT
        if rank == 2 and axis is None:
            return rf"\mathbf{{1}}^{{\top}} {self.column(arg)} \mathbf{{1}}", _PRODUCT
        if rank == 2:
            side = self.row(arg) if axis in (0, -2) else self.column(arg)
            return rf"{side} \mathbf{{1}}", _PRODUCT
        return self.texts[arg]

    def _eye(self, each: Node) -> Text:
        return rf"\mathbf{{I}}_{{{self.length(each.static[0])}}}", _ATOM

    def _full(self, each: Node) -> Text:
        below = r" \times ".join(map(self.length, each.static))
        (entry,) = each.args
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
        "heaviside": _Writer._step,
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

"""LaTeX: a formula and its derivatives, a line each; it is shown, and never run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from diffcli.differentiation.forms.assumed import assumed_form, shapes_for_operator
from diffcli.errors import LimitError
from diffcli.export.closed_forms import operator_of
from diffcli.export.routines import Routine, entries_of
from diffcli.export.target import Contents, Target
from diffcli.language.function import Function
from diffcli.language.latex.matrices import matrix_latex
from diffcli.language.latex.printer import lines_of, name_latex
from diffcli.operators import Eval
from diffcli.output.document import Line
from diffcli.output.latex import left_side, scientific
from diffcli.tensors.calculus.sizes import length_names


def _page(_: Target, contents: Contents) -> str:
    """Return an ``align*`` of the value and of each derivative."""
    function, routines = contents.function, contents.routines
    if function.has_tensors or any(function.said.shapes.values()):
        return _aligned(_lines_of_tensors(function, routines))
    own = function.called if contents.name == "f" else contents.name
    definitions = tuple(
        (name, value)
        for name, value in function.definitions
        if name != own or value not in function.outputs
    )
    entries = entries_of(function, routines)
    lines: dict[str, None] = {}
    for index in dict.fromkeys(index for routine in routines for index in routine.indices):
        output, wrt = index
        name = name_latex(own if function.is_scalar else f"{own}_{output + 1}")
        alone = Function((), (entries[index],), function.variables, definitions)
        used, latex = lines_of(alone)
        told = [(name_latex(name), value) for name, value in used.items()]
        told.append((_symbol(name, wrt, function), latex))
        lines |= dict.fromkeys(f"{left} &= {right}" for left, right in told)
    return _aligned(lines)


def _aligned(lines: Iterable[str]) -> str:
    body = " \\\\\n".join(map(scientific, lines))
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


def _lines_of_tensors(function: Function, routines: Sequence[Routine]) -> Iterator[str]:
    """Yield a line for the value and for each block of a derivative, vectors and matrices bold.

    Raises LimitError where a derivative has no closed form.
    """
    from diffcli.differentiation.forms.agreement import agreement
    from diffcli.differentiation.settings import Settings

    for routine in routines:
        operator = Eval() if routine.kind == "value" else operator_of(routine.kind, routine.wrt)
        whole, shapes = shapes_for_operator(operator, function)
        ranks = {name: len(shape) for name, shape in shapes.items()}
        names = whole.said.any_length
        if routine.kind == "value":
            for index, root in enumerate(function.outputs, start=1):
                called = "f" if function.is_scalar else f"f{index}"
                line = Line(called, "", function.variables, ranks=ranks)
                lengths = length_names([root], names)
                yield f"{left_side(line)} &= {matrix_latex(root, ranks, lengths)}"
            continue
        form, _ = assumed_form(operator, function)
        if agreement(operator, function, form, Settings()) is None:
            raise LimitError("the closed form has other numbers than an engine at a random point")
        own = ranks | {name: len(shape) for name, shape in form.directions.items()}
        for block in form.blocks:
            line = Line(block.symbol, "", entry=block.label, ranks=own)
            yield f"{left_side(line)} &= {form.formulas[block.label].latex}"


def _symbol(name: str, wrt: Sequence[str], function: Function) -> str:
    if len(function.variables) == 1 or not wrt:
        arguments = ", ".join(map(name_latex, function.variables))
        return f"{name}{chr(39) * len(wrt)}({arguments})" if arguments else name
    order = f"^{{{len(wrt)}}}" if len(wrt) > 1 else ""
    if len(set(wrt)) == 1:
        below = rf"\partial {name_latex(wrt[0])}{order}"
    else:
        below = r"\,".join(rf"\partial {name_latex(x)}" for x in wrt)
    return rf"\frac{{\partial{order} {name}}}{{{below}}}"


TARGET = Target(name="latex", page=_page, suffixes=(".tex",), lexer="latex")

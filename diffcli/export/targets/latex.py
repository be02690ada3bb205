"""LaTeX: a formula and its derivatives, a line each; it is shown, and never run."""

from __future__ import annotations

from collections.abc import Sequence

from diffcli.export.routines import entries_of
from diffcli.export.target import Contents, Target
from diffcli.language.function import Function
from diffcli.language.latex.printer import latex_of, name_latex


def _page(_: Target, contents: Contents) -> str:
    """Return an ``align*`` of the value and of each derivative."""
    function, routines = contents.function, contents.routines
    entries = entries_of(function, routines)
    lines = []
    for index in dict.fromkeys(index for routine in routines for index in routine.indices):
        output, wrt = index
        name = "f" if function.is_scalar else f"f_{{{output + 1}}}"
        alone = Function((), (entries[index],), function.variables, function.definitions)
        lines.append(rf"{_symbol(name, wrt, function)} &= {latex_of(alone)}")
    body = " \\\\\n".join(lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


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

"""A formula's code: one function for each kind of derivative, and what they need above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from diffcli.errors import LimitError, UsageError
from diffcli.export.formulas import typeset
from diffcli.export.names import checked, named
from diffcli.export.routines import KINDS, Kind, Routine, routines_of
from diffcli.export.targets import TARGETS, LackError
from diffcli.export.writers import CProgram, PythonModule
from diffcli.language.function import Function

if TYPE_CHECKING:
    from rich.syntax import Syntax

LATEX = "latex"


@dataclass(frozen=True, repr=False)
class Code:
    """Source text in a language, and the functions in it; it ends without a newline.

    ``name`` is the value's function; ``notes`` are sentences in the heading about what the code
    can't do right.
    """

    target: str
    text: str
    function: Function
    routines: tuple[Routine, ...]
    name: str = "f"
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{self.target} code of {', '.join(each.name for each in self.routines)}>"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text)}</pre>"

    def _repr_latex_(self) -> str:
        if self.target == LATEX:
            return self.text
        return f"\\begin{{verbatim}}\n{self.text}\n\\end{{verbatim}}"

    def __rich__(self) -> Syntax:
        from rich.syntax import Syntax

        known = {"c", LATEX}
        lexer = self.target if self.target in known else "python"
        return Syntax(self.text, lexer, theme="ansi_dark", background_color="default")


def export(
    function: Function,
    target: str = "python",
    *,
    kinds: Sequence[Kind] = (),
    name: str = "f",
    wrt: Sequence[str] = (),
) -> Code:
    """Return a Function and its derivatives as code that runs without diffcli.

    ``target`` is one of ``python numpy torch jax c latex``; ``kinds`` are of ``value grad jacobian
    hessian``, the value and the first derivatives if none is said. Code in Python and C takes and
    returns float64 numbers; the others take arrays that broadcast, and a derivative's axes stand
    before theirs. Raises UsageError where there is no such language, kind or variable, where a kind
    doesn't apply, or where a function has no closed derivative or none in that language that keeps
    its digits; LimitError where a derivative swells.
    """
    for what, given, known in (
        ("language", [target], [*TARGETS, LATEX]),
        ("kind", kinds, KINDS),
        ("variable of the formula", wrt, function.variables),
    ):
        for each in given:
            if each not in known:
                hint = f"one of {', '.join(known)}" if known else "it has no variables"
                raise UsageError(f"{each!r} is no {what}", hint=hint)
    names = tuple(wrt) or function.variables
    first: tuple[Kind, ...] = ("grad" if function.is_scalar else "jacobian",) if names else ()
    routines = routines_of(function, tuple(kinds) or ("value", *first), checked(name), names)
    if target == LATEX:
        return Code(target, typeset(function, routines), function, routines)
    try:
        text = _written(target, function, routines, name)
        return Code(target, text, function, routines, name)
    except LackError as error:
        able = [other for other in TARGETS if _can_write(other, function, routines, name)]
        hint = f"export to {' or '.join(able)}" if able else "only latex can write it"
        raise UsageError(error.message, hint=hint) from None


def noted(code: Code, notes: tuple[str, ...]) -> Code:
    """Return code with sentences in its heading about what it can't do right."""
    if not notes or code.target == LATEX:
        return code
    text = _written(code.target, code.function, code.routines, code.name, notes)
    return replace(code, text=text, notes=notes)


def _written(
    target: str,
    function: Function,
    routines: Sequence[Routine],
    name: str,
    notes: Sequence[str] = (),
) -> str:
    names = named(function.variables, {routine.name for routine in routines})
    write = CProgram if target == "c" else PythonModule
    return write(TARGETS[target], function, routines, name, names, notes).text()


def _can_write(target: str, function: Function, routines: Sequence[Routine], name: str) -> bool:
    try:
        _written(target, function, routines, name)
    except (UsageError, LimitError):
        return False
    return True

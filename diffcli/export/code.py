"""A formula's code: one function for each kind of derivative, and what they need above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffcli.errors import UsageError
from diffcli.export.formulas import typeset
from diffcli.export.names import checked, named
from diffcli.export.routines import Kind, Routine, routines_of
from diffcli.export.targets import TARGETS
from diffcli.export.writers import CProgram, PythonModule
from diffcli.language.expression import Function

LATEX = "latex"


@dataclass(frozen=True)
class Code:
    """Source text in a language, and the functions in it; it ends without a newline."""

    target: str
    text: str
    function: Function
    routines: tuple[Routine, ...]


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
    before theirs. Raises UsageError where a kind doesn't apply, or where a function has no closed
    derivative or none in that language that keeps its digits; LimitError where a derivative swells.
    """
    chosen = tuple(kinds) or ("value", "grad" if function.is_scalar else "jacobian")
    for each in wrt:
        if each not in function.variables:
            raise UsageError(
                f"{each!r} is not a variable of the formula",
                hint=f"its variables: {', '.join(function.variables) or 'none'}",
            )
    routines = routines_of(function, chosen, checked(name), tuple(wrt) or function.variables)
    if target == LATEX:
        return Code(target, typeset(function, routines), function, routines)
    language = TARGETS[target]
    names = named(function.variables, {routine.name for routine in routines})
    write = CProgram if language is TARGETS["c"] else PythonModule
    text = write(language, function, routines, name, names).text()
    return Code(target, text, function, routines)

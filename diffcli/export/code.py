"""A formula's code: one function for each kind of derivative, and what they need above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from typing import TYPE_CHECKING

from diffcli.errors import LimitError, UsageError
from diffcli.export.routines import DENSE, KINDS, Kind, Routine, routines_of
from diffcli.export.target import Contents, LackError, Run, Source
from diffcli.export.targets import ALIASES, LANGUAGES, targets
from diffcli.language.function import Function

if TYPE_CHECKING:
    from rich.syntax import Syntax


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
        return f"<{self.target} code of {', '.join(self.names)}>"

    @property
    def names(self) -> list[str]:
        """The names of its functions."""
        return [routine.name for routine in self.routines]

    @property
    def source(self) -> Source:
        """The code as a runner takes it."""
        return Source(self.text, self.name, self.routines, self.function.variables)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text)}</pre>"

    def _repr_latex_(self) -> str:
        if not targets()[self.target].is_code:
            return self.text
        return f"\\begin{{verbatim}}\n{self.text}\n\\end{{verbatim}}"

    def __rich__(self) -> Syntax:
        from rich.syntax import Syntax

        lexer = targets()[self.target].lexer
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

    ``target`` is one of :data:`diffcli.export.targets.LANGUAGES`, or octave; ``kinds`` are of
    ``value grad jacobian hessian``, in C also of ``hvp sparse_jacobian sparse_hessian``; the value
    and the first derivatives if none is said. Code in
    Python and C takes and returns float64 numbers; the others take arrays that broadcast, and a
    derivative's axes stand before theirs. Raises UsageError where there is no such language, kind
    or variable, where a kind doesn't apply, or where a function has no closed derivative or none in
    that language that keeps its digits; LimitError where a derivative swells.
    """
    target = ALIASES.get(target, target)
    for what, given, known in (
        ("language", [target], LANGUAGES),
        ("kind", kinds, KINDS),
        ("variable of the formula", wrt, function.variables),
    ):
        for name_given in given:
            if name_given not in known:
                hint = f"one of {', '.join(known)}" if known else "it has no variables"
                raise UsageError(f"{name_given!r} is no {what}", hint=hint)
    lacking = next((kind for kind in kinds if kind not in targets()[target].kinds), None)
    if lacking:
        able = [other for other in LANGUAGES if lacking in targets()[other].kinds]
        raise UsageError(f"{target} code has no {lacking}", hint=f"export to {' or '.join(able)}")
    names = tuple(wrt) or function.variables
    first: tuple[Kind, ...] = ("grad" if function.is_scalar else "jacobian",) if names else ()
    routines = routines_of(
        function, tuple(kinds) or ("value", *first), _checked(name, targets()[target].local), names
    )
    return code_of(function, target, routines, name)


def code_of(function: Function, target: str, routines: tuple[Routine, ...], name: str) -> Code:
    """Return the code of some routines of a Function; ``name`` is the Function's own there.

    Raises UsageError where the language can't write one, LimitError where a derivative swells.
    """
    code, kinds = Code(target, "", function, routines, name), [routine.kind for routine in routines]
    try:
        return _written(code, ())
    except LackError as error:
        able = [other for other in LANGUAGES if _can_write(replace(code, target=other))]
        only = "only latex can write it" if {*kinds} <= {*DENSE} else f"kinds {','.join(DENSE)}"
        hint = f"export to {' or '.join(able)}" if able else only
        raise UsageError(error.message, hint=hint) from None


def noted(code: Code, notes: tuple[str, ...]) -> Code:
    """Return code with sentences in its heading about what it can't do right."""
    return _written(code, notes) if notes and targets()[code.target].is_code else code


def _written(code: Code, notes: tuple[str, ...]) -> Code:
    """Return code with its text, each variable under its own name or that with ``_`` after it."""
    target = targets()[code.target]
    reserved = reserved_words() | target.local
    names: dict[str, str] = {}
    for variable in code.function.variables:
        name, seen = variable, str.lower if target.ignores_case else str
        taken = {seen(other) for other in (*reserved, *names.values(), *code.names)}
        while seen(name) in taken:
            name += "_"
        names[variable] = name
    contents = Contents(code.function, code.routines, code.name, names, notes)
    return replace(code, text=target.page(target, contents), notes=notes)


def _can_write(code: Code) -> bool:
    target = targets()[code.target]
    if not target.is_code or any(routine.kind not in target.kinds for routine in code.routines):
        return False
    try:
        return bool(_written(code, ()))
    except (UsageError, LimitError):
        return False


def reserved_words() -> frozenset[str]:
    """Return what means something in some language, or stands for a module there."""
    return frozenset().union(*(target.reserved for target in targets().values()))


def _checked(name: str, local: frozenset[str]) -> str:
    """Return a function's name as typed. Raises UsageError unless every language takes it."""
    if not (name.isascii() and name.isidentifier()) or name in reserved_words() | local:
        raise UsageError(f"{name!r} can't name a function", hint="letters and digits, as f")
    return name


def lacks(code: Code) -> str | None:
    """Return why code can't be run on this machine, as a sentence."""
    runner = targets()[code.target].runner
    if runner is None:
        return f"{code.target} isn't run"
    if code.function.has_tensors and runner.on_arrays is None:
        return f"{code.target} isn't run on tensors"
    return runner.lacks()


def runs_of(codes: Sequence[Code]) -> list[dict[str, Run]]:
    """Return what runs the functions of some codes in one language, by name for each code."""
    runner = targets()[codes[0].target].runner
    if runner is None:
        raise UsageError(f"{codes[0].target} isn't run")
    loaded = runner.load([code.source for code in codes])
    return [
        {
            routine.name: partial(runner.rows, functions[routine.name], routine)
            for routine in code.routines
        }
        for code, functions in zip(codes, loaded, strict=True)
    ]

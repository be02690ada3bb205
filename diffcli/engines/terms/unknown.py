"""Functions that are only named, as sympy terms: each derivative is a function of its own."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import sympy

from diffcli.language.latex.printer import name_latex
from diffcli.language.unknown import parts_of, raised, spelled, spelled_latex

MAX_CACHED = 1024
"""Functions that are kept; their names are typed."""


class Unknown(sympy.Function):  # type: ignore[misc]
    """A call of a function that is only named; ``op`` is the operation of its node."""

    op: ClassVar[str] = "?"

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the partial in an argument, counted from 1: a function of the same arguments."""
        return unknown_function(raised(self.op, argindex - 1))(*self.args)

    def _eval_is_extended_real(self) -> bool:
        return True

    def _sympystr(self, printer: Any) -> str:
        return f"{spelled(self.op)}({', '.join(map(printer._print, self.args))})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        name = spelled_latex(self.op, name_latex(parts_of(self.op)[0]))
        call = rf"{name}\left({', '.join(map(printer._print, self.args))}\right)"
        return call if exp is None else rf"\left({call}\right)^{{{exp}}}"


@lru_cache(MAX_CACHED)
def unknown_function(op: str) -> type[Unknown]:
    """Return the class of an unknown function's calls, by the operation of its nodes."""
    return type(op, (Unknown,), {"op": op, "nargs": len(parts_of(op)[1])})

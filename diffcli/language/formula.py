"""A derivative as a formula to read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Formula:
    """A formula as text that the language reads back, and in LaTeX.

    Where it would be too long to read or could not be found in time there is neither, and
    ``reason`` says why.
    """

    text: str | None = None
    latex: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        return self.text or f"({self.reason})"

    def _repr_latex_(self) -> str | None:
        return f"${self.latex}$" if self.latex else None

"""A document: what an answer shows, as blocks that every format draws in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from diffcli.output.cells import MANY
from diffcli.output.notes import marked
from diffcli.output.report import Facts, Report
from diffcli.output.text import MISSING, number
from diffcli.verdict import Verdict

Mark = tuple[str, Mapping[str, float]]
"""The name of a point's kind, and its coordinates."""
_LARGE = 1e12
"""Numbers from this size on are shown with an exponent, not with decimals."""


@dataclass(frozen=True)
class Rounded:
    """A number that is shown with so many decimals, or so many significant digits."""

    number: float
    digits: int | None = None
    decimals: int | None = None

    def __str__(self) -> str:
        if not isfinite(self.number):
            return MISSING
        if self.decimals is None:
            return number(self.number, self.digits)
        return f"{self.number:z.{self.decimals}{'f' if abs(self.number) < _LARGE else 'e'}}"


Cell = str | float | Rounded | Verdict | None
"""Words, a number or a verdict, written in each format's own way; None is a missing number."""


@dataclass(frozen=True)
class Line:
    """A formula under its name, such as ``∂f/∂x``.

    ``arguments`` are the variables of the name, which a format may leave out where they are many;
    ``latex`` is the formula in LaTeX, where that isn't found by reading the text: a Line without
    ``text`` is shown in LaTeX alone, and one whose ``latex`` is "" is left out there. ``entry`` is
    the entry of a derivative whose formula this is. ``ranks`` are the axes of the variables of a
    formula of tensors, whose names are bold in LaTeX. Where it ``is_equation`` the name is the left
    side of an equation.
    """

    name: str
    text: str
    arguments: tuple[str, ...] | None = None
    latex: str | None = None
    entry: str | None = None
    ranks: Mapping[str, int] = field(default_factory=dict)
    is_equation: bool = False

    @property
    def shown(self) -> str:
        """The name, with its arguments where they are few."""
        few = self.entry is None and 0 < len(self.arguments or ()) <= MANY
        return f"{self.name}({', '.join(self.arguments or ())})" if few else self.name


@dataclass(frozen=True)
class Formulas:
    """Formulas, one under the other."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Numbers:
    """The numbers of a report, which each format lays out by points or by entries."""

    report: Report


@dataclass(frozen=True)
class Table:
    """A table under a title; the first column names its rows."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Whether each column holds numbers alone."""
        columns = zip(*self.rows, strict=True)
        return tuple(not any(isinstance(c, str | Verdict) for c in column) for column in columns)


@dataclass(frozen=True)
class Math:
    """A formula in the language itself and in LaTeX."""

    text: str
    latex: str


@dataclass(frozen=True)
class Tree:
    """A line of words and formulas, and the lines that belong under it."""

    words: tuple[str | Math, ...]
    branches: tuple[Tree, ...] = ()

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Tree]]:
        """Yield this line and those under it, each with its depth."""
        yield depth, self
        for branch in self.branches:
            yield from branch.walk(depth + 1)

    @property
    def text(self) -> str:
        """The line in the language itself."""
        return self.line(lambda math: math.text)

    def line(self, math: Callable[[Math], str], words: Callable[[str], str] = str) -> str:
        """Return the line, its formulas and its words each written by a function."""
        return "".join(math(w) if isinstance(w, Math) else words(w) for w in self.words)


@dataclass(frozen=True)
class Remarks:
    """Sentences that stand below the numbers."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """Text that every format for people shows as it is."""

    text: str


Block = Formulas | Numbers | Table | Tree | Remarks | Text
_Block = TypeVar("_Block", Formulas, Numbers, Table, Tree, Remarks, Text)


@dataclass(frozen=True)
class Document:
    """What an answer shows a person, block by block; ``figure`` is a plot of it in HTML."""

    blocks: tuple[Block, ...]
    figure: str | None = None

    def all(self, kind: type[_Block]) -> list[_Block]:
        """Return the blocks of one kind, in order."""
        return [block for block in self.blocks if isinstance(block, kind)]

    @property
    def lines(self) -> list[Line]:
        """The lines of all formulas."""
        return [line for block in self.all(Formulas) for line in block.lines]

    @property
    def remarks(self) -> list[str]:
        """The sentences of all remarks."""
        return [line for block in self.all(Remarks) for line in block.lines]


@dataclass(frozen=True)
class Answer:
    """The result of a command.

    ``data`` gives everything as JSON, ``document`` what a person sees, its numbers with so many
    significant digits. ``records`` gives the lines of JSON Lines where they are several. ``draw``
    gives the content of a file by its ending, and ``files`` are written besides. ``figure`` gives
    the plot that a page shows beside it, in HTML, None where nothing is drawn; ``marks`` are the
    points of note that it marks, each with the name of its kind. ``frames`` gives
    pictures that a terminal of so many columns and rows plays, in colour or not.
    """

    facts: Facts
    exit_code: int
    data: Callable[[], Mapping[str, Any]]
    document: Callable[[int | None], Document]
    records: Callable[[], Sequence[Mapping[str, Any]]] | None = None
    draw: Callable[[str], bytes] | None = None
    files: Mapping[Path, str | bytes] = field(default_factory=dict)
    figure: Callable[[], str | None] | None = None
    marks: Sequence[Mark] = ()
    frames: Callable[[int, int, bool], Iterator[str]] | None = None

    def illustrated(self, digits: int | None) -> Document:
        """Return what a person sees, with the plot beside it."""
        figure = self.figure() if self.figure else None
        return replace(self.document(digits), figure=figure)


def equal(*sides: Math) -> Math:
    """Return the equation of two sides or more."""
    return Math(*(" = ".join(getattr(side, kind) for side in sides) for kind in ("text", "latex")))


def written(cell: Cell, digits: int | None) -> str:
    """Return a cell as text, a number with so many digits."""
    if isinstance(cell, Verdict):
        return marked(cell)
    return str(cell) if isinstance(cell, str | Rounded) else number(cell, digits)

"""What goes step by step, as a tree of lines: for a terminal, for Markdown, for LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.tree import Tree

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_RAISED = re.compile(r"\*\*(\d+)(?![\d.]|\*\*)")
_TOWER = re.compile(r"\*\*-?\w+\*\*")
"""A power in an exponent: in e^-x² it would be hard to see what is raised."""
_INDENT = 1.5
"""Of a level, in LaTeX's em."""


@dataclass(frozen=True)
class Math:
    """A formula in the language itself and in LaTeX."""

    text: str
    latex: str


def equal(*sides: Math) -> Math:
    """Return the equation of two sides or more."""
    return Math(*(" = ".join(getattr(side, kind) for side in sides) for kind in ("text", "latex")))


@dataclass(frozen=True)
class Branch:
    """A line of words and formulas, and the lines that belong under it."""

    words: tuple[str | Math, ...]
    branches: tuple[Branch, ...] = ()

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Branch]]:
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


def raised(text: str) -> str:
    """Return a formula as it is read most easily: ``3·x²``. Typed again, it means the same."""
    powers = text
    if not _TOWER.search(text):
        powers = _RAISED.sub(lambda found: found[1].translate(_SUPERSCRIPTS), text)
    return powers.replace("**", "^").replace("*", "·")


def terminal_tree(branch: Branch) -> Tree:
    """Return the tree that rich draws, formulas in bold."""
    from rich.text import Text
    from rich.tree import Tree

    def label(each: Branch) -> Text:
        return Text.assemble(
            *((raised(w.text), "bold") if isinstance(w, Math) else w for w in each.words)
        )

    levels: list[Tree] = []
    for depth, each in branch.walk():
        grown = levels[depth - 1].add(label(each)) if depth else Tree(label(each))
        levels[depth:] = [grown]
    return levels[0]


def plain_lines(branch: Branch) -> str:
    """Return a line each, indented."""
    return "\n".join(f"{'  ' * depth}{each.text}" for depth, each in branch.walk())


def markdown_list(branch: Branch) -> str:
    """Return a nested list, its formulas in LaTeX between dollars."""
    lines = (
        f"{'  ' * depth}- {each.line(lambda found: f'${found.latex}$')}"
        for depth, each in branch.walk()
    )
    return "\n".join(lines)


def latex_lines(branch: Branch, escape: Callable[[str], str]) -> str:
    """Return a paragraph a line, indented, words escaped."""
    lines = (
        rf"\noindent\hspace*{{{_INDENT * depth}em}}"
        + each.line(lambda found: rf"$\displaystyle {found.latex}$", escape)
        for depth, each in branch.walk()
    )
    return "\n\n".join(lines)

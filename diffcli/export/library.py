"""Special functions that a language lacks, written in it: a file of definitions a language.

The definitions stand in ``targets/functions.<suffix>``, divided by empty lines, each under its
comment. The coefficients of their Chebyshev series are one table for all languages,
``targets/series.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import fill
from types import MappingProxyType

_FOLDER = Path(__file__).with_name("targets")
_WORD = re.compile(r"\b[A-Za-z]\w*")
_WIDTH = 88

Table = Callable[[str, int, str], str]
"""Takes a table's name, how many numbers it has and these as text, and returns its definition."""


@dataclass(frozen=True)
class Library:
    """The definitions of a language, by name.

    ``heads`` finds the names that a definition defines; ``comment`` begins a comment. ``table``
    writes a table of coefficients, under the name that ``renamed`` gives it.
    """

    suffix: str
    heads: str
    comment: str
    table: Table
    renamed: Callable[[str], str] = str

    @cached_property
    def definitions(self) -> Mapping[str, str]:
        """The definitions by their names, tables first."""
        text = (_FOLDER / f"functions{self.suffix}").read_text(encoding="utf-8")
        series = json.loads((_FOLDER / "series.json").read_text(encoding="utf-8"))
        tables = {
            self.renamed(name): f"{self.comment} Coefficients of {definition['of']}.\n"
            + self.table(
                self.renamed(name), len(definition["values"]), _listed(definition["values"])
            )
            for name, definition in series.items()
        }
        heads = re.compile(self.heads, re.MULTILINE)
        blocks = {heads.findall(block)[0]: block for block in text.strip().split("\n\n")}
        return MappingProxyType({**tables, **blocks})

    def needed(self, code: str) -> list[str]:
        """Return the definitions that some code reads, and those that they read."""
        known, needed, waiting = self.definitions, set[str](), [code]
        while waiting:
            new = {word for word in self._words(waiting.pop()) if word in known} - needed
            needed |= new
            waiting += [known[name] for name in new]
        return [text for name, text in known.items() if name in needed]

    def _words(self, code: str) -> list[str]:
        return _WORD.findall(re.sub(f"{re.escape(self.comment)}.*", "", code))


def _listed(numbers: Sequence[float]) -> str:
    return fill(", ".join(map(repr, numbers)), _WIDTH, break_on_hyphens=False)

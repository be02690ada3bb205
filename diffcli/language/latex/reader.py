"""A place in a text of LaTeX, and the tokens that have been read up to there."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection

from diffcli.errors import FormulaError, LimitError
from diffcli.language.latex.commands import BLANKS
from diffcli.language.limits import MAX_DEPTH
from diffcli.language.tokens import SIGN, Token

_BLANK = re.compile(
    rf"(?:[\s~\u200b\u2060\ufeff]++|%[^\n]*+|\\[,;:!>/ \n]|\\(?:{'|'.join(BLANKS)})(?![A-Za-z])"
    r"|\\(?:[hv]space\*?|[hv]phantom|phantom|label|tag\*?|color)\s*\{[^{}]*\}"
    r"|\\m?kern-?[0-9.]+[a-z]{2})*+"
)
_COMMAND = re.compile(r"\\(operatorname\*|[A-Za-z]+|.)", re.DOTALL)
_OPENING, _CLOSING = frozenset({"(", "{", "⌊", "⌈", r"\lvert"}), frozenset({")", "}", "⌋", "⌉"})
FORMULA_START = re.compile(r"\s*(\$\$?|\\\[|\\\()")
FORMULA_END = re.compile(r"\s*(?:(?<!right)[.,;])?\s*(\$\$?|\\\]|\\\))\s*[.,;]?\s*\Z")
"""The marks around a formula in a text, and the punctuation at its end."""
_CLOSING_OF = {"$": "$", "$$": "$$", r"\[": r"\]", r"\(": r"\)", "": ""}
_CLOSING_MARKS = 100
"""Characters at the end of a text in which the marks around a formula are looked for."""


class Reader(ABC):
    """Walks over one text of LaTeX; ``tokens`` are those that it has read so far.

    :class:`diffcli.language.latex.grammar.Grammar` says what is read where.
    """

    def __init__(self, text: str, declared: Collection[str]) -> None:
        self.text, self.declared = text, declared
        self.position = self.depth = 0
        self.tokens: list[Token] = []
        self.words: set[str] = set()
        self.vectors: dict[str, int] = {}
        """Names that are written as vectors or matrices, bold or under an arrow, by their axes."""
        self.readings: dict[str, None] = {}
        self.open: list[str] = []
        """The brackets and bars around the current place."""
        self.lefts: list[int | None] = []
        r"""For each ``\left`` around the current place, how many tokens are before a ``\left.``."""
        self.wrapped = 0
        """How many primes and bars were read whose formula stands before them."""
        self.integrals = 0
        """How many integrals around the current place wait for their differential."""
        self.letters_of: dict[str, str] = {}
        """The names that commands of Greek letters have in this text, as far as they are known."""
        self.has_commands = "\\" in text
        self.skipped = (-1, -1)
        """Where a head begins and ends that says nothing of the formula."""
        self.end, self._closing_mark = len(text), ""
        if closing := FORMULA_END.search(text, max(len(text) - _CLOSING_MARKS, 0)):
            self.end, self._closing_mark = closing.start(), closing[1]

    def peek(self) -> str:
        r"""Go past white space; return the next character or command, ``""`` at the end."""
        blank = _BLANK.match(self.text, self.position)
        self.position = blank.end() if blank else self.position
        if self.position == self.skipped[0]:
            self.position = self.skipped[1]
            return self.peek()
        if self.position >= self.end:
            return ""
        command = _COMMAND.match(self.text, self.position)
        return command[0] if command else self.text[self.position : self.position + 1]

    def take(self) -> int:
        """Go past what :meth:`peek` returns, and return where it began."""
        unit, start = self.peek(), self.position
        self.position += len(unit)
        return start

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Go past what the pattern matches here, if it does."""
        match = pattern.match(self.text, self.position)
        self.position = match.end() if match else self.position
        return match

    def emit(self, kind: str, text: str, start: int) -> None:
        """Add a token that reaches from ``start`` to here."""
        spaced = start > 0 and self.text[start - 1].isspace()
        self.tokens.append(Token(kind, text, start, max(self.position, start), spaced))
        if kind != SIGN:
            return
        is_inner = text == "|" and self.open[-1:] == ["|"]
        if text in _OPENING or (text == "|" and not is_inner):
            self.open.append(text)
        elif (text in _CLOSING or is_inner or text == r"\rvert") and self.open:
            self.open.pop()

    def captured(self, read: Callable[[], None]) -> list[Token]:
        """Return the tokens that ``read`` makes, instead of adding them."""
        outer, self.tokens = self.tokens, []
        read()
        inner, self.tokens = self.tokens, outer
        return inner

    def say(self, reading: str) -> None:
        """Note a reading that may be meant otherwise."""
        self.readings[reading] = None

    def open_formula(self) -> None:
        """Go past the mark before the formula; say where the marks around it aren't a pair."""
        opening = self.match(FORMULA_START)
        mark = opening[1] if opening else ""
        if _CLOSING_OF[mark] == self._closing_mark:
            return
        if mark and self._closing_mark:
            self.say(f"'{mark}' and '{self._closing_mark}' don't match, and are left out")
        else:
            self.say(f"a single '{mark or self._closing_mark}' is left out")

    def fail(self, message: str, start: int, hint: str) -> FormulaError:
        """Return the error that shows the place from ``start`` to here."""
        width = max(self.position - start, 1)
        return FormulaError(message, hint=hint, text=self.text, column=start, width=width)

    def sequence(self, *ends: str) -> None:
        """Read up to one of the ends, which stays, or to the end of the text."""
        while (unit := self.peek()) and unit not in ends:
            self.unit(unit)

    def deeper(self) -> None:
        """Go one level deeper; raise LimitError beyond the limit."""
        self.depth += 1
        if self.depth > 2 * MAX_DEPTH:
            raise LimitError(
                f"more than {MAX_DEPTH} brackets deep", hint="name the parts: y = …; z = …",
                text=self.text, column=self.position,
            )  # fmt: skip

    def balanced(self) -> None:
        """Read a bracket with all that stands in it."""
        depth = len(self.open)
        self.unit(self.peek())
        while len(self.open) > depth and (unit := self.peek()) and unit not in "}&":
            self.unit(unit)

    def stray(self) -> None:
        """Refuse a sign that means something elsewhere only."""
        start = self.position
        unit = self.text[self.take()]
        hints = {
            "}": "remove it, or open it with '{'",
            "&": r"it stands in \begin{cases}",
            "_": "a subscript stands at a name, as in x_1; an entry of a tensor is x_{[0]}",
            "$": "type one formula, alone between dollars",
        }
        raise self.fail(f"unexpected {unit!r}", start, hints[unit])

    # -- what the grammar reads --------------------------------------------------------------

    @abstractmethod
    def unit(self, unit: str) -> None:
        """Read what :meth:`peek` found, with what belongs to it."""

    @abstractmethod
    def argument(self) -> None:
        """Read what a command applies to."""

    @abstractmethod
    def group(self, brackets: str = "{}", *, is_argument: bool = False) -> None:
        """Read ``{…}``."""

    @abstractmethod
    def letters(self, most: int = 0) -> None:
        """Read a run of letters, or the first so many of them if not 0."""

"""Reads LaTeX: places, sequences, groups, brackets; what has arguments stands beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches

from diffcli.errors import FormulaError, LimitError
from diffcli.language.latex import brackets, words
from diffcli.language.latex.clauses import check_words, completed, is_prose, trimmed
from diffcli.language.latex.commands import (
    ACCENTS,
    BLANKS,
    FONTS,
    FUNCTIONS,
    LETTERS,
    QUANTITIES,
    REFUSED,
    SIGNS,
    SIZES,
    WORD_SIGNS,
)
from diffcli.language.latex.derivatives import is_operator, prime
from diffcli.language.latex.heads import FORMULA_END, FORMULA_START, skip_head
from diffcli.language.latex.scan import Scan
from diffcli.language.latex.scripts import NUMERAL, exponent, places
from diffcli.language.latex.structures import STRUCTURES
from diffcli.language.limits import MAX_DEPTH
from diffcli.language.tokens import END, NAME, NUMBER, SIGN, Token, token_at

_BLANK = re.compile(
    rf"(?:[\s~\u200b\u2060\ufeff]++|%[^\n]*+|\\[,;:!>/ \n]|\\(?:{'|'.join(BLANKS)})(?![A-Za-z])"
    r"|\\(?:[hv]space\*?|[hv]phantom|phantom|label|tag\*?|color)\s*\{[^{}]*\}"
    r"|\\m?kern-?[0-9.]+[a-z]{2})*+"
)
_COMMAND = re.compile(r"\\(operatorname\*|[A-Za-z]+|.)", re.DOTALL)
_WORDS = frozenset({"and", "or", "not"})
_BETWEEN = {
    r"\over": (("{",), ("}", "/", "{"), "}"),
    r"\choose": (("binomial", "("), (",",), ")"),
}
"""Commands between two parts of a group: what stands before, between and after the parts."""
_OPENING, _CLOSING = frozenset({"(", "{", "⌊", "⌈", r"\lvert"}), frozenset({")", "}", "⌋", "⌉"})
_CLOSING_MARKS = 100
"""Characters at the end of a text in which the marks around a formula are looked for."""
_MISSING = frozenset({"", "}", "&", "^", "_", r"\\", r"\end", r"\right"})
"""What no argument begins with."""


class Reader:
    """Reads one text of LaTeX; ``tokens`` is what it has made of it so far."""

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
        self.end = len(text)
        if closing := FORMULA_END.search(text, max(len(text) - _CLOSING_MARKS, 0)):
            self.end = closing.start()

    def scan(self) -> Scan:
        """Read the whole text."""
        self.match(FORMULA_START)
        skip_head(self)
        start = len(self.tokens)
        self.sequence(*_BETWEEN)
        if self.peek() in _BETWEEN:
            self.between(start)
            self.emit(SIGN, "}", self.position)
            self.tokens.insert(start, Token(SIGN, "{", 0, 0))
        self.tokens = completed(self, trimmed(self.tokens))
        check_words(self, self.tokens)
        self.words -= _defined(self.tokens)
        self.position = len(self.text)
        self.emit(END, "", self.position)
        return Scan(
            self.tokens, frozenset(self.words), tuple(self.readings), tuple(self.vectors.items())
        )

    # -- places ------------------------------------------------------------------------------

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
        found = pattern.match(self.text, self.position)
        self.position = found.end() if found else self.position
        return found

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

    def fail(self, message: str, start: int, hint: str) -> FormulaError:
        """Return the error that shows the place from ``start`` to here."""
        width = max(self.position - start, 1)
        return FormulaError(message, hint=hint, text=self.text, column=start, width=width)

    # -- sequences ---------------------------------------------------------------------------

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

    def unit(self, unit: str) -> None:
        """Read what :meth:`peek` found, with what belongs to it."""
        self.deeper()
        start = self.position
        if unit.startswith("\\"):
            self.command(unit[1:])
        elif unit.isascii() and unit.isalpha():
            words.letters(self)
        elif unit in _BIG_SIGNS:
            STRUCTURES[_BIG_SIGNS[unit]](self, self.take())
        elif unit in _CHARACTERS:
            _CHARACTERS[unit](self)
        elif number := self.match(NUMERAL):
            words.number(self, number, start)
        else:
            token = token_at(self.text, start)
            self.position = token.end
            if token.kind == NAME and token.text not in _WORDS:
                words.name(self, token.text, start)
            else:
                self.emit(token.kind, token.text, token.start)
        self.depth -= 1

    def balanced(self) -> None:
        """Read a bracket with all that stands in it."""
        depth = len(self.open)
        self.unit(self.peek())
        while len(self.open) > depth and (unit := self.peek()) and unit not in "}&":
            self.unit(unit)

    def argument(self) -> None:
        """Read what a command applies to: a group in braces, a digit, a letter or a command.

        A command is read with the arguments that TeX gives it, and no more.
        """
        unit, start = self.peek(), self.position
        name = unit[1:]
        if unit in _MISSING:
            raise self.fail("an argument is missing", start, r"write it in braces: \frac{1}{x}")
        if unit in "0123456789":
            self.position += 1
            self.emit(NUMBER, unit, start)
        elif unit.isascii() and unit.isalpha():
            self.position += 1
            self.emit(NAME, unit, start)
        elif name in LETTERS:
            self.take()
            self.emit(NAME, words.letter(self, name), start)
        elif name in FONTS or name in ACCENTS:
            words.font(self, name, self.take(), alone=True)
        elif name in FUNCTIONS:
            self.take()
            raise self.fail(
                rf"'\{name}' stands without its argument here", start,
                rf"put it in braces with its argument: {{\{name} x}}",
            )  # fmt: skip
        elif unit == "{":
            self.deeper()
            self.group(is_argument=True)
            self.depth -= 1
        else:
            self.unit(unit)

    def group(self, brackets: str = "{}", *, is_argument: bool = False) -> None:
        """Read ``{…}``; braces around brackets alone are left out, and around a name.

        The scripts behind a name belong to it, unless it is the argument of something.
        """
        start, index, depth = self.take(), len(self.tokens), len(self.open)
        self.emit(SIGN, brackets[0], start)
        self.sequence("}", *_BETWEEN)
        if self.peek() in _BETWEEN:
            self.between(index + 1)
        if self.peek() != "}":
            self.position = start + 1
            raise self.fail("'{' is never closed", start, "add '}'")
        self.emit(SIGN, brackets[1], self.take())
        del self.open[depth:]
        inner = self.tokens[index + 1 : -1]
        if brackets == "{}" and words.is_one_name(inner) and not is_argument:
            self.tokens[index:] = inner
            words.scripts(self, index)
        elif _is_bracketed(inner) or is_operator(inner) or is_prose(inner):
            self.tokens[index:] = inner

    def between(self, index: int) -> None:
        r"""Read ``\over`` and what follows it; what stands before it begins at a token."""
        before, signs, after = _BETWEEN[self.peek()]
        middle = self.take()
        self.tokens[index:index] = [
            Token(NAME if text.isalpha() else SIGN, text, middle, middle) for text in before
        ]
        self.open.append("{")
        for sign in signs:
            self.emit(SIGN, sign, middle)
        self.sequence("}", *_BETWEEN)
        if self.peek() in _BETWEEN:
            raise self.fail(f"a second {self.peek()!r}", self.position, "put one of them in braces")
        self.emit(SIGN, after, self.position)

    def letters(self, most: int = 0) -> None:
        """Read a run of letters, or the first so many of them if not 0."""
        words.letters(self, most)

    # -- commands ----------------------------------------------------------------------------

    def command(self, name: str) -> None:
        """Read a command and what it applies to."""
        start = self.take()
        if name in STRUCTURES:
            STRUCTURES[name](self, start)
        elif name in FONTS or name in ACCENTS:
            words.font(self, name, start)
        elif name in SIGNS:
            self.emit(SIGN, SIGNS[name], start)
        elif name in SIZES:
            brackets.delimiter(self, SIZES[name], name)
        elif name in WORD_SIGNS:
            self.emit(NAME, WORD_SIGNS[name], start)
        elif name in FUNCTIONS:
            words.name(self, FUNCTIONS[name], start)
        elif name in LETTERS:
            if name in QUANTITIES:
                self.words.add(name)
            words.name(self, words.letter(self, name), start)
        else:
            raise self.refusal(name, start)

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

    def refusal(self, name: str, start: int) -> FormulaError:
        """Return the error of a command that isn't read."""
        if name in REFUSED:
            return self.fail(rf"'\{name}' isn't read", start, REFUSED[name])
        known = [*STRUCTURES, *FUNCTIONS, *LETTERS, *SIGNS, *SIZES, *BLANKS]
        close = get_close_matches(name, known, n=1)
        hint = rf"did you mean '\{close[0]}'?" if close else "write the formula in plain text"
        return self.fail(rf"unknown command '\{name}'", start, hint)


_BIG_SIGNS = {"∑": "sum", "∏": "prod", "∫": "int"}
_CHARACTERS: dict[str, Callable[[Reader], None]] = {
    "{": Reader.group,
    "^": exponent,
    "[": brackets.square,
    "]": brackets.square,
    "_": places,
    "|": brackets.bar,
    "'": prime,
    "’": prime,
    **dict.fromkeys("}&$", Reader.stray),
}


def _defined(tokens: Sequence[Token]) -> set[str]:
    """Return the names that the text defines: ``y = …``, which are no variables."""
    starts = [0, *(place + 1 for place, token in enumerate(tokens) if token.text == ";")]
    pairs = (tokens[start : start + 2] for start in starts)
    return {pair[0].text for pair in pairs if len(pair) == 2 and pair[1].text == "="}


def _is_bracketed(tokens: list[Token]) -> bool:
    """Whether one pair of brackets is around all of the tokens."""
    if not tokens or tokens[0].text != "(":
        return False
    depth = 0
    for place, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0:
            return place == len(tokens) - 1
    return False

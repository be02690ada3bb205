"""The grammar of LaTeX: which file reads which sign or command; sequences, groups, arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches

from diffcli.errors import FormulaError
from diffcli.language.latex import brackets, hypergeometric, words
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
from diffcli.language.latex.heads import skip_head
from diffcli.language.latex.reader import Reader
from diffcli.language.latex.scripts import NUMERAL, exponent, places
from diffcli.language.latex.structures import STRUCTURES
from diffcli.language.tokens import END, NAME, NUMBER, SIGN, Scan, Token, token_at

_WORDS = frozenset({"and", "or", "not"})
_BETWEEN = {
    r"\over": (("{",), ("}", "/", "{"), "}"),
    r"\choose": (("binomial", "("), (",",), ")"),
}
"""Commands between two parts of a group: what stands before, between and after the parts."""
_DETERMINANT = re.compile(r"\s*\\det(?![A-Za-z])")
_MISSING = frozenset({"", "}", "&", "^", "_", r"\\", r"\end", r"\right"})
"""Signs that no argument begins with."""


class Grammar(Reader):
    """Reads one text of LaTeX."""

    def scan(self) -> Scan:
        """Read the whole text."""
        self.open_formula()
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

    # -- sequences ---------------------------------------------------------------------------

    def unit(self, unit: str) -> None:
        """Read what :meth:`peek` found, with what belongs to it."""
        self.deeper()
        start = self.position
        if unit.startswith("\\"):
            self.command(unit[1:])
        elif unit.isascii() and unit.isalpha():
            words.letters(self)
        elif unit in "∑∏∫" or _BIG_LETTER.match(self.text, start):
            STRUCTURES[_BIG_SIGNS[unit]](self, self.take())
        elif unit in "{_" and hypergeometric.begins(self):
            hypergeometric.hypergeometric(self)
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
        elif name in ("log", "ln") and self.match(_DETERMINANT):
            words.of_tensor(self, "logdet", start)
        elif name in FUNCTIONS:
            words.name(self, FUNCTIONS[name], start)
        elif name in LETTERS:
            if name in QUANTITIES:
                self.words.add(name)
            words.name(self, words.letter(self, name), start)
        else:
            raise self.refusal(name, start)

    def refusal(self, name: str, start: int) -> FormulaError:
        """Return the error of a command that isn't read."""
        if name in REFUSED:
            return self.fail(rf"'\{name}' isn't read", start, REFUSED[name])
        known = [*STRUCTURES, *FUNCTIONS, *LETTERS, *SIGNS, *SIZES, *BLANKS]
        close = get_close_matches(name, known, n=1)
        hint = rf"did you mean '\{close[0]}'?" if close else "write the formula in plain text"
        return self.fail(rf"unknown command '\{name}'", start, hint)


_BIG_SIGNS = {"∑": "sum", "∏": "prod", "∫": "int", "Σ": "sum", "Π": "prod"}
_BIG_LETTER = re.compile(r"[ΣΠ](?=\s*_\s*\{[^{}=]*=)")
"""A letter with the bounds of a sum or a product."""
_CHARACTERS: dict[str, Callable[[Grammar], None]] = {
    "{": Grammar.group,
    "^": exponent,
    "[": brackets.square,
    "]": brackets.square,
    "_": places,
    "|": brackets.bar,
    "'": prime,
    "’": prime,
    **dict.fromkeys("}&$", Grammar.stray),
}


def _defined(tokens: Sequence[Token]) -> set[str]:
    """Return the names that the text defines: ``y = …``, which are no variables."""
    starts = [0, *(index + 1 for index, token in enumerate(tokens) if token.text == ";")]
    pairs = (tokens[start : start + 2] for start in starts)
    return {pair[0].text for pair in pairs if len(pair) == 2 and pair[1].text == "="}


def _is_bracketed(tokens: list[Token]) -> bool:
    """Whether one pair of brackets is around all of the tokens."""
    if not tokens or tokens[0].text != "(":
        return False
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0:
            return index == len(tokens) - 1
    return False

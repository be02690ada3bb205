"""Reads LaTeX: places, sequences, names, brackets; what has arguments stands beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from difflib import get_close_matches

from diffcli.errors import FormulaError, LimitError
from diffcli.language.functions import BY_NAME
from diffcli.language.latex.commands import (
    BARS,
    BLANKS,
    NAMES,
    QUANTITIES,
    REFUSED,
    SIGNS,
    SIZES,
)
from diffcli.language.latex.scan import Scan
from diffcli.language.latex.scripts import NUMERAL, PLACES, exponent, places, subscript
from diffcli.language.latex.structures import NORMS, STRUCTURES, norm, trimmed
from diffcli.language.limits import MAX_DEPTH
from diffcli.language.remedies import FUNCTIONS
from diffcli.language.tokens import END, NAME, NUMBER, SIGN, Token, token_at
from diffcli.language.vocabulary import CALLABLE, CONSTANTS, GLUED, OF_ORDER

_BLANK = re.compile(
    rf"(?:[\s~$]++|%[^\n]*+|\\[,;:!> \n()\[\]]|\\(?:{'|'.join(BLANKS)})(?![A-Za-z]))*+"
)
_COMMAND = re.compile(r"\\(operatorname\*|[A-Za-z]+|.)", re.DOTALL)
_LONGEST = max(map(len, CALLABLE))
_WORDS = frozenset({"and", "or", "not"})
_BRACKET = re.compile(r"(?:\\(?:left|[bB]igg?l?)\s*)?(?:\(|\[|\\\{)")
_ARGUMENT = r"\s*(?:[A-Za-z]|\\[A-Za-z]+|[0-9.]+)(?:_\w|_\{\w+\})?\s*"
_ARGUMENTS = re.compile(
    rf"(?:\\(?:left|[bB]igg?l?)\s*)?\((?:{_ARGUMENT},)*{_ARGUMENT}(?:\\(?:right|[bB]igg?r?)\s*)?\)"
)
_BETWEEN = {
    r"\over": (("{",), ("}", "/", "{"), "}"),
    r"\choose": (("binomial", "("), (",",), ")"),
}
"""Commands between two parts of a group: what stands before, between and after the parts."""
_CALLED = frozenset({"J", "Y", "K", "Li"})
"""Letters with a subscript that are functions, whatever stands in the bracket."""
_LETTERS = re.compile(r"([A-Za-z]++)([0-9]*)(?![.0-9])|([A-Za-z]+)")


class Reader:
    """Reads one text of LaTeX; ``tokens`` is what it has made of it so far."""

    def __init__(self, text: str, declared: Collection[str]) -> None:
        self.text, self.declared = text, declared
        self.position = self.depth = 0
        self.tokens: list[Token] = []
        self.words: set[str] = set()
        self.readings: dict[str, None] = {}
        self.in_norm = False

    def scan(self) -> Scan:
        """Read the whole text."""
        self.sequence()
        self.tokens = trimmed(self.tokens)
        self.emit(END, "", self.position)
        return Scan(self.tokens, frozenset(self.words), tuple(self.readings))

    # -- places ------------------------------------------------------------------------------

    def peek(self) -> str:
        r"""Go past white space; return the next character or command, ``""`` at the end."""
        blank = _BLANK.match(self.text, self.position)
        self.position = blank.end() if blank else self.position
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

    def captured(self, read: Callable[[], None]) -> list[Token]:
        """Return the tokens that ``read`` makes, instead of adding them."""
        outer, self.tokens = self.tokens, []
        read()
        inner, self.tokens = self.tokens, outer
        return inner

    def fail(self, message: str, start: int, hint: str) -> FormulaError:
        """Return the error that shows the place from ``start`` to here."""
        width = max(self.position - start, 1)
        return FormulaError(message, hint=hint, text=self.text, column=start, width=width)

    # -- sequences ---------------------------------------------------------------------------

    def sequence(self, *ends: str) -> None:
        """Read up to one of the ends, which stays, or to the end of the text."""
        while (unit := self.peek()) and unit not in ends:
            self.unit(unit)

    def unit(self, unit: str) -> None:
        """Read what :meth:`peek` found, with what belongs to it."""
        start = self.position
        self.depth += 1
        if self.depth > 2 * MAX_DEPTH:
            raise LimitError(
                f"more than {MAX_DEPTH} brackets deep", hint="name the parts: y = …; z = …",
                text=self.text, column=start,
            )  # fmt: skip
        if unit.startswith("\\"):
            self.command(unit[1:])
        elif unit.isascii() and unit.isalpha():
            self.letters()
        elif unit in _CHARACTERS:
            _CHARACTERS[unit](self)
        elif number := self.match(NUMERAL):
            self.emit(NUMBER, number[0], start)
        else:
            token = token_at(self.text, start)
            self.position = token.end
            if token.kind == NAME and token.text not in _WORDS:
                self.name(token.text, start)
            else:
                self.tokens.append(token)
        self.depth -= 1

    def argument(self) -> None:
        """Read what a command applies to: a group in braces, a digit, a letter or a command."""
        unit, start = self.peek(), self.position
        if not unit or unit in "}&" or unit in (r"\\", r"\end", r"\right"):
            raise self.fail("an argument is missing", start, r"write it in braces: \frac{1}{x}")
        if unit in "0123456789":
            self.position += 1
            self.emit(NUMBER, unit, start)
        elif unit.isascii() and unit.isalpha():
            self.position += 1
            self.emit(NAME, unit, start)
        elif unit[1:] in NAMES:
            self.take()
            self.emit(NAME, NAMES[unit[1:]], start)
        else:
            self.unit(unit)

    def group(self, brackets: str = "{}") -> None:
        """Read ``{…}``; braces around brackets alone are left out."""
        start, index = self.take(), len(self.tokens)
        self.emit(SIGN, brackets[0], start)
        self.sequence("}", *_BETWEEN)
        if between := _BETWEEN.get(self.peek()):
            middle = self.take()
            before, signs, after = between
            first = self.tokens[index]
            kinds = (NAME if text.isalpha() else SIGN for text in before)
            self.tokens[index + 1 : index + 1] = [
                first._replace(kind=kind, text=text)
                for kind, text in zip(kinds, before, strict=True)
            ]
            for sign in signs:
                self.emit(SIGN, sign, middle)
            self.sequence("}")
            self.emit(SIGN, after, self.position)
        if self.peek() != "}":
            self.position = start + 1
            raise self.fail("'{' is never closed", start, "add '}'")
        self.emit(SIGN, brackets[1], self.take())
        if _is_bracketed(self.tokens[index + 1 : -1]):
            self.tokens[index:] = self.tokens[index + 1 : -1]

    # -- names -------------------------------------------------------------------------------

    def letters(self) -> None:
        """Read letters, a product unless declared or a function; digits go with the last."""
        start, match = self.position, _LETTERS.match(self.text, self.position)
        run, digits = (match[1] or match[3], match[2] or "") if match else ("", "")
        word = next((each for each in (run + digits, run) if self.is_word(each)), "")
        if word:
            if word not in self.declared:
                self.readings[f"{word} is the function \\{word}"] = None
        elif len(run) > 1:
            self.check_product(run, start)
            for self.position in range(start + 1, start + len(run)):
                self.emit(NAME, self.text[self.position - 1], self.position - 1)
            start, word = self.position, run[-1] + digits
        else:
            word = run + digits
        self.position = start + len(word)
        self.name(word, start)

    def is_word(self, run: str) -> bool:
        """Whether a run of letters is one name without a font that says so."""
        return run in self.declared or (len(run) > 1 and run in CALLABLE)

    def check_product(self, run: str, start: int) -> None:
        """Refuse letters with a function among them: ``sinx``, ``xysin``."""
        glued = GLUED.fullmatch(run) if len(run) <= _LONGEST + 2 else None
        known = (run[-size:] for size in range(_LONGEST, 2, -1) if run[-size:] in CALLABLE)
        function = glued["function"] if glued else next(known, None)
        if function:
            self.position = start + len(run)
            before, after = run.split(function, 1)
            meant = rf"{before} \{function} {after}".strip()
            raise self.fail(
                f"{run!r} is a product of letters in LaTeX", start, f"did you mean '{meant}'?"
            )

    def name(self, text: str, start: int) -> None:
        """Read a name's subscript, exponent and primes, and what a function has in braces."""
        index = len(self.tokens)
        self.emit(NAME, text, start)
        while (unit := self.peek()) and unit in "_^":
            if PLACES.match(self.text, self.position):
                break
            if unit == "^":
                exponent(self)
            elif (below := subscript(self, text)) is None:
                self.argument()
                opened = "log_" if text == "log" else f"{text}{OF_ORDER}"
                self.tokens[index] = self.tokens[index]._replace(text=opened)
            else:
                joined = f"{text}_{below}"
                plain = text + below
                known = plain in CALLABLE and joined not in self.declared
                name = plain if known and text != "log" else joined
                self.tokens[index] = self.tokens[index]._replace(text=name, end=self.position)
        if text in self.declared or not (text in CALLABLE or text in BY_NAME):
            self.multiplied(text, index)
        elif unit == "{":
            self.group("()")
            if self.peek() == "^":
                self.readings[f"the power after the braces is that of {text}"] = None

    def multiplied(self, text: str, index: int) -> None:
        """Multiply a name by the bracket that follows, but for a list of names: ``u(x, t)``."""
        if not _BRACKET.match(self.text, self.position) or self.tokens[-1].kind != NAME:
            return
        if self.tokens[index].text.partition("_")[0] in _CALLED and "_" in self.tokens[index].text:
            return
        if not _ARGUMENTS.match(self.text, self.position):
            is_letter = len(self.tokens[index].text) == 1 or text in FUNCTIONS
            if is_letter and text not in CONSTANTS and text not in self.declared:
                self.readings[f"{self.tokens[index].text}(…) is a product"] = None
            self.emit(SIGN, "*", self.position)

    # -- commands ----------------------------------------------------------------------------

    def command(self, name: str) -> None:
        """Read a command and what it applies to."""
        start = self.take()
        if name in STRUCTURES:
            STRUCTURES[name](self, start)
        elif name in SIGNS:
            self.emit(SIGN, SIGNS[name], start)
        elif name in SIZES:
            self.delimiter(SIZES[name])
        elif NAMES.get(name) in _WORDS:
            self.emit(NAME, NAMES[name], start)
        elif name in NAMES:
            if name in QUANTITIES:
                self.words.add(name)
            self.name(NAMES[name], start)
            if name in ("beta", "gamma") and self.peek() in ("(", r"\left"):
                self.readings[rf"\{name} is a variable, not the function"] = None
                self.emit(SIGN, "*", self.position)
        else:
            raise self.refusal(name, start)

    def refusal(self, name: str, start: int) -> FormulaError:
        """Return the error of a command that isn't read."""
        if name in REFUSED:
            return self.fail(rf"'\{name}' isn't read", start, REFUSED[name])
        known = [*STRUCTURES, *NAMES, *SIGNS, *SIZES, *BLANKS]
        close = get_close_matches(name, known, n=1)
        hint = rf"did you mean '\{close[0]}'?" if close else "write the formula in plain text"
        return self.fail(rf"unknown command '\{name}'", start, hint)

    def delimiter(self, side: str) -> None:
        r"""Read the bracket after ``\left``, ``\right`` or a size."""
        unit, start = self.peek(), self.take()
        sign = SIGNS.get(unit[1:], "") if unit.startswith("\\") else unit.translate(_ROUND)
        if unit == "." or (unit == r"\{" and self.peek() == r"\begin"):
            return
        if unit[1:] in NORMS:
            norm(self, start, unit[1:], side)
            return
        if sign not in ("/", *"()|⌊⌋⌈⌉", *BARS.values()):
            raise self.fail(f"{unit or 'the end'} is no bracket", start, r"write \left( … \right)")
        self.emit(SIGN, BARS[side] if sign == "|" else sign, start)

    def stray(self) -> None:
        """Refuse a sign that means something elsewhere only."""
        start = self.position
        unit = self.text[self.take()]
        hints = {
            "}": "remove it, or open it with '{'",
            "&": r"it stands in \begin{cases}",
            "_": "a subscript stands at a name, as in x_1; an entry of a tensor is x_{[0]}",
        }
        raise self.fail(f"unexpected {unit!r}", start, hints[unit])

    def square(self) -> None:
        """Read a square bracket, as a round one."""
        start = self.take()
        self.emit(SIGN, self.text[start].translate(_ROUND), start)


_ROUND = str.maketrans("[]", "()")
_CHARACTERS: dict[str, Callable[[Reader], None]] = {
    "{": Reader.group,
    "^": exponent,
    "[": Reader.square,
    "]": Reader.square,
    "_": places,
    **dict.fromkeys("}&", Reader.stray),
}


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

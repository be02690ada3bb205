r"""Arguments of functions in LaTeX: ``\sin k(x-vt)``, ``\sin x\sqrt{x}``, ``\Gamma(s, x)``.

An argument without brackets is what is juxtaposed. A new function ends it, as ``\,`` does, a
fraction or a root behind it, and an exponential; it is put into brackets here, and said where it
may be meant otherwise. Free functions over the reader of :mod:`diffcli.language.latex.reader`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from diffcli.language.latex.clauses import CLAUSES
from diffcli.language.latex.commands import ACCENTS, FONTS, FUNCTIONS, LETTERS, TEXTUAL
from diffcli.language.latex.reader import Reader
from diffcli.language.latex.scripts import PLACES
from diffcli.language.tokens import GREEK, GREEK_NAMES, NAME, SIGN, TIMES, Token
from diffcli.language.vocabulary import CALLABLE, CONSTANTS

_BRACKET = re.compile(r"(?:\\(?:left|[bB]igg?l?)\s*)?(?:\(|\[|\\\{)")
_OPENER = re.compile(
    r"(?:\\(?:left|[bB]igg?l?)\s*)?(?:[(\[|{]|\\\{|\\[lL]?[vV]ert(?![A-Za-z])|\\\||\\l(?:floor|ceil)(?![A-Za-z]))"
)
_WIDE = re.compile(r"\\[,:;>/ ]|\\q?quad|~|\\(?:thin|med|thick|en)space")
_EXPONENTIAL = re.compile(r"(?:e|\\(?:mathrm|text|operatorname)\s*\{\s*e\s*\})\s*\^")
_DIFFERENTIAL = re.compile(
    r"(?:d|\\(?:mathrm|text|rm|mathop)\s*(?:\{[\s~]*d\s*\}|d)|\{\s*\\rm\s+d\s*\}|\\mathrm\s*\{[\s~]*d[a-z]\s*\}|\\dd(?![a-z]))"
    r"(?:[\s~]|\\,)*(?:[A-Za-z](?![A-Za-z])|\\[A-Za-z]+|\{|(?<=[a-z]\})|_)"
)
_RUN = re.compile(r"[A-Za-z]+")
_FONT_WORD = re.compile(r"\\[A-Za-z]+\*?\s*(?:\{\s*([A-Za-z]+)\s*\}|([A-Za-z]))")
_FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac", "flatfrac"})
_CLOSED = frozenset({"sqrt", "sum", "prod", "int", "det", "begin", "root", "binom", "langle"})
"""Structures that are applied to something themselves, as functions are."""
_OPERATOR = re.compile(r"(?:\\cdot|\\times|\*|·|×|(?P<over>/|\\div))\s*(?:\\([A-Za-z]+))?")


_PAIRS = frozenset({"ln", "lg", "tg"})
"""Functions of two letters that are read without a command; any others are products."""


def is_word(reader: Reader, run: str) -> bool:
    """Whether a run of letters is one name without a font that says so."""
    if run in reader.declared:
        return True
    if run in GREEK_NAMES:
        return len(run) > 2 or not reader.has_commands
    return run in CALLABLE and (len(run) > 2 or run in _PAIRS)


def is_function_word(reader: Reader, run: str) -> bool:
    """Whether a run of letters is read as a function."""
    return run not in reader.declared and run in CALLABLE and is_word(reader, run)


def application(reader: Reader, text: str) -> None:
    """Read what a function applies to, unless the brackets of a call or primes follow."""
    unit = reader.peek()
    if unit == "{":
        reader.group("()")
        if reader.peek() == "^":
            reader.say(f"the power after the braces is that of {text}")
    elif text in CALLABLE and unit not in ("'", "’"):
        if _is_bracket(reader):
            _bracketed(reader, text)
        else:
            _juxtaposed(reader, text)


def _is_bracket(reader: Reader) -> bool:
    return _BRACKET.match(reader.text, reader.position) is not None


def _bracketed(reader: Reader, text: str) -> None:
    r"""Read the bracket of a call, and say that it ends there in ``\sin(n+1)\pi x``."""
    tokens = reader.captured(reader.balanced)
    reader.tokens += tokens
    kind = _kind(reader, reader.peek())
    is_wide = _WIDE.search(reader.text, reader.tokens[-1].end, reader.position)
    if kind == "letter" and not is_wide and any(token.text in ("+", "-") for token in tokens):
        reader.say(f"{text} applies to the bracket alone")


def _juxtaposed(reader: Reader, text: str) -> None:
    """Read an argument without brackets, and put it into brackets."""
    index, begin = len(reader.tokens), reader.position
    factors, is_constant, is_closed, is_doubtful = 0, True, False, False
    starts_with_number = reader.peek()[:1].isdigit()
    if reader.peek() in ("+", "-"):
        reader.unit(reader.peek())
        is_doubtful = True
    while kind := _kind(reader, reader.peek()):
        if factors:
            is_wide = _WIDE.search(reader.text, reader.tokens[-1].end, reader.position)
            may_end = is_closed or bool(is_wide) or kind in ("function", "structure", "e")
            goes_on = is_constant and not is_closed and kind != "function"
            if kind == "number" or (may_end and not goes_on):
                is_doubtful |= kind not in ("function", "e") and not (is_wide and kind != "letter")
                break
            # An argument of numbers alone, as in \sin 2\sqrt{x}, goes on.
            is_doubtful |= may_end
        first = len(reader.tokens)
        _factor(reader, kind)
        factors += 1
        is_closed = is_closed or reader.tokens[-1].text == "°"
        is_closed = is_closed or (
            factors == 1 and kind in ("function", "structure") and not _is_fraction(reader, begin)
        )
        is_constant &= all(_is_constant(reader, token) for token in reader.tokens[first:])
        if kind == "function":
            break
    if not factors:
        return
    operator = _OPERATOR.match(reader.text, reader.position)
    if operator and reader.position < reader.end:
        is_doubtful |= operator["over"] is not None or operator[2] not in FUNCTIONS
    argument = reader.text[begin : reader.tokens[-1].end].strip()
    if is_doubtful or factors > 1 + starts_with_number:
        shown = argument if len(argument) <= 30 else f"{argument[:14]}…{argument[-14:]}"
        reader.say(f"the argument of {text} is {shown}")
    reader.tokens.insert(index, Token(SIGN, "(", begin, begin))
    end = reader.tokens[-1].end
    reader.tokens.append(Token(SIGN, ")", end, end))


def _is_fraction(reader: Reader, start: int) -> bool:
    command = re.match(r"\\([A-Za-z]+)", reader.text[start : start + 12])
    return command is not None and command[1] in _FRACTIONS


def _is_constant(reader: Reader, token: Token) -> bool:
    is_value = token.text in CONSTANTS and token.text not in reader.declared
    return token.kind != NAME or is_value


def starts_factor(reader: Reader) -> bool:
    """Whether a factor begins here, which a function before it would apply to."""
    return bool(_kind(reader, reader.peek()))


def _kind(reader: Reader, unit: str) -> str:
    """Return the kind of the factor that begins here, '' if none does."""
    name = unit[1:]
    if not unit or unit in (")", "]", "}", "&"):
        return ""
    if unit[0].isdigit() or (unit == "." and reader.text[reader.position + 1 :][:1].isdigit()):
        return "number"
    if _is_differential(reader, reader.position):
        return ""
    if _EXPONENTIAL.match(reader.text, reader.position) and "e" not in reader.declared:
        return "e"
    if name in FONTS:
        return _font_kind(reader, name)
    if unit.isascii() and unit.isalpha():
        run = _RUN.match(reader.text, reader.position)
        word = run[0] if run else unit
        if word in CLAUSES and word not in reader.declared:
            return ""
        return "function" if is_function_word(reader, word) else "letter"
    if name in FUNCTIONS:
        return "function"
    if name in LETTERS or name in ACCENTS or unit[0] in GREEK:
        return "letter"
    if name in _FRACTIONS or name in _CLOSED:
        return "structure"
    if unit == "|" and reader.open[-1:] == ["|"]:
        return ""
    if unit in (r"\Vert", r"\|") and reader.open[-1:] == ["‖"]:
        return ""
    if unit in "√∛":
        return "structure"
    return "bracket" if _OPENER.match(reader.text, reader.position) else ""


def _is_differential(reader: Reader, position: int) -> bool:
    """Whether the differential of an integral around stands here."""
    is_open = reader.integrals > 0 and "d" not in reader.declared
    return is_open and _DIFFERENTIAL.match(reader.text, position) is not None


def _font_kind(reader: Reader, command: str) -> str:
    """Return the kind of a word in a font: a function, a name, or words between formulas."""
    word = _FONT_WORD.match(reader.text, reader.position)
    text = (word[1] or word[2]) if word else ""
    if not text:
        return "" if command in TEXTUAL else "letter"
    if text.lower() in CLAUSES:
        return ""
    is_function = text in CALLABLE and len(text) > 1 and text not in reader.declared
    return "function" if is_function else "letter"


def _factor(reader: Reader, kind: str) -> None:
    """Read one factor with the power, factorial or degree sign behind it."""
    unit = reader.peek()
    if kind == "bracket":
        if reader.tokens and reader.tokens[-1].text == TIMES:
            reader.tokens.pop()
            reader.emit(SIGN, TIMES, reader.position)
        reader.balanced()
    elif kind == "letter" and unit.isascii() and unit.isalpha():
        reader.letters(_until(reader))
    else:
        reader.unit(unit)
    while (unit := reader.peek()) in ("^", "!", "°") or (
        unit == "_" and PLACES.match(reader.text, reader.position)
    ):
        reader.unit(unit)


def _until(reader: Reader) -> int:
    """Return how many letters of a run come before a differential or an exponential, 0 for all."""
    run = _RUN.match(reader.text, reader.position)
    word = run[0] if run else ""
    if word in reader.declared or len(word) < 2:
        return 0
    for size in range(1, len(word)):
        position = reader.position + size
        is_power = _EXPONENTIAL.match(reader.text, position) and "e" not in reader.declared
        if is_power or _is_differential(reader, position):
            return size
    return 0


# -- functions by a Greek letter ---------------------------------------------------------------

_BY_GREEK: Mapping[tuple[str, int], str] = MappingProxyType(
    {
        ("Gamma", 1): "gamma",
        ("Gamma", 2): "gammaincc",
        ("gamma", 2): "gammainc",
        ("beta", 2): "beta",
        ("psi", 1): "digamma",
        ("zeta", 1): "zeta",
        ("zeta", 2): "zeta",
    }
)
"""Functions by their letter and the number of arguments in the brackets."""
_INCOMPLETE = frozenset({"gammainc", "gammaincc"})
"""Functions that are divided by Γ(s) in the language, and aren't in mathematics."""


def greek_call(reader: Reader, text: str, index: int) -> bool:
    """Read a Greek letter before a bracket: a function, or a factor that is said to be one.

    Return whether the letter can be a function at all.
    """
    token = reader.tokens[index]
    if text not in CALLABLE or token.text != text or text in reader.declared:
        return False
    if not _is_bracket(reader):
        return True
    function = _BY_GREEK.get((text, _count(reader)))
    if reader.tokens[-1] is not token or (function in ("gamma", "digamma", "zeta")):
        return True
    if function is None:
        reader.say(rf"\{text} is a variable, not the function")
        reader.emit(SIGN, TIMES, reader.position)
    elif function in _INCOMPLETE:
        reader.say(rf"\{text}(s, x) is the incomplete gamma function")
        tokens = reader.captured(reader.balanced)
        _incomplete(reader, function, index, tokens)
    else:
        reader.say(rf"\{text}(…) is the function {function}")
    return True


def _incomplete(reader: Reader, function: str, index: int, tokens: list[Token]) -> None:
    """Write an incomplete gamma function as the regularised one times Γ."""
    depth, comma = 0, 0
    for position, token in enumerate(tokens):
        depth += (token.text in ("(", "{")) - (token.text in (")", "}"))
        if token.text == "," and depth == 1:
            comma = position
    name = reader.tokens[index]
    opened, closed = name._replace(kind=SIGN, text="{"), tokens[-1]._replace(kind=SIGN, text="}")
    reader.tokens[index:] = [
        opened, name._replace(text=function), *tokens, closed._replace(text="*"),
        name._replace(text="Gamma"), *tokens[:comma], tokens[-1], closed,
    ]  # fmt: skip


def _count(reader: Reader) -> int:
    """Return how many arguments stand in the bracket here."""
    depth, count = 0, 1
    for index in range(reader.position, reader.end):
        character = reader.text[index]
        depth += (character in "([{") - (character in ")]}")
        count += depth == 1 and character in ",;"
        if depth == 0 and character in ")]}":
            break
    return count

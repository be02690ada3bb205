"""Text → tokens. What is written on paper (``x²``, ``√x``, ``α·β``, ``≤``) becomes plain here."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from diffcli.errors import FormulaError, LimitError
from diffcli.language.limits import MAX_CHARACTERS, MAX_DIGITS, MAX_EXPONENT, MAX_NAME
from diffcli.language.remedies import CHARACTERS

NUMBER, NAME, SIGN, SUPERSCRIPT, END = "number", "name", "sign", "superscript", "end"
TIMES = "\u2062"
"""The sign between a name and the bracket that it is multiplied by: an implicit product."""


class Token(NamedTuple):
    """A number, a name, a sign, a superscript or the end; ``start`` and ``end`` are columns."""

    kind: str
    text: str
    start: int
    end: int
    spaced: bool = False
    """Whether white space stands before it."""


GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρςστυφχψωΓΔΘΛΞΠΣΥΦΨΩϑϕϵϱϖµ",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
        "sigma sigma tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon "
        "Phi Psi Omega theta phi epsilon rho pi mu".split(),
        strict=True,
    )
)
"""Greek letters by the names they are read as."""

GREEK_NAMES = frozenset(GREEK.values())

_SIGNS = {
    "×": "*", "·": "*", "⋅": "*", "∙": "*", "∗": "*", "•": "*", "÷": "/", "∕": "/", "⁄": "/",
    **dict.fromkeys("−–‐‑‒—", "-"), "⨯": "*", "✕": "*", "≤": "<=", "≥": ">=", "≠": "!=", "^": "**",
    "∧": "and", "∨": "or", "¬": "not", "′": "'", "’": "'", ":=": "=",
}  # fmt: skip
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_RAISED = "ᵃᵇᶜᵈᵏᵐⁿᵖʳˢᵗᵘᵛʷˣʸᶻ"
_SUPERSCRIPTS = str.maketrans(f"⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻{_RAISED}", "0123456789+-abcdkmnprstuvwxyz")
_FRACTIONS = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒"
_LOOKALIKES = dict(zip("асеорхуіјАВЕКМНОРСТХ", "aceopxyijABEKMHOPCTX", strict=True))
_PRIMES = {"″": 2, "‴": 3}
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
"""Characters without width, which may stand anywhere but inside a name or a number."""
_BLANK = (
    r"(?:[ \t\r\f\v\u00a0\u2000-\u200a\u202f\u205f\u2061-\u2064\u3000]+|\#[^\n]*+"
    rf"|(?<![A-Za-z0-9_.])[{_UNSEEN}]+|[{_UNSEEN}]++(?![A-Za-z0-9_.]))*+"
)
"""White space, signs without width and comments within a line, in verbose patterns too."""
_GREEK_CLASS = "".join(GREEK)
_BRACED = re.compile(r"(\bHypergeometricPFQ\s*\[\s*)\{([^{}]*)\}(\s*,\s*)\{([^{}]*)\}")
"""Mathematica's lists, which stand in square brackets here; no character moves."""
_TOKEN = re.compile(
    rf"""
    {_BLANK} (?:
    (?P<line>   \n )
  | (?P<number> (?:[0-9][0-9_]*(?:\.(?!\.)[0-9]*)?|\.[0-9]+) (?:[eE][+-]?[0-9]+)?
                | [{_FRACTIONS}] )
  | (?P<name>   (?:[A-Za-z][A-Za-z0-9]*|[{_GREEK_CLASS}][0-9]*) (?:_[A-Za-z0-9]+)* [₀-₉]* _? )
  | (?P<superscript> [⁺⁻]?(?:[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[{_RAISED}]) )
  | (?P<sign>   \*\*|<=|>=|==|!=|:=|\.\.|[-+*/^%@!<>=()\[\],;:|‖.'′’″‴×·⋅∙∗•⨯✕÷∕⁄−–‐‑‒—≤≥≠∧∨¬]
                | [√∛∜⌊⌋⌈⌉°∞∂∑∏ᵀ] )
    )
    """,
    re.VERBOSE,
)
_SPACE = re.compile(_BLANK)
_COMPONENT = re.compile(r"\[[0-9]+\]")

_IS_LATEX = re.compile(r"[\\$]|[\^_]\s*\{|\}\s*[\^_]|\{,\}|\^\*(?![*\w(])|[∑∏∫]\s*_")
"""Signs that only LaTeX has."""


def tokenize(text: str) -> list[Token]:
    """Cut a text into tokens; the last one is the end.

    A line break ends a definition (``y = x + 2``) and is white space elsewhere; ``#`` begins a
    comment. Raises FormulaError at a character that isn't part of the language, LimitError for a
    text or a number beyond the limits.
    """
    if len(text) > MAX_CHARACTERS:
        raise LimitError(
            f"the formula has {len(text):,} characters", hint=f"at most {MAX_CHARACTERS:,} are read"
        )
    typed, text = text, _BRACED.sub(r"\1[\2]\3[\4]", plain(text))
    tokens: list[Token] = []
    position, depth, defining = 0, 0, False
    while match := _TOKEN.match(text, position):
        end = match.end()
        if match.lastgroup == "line":
            if defining and depth == 0:
                tokens.append(Token(SIGN, ";", end - 1, end, True))
                defining = False
            position = end
            continue
        token = _token(match, position)
        if token.kind == SIGN:
            depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
            if depth == 0:
                defining = token.text == "=" or (defining and token.text != ";")
        tokens += [token] * _PRIMES.get(match[0][-1], 1)
        position = end
    rest = _SPACE.match(text, position)
    end = rest.end() if rest else position
    if end < len(text):
        raise _unreadable(typed, end)
    tokens.append(Token(END, "", end, end, end > position))
    return tokens


def plain(text: str) -> str:
    """Return a text with the letters of mathematical fonts (𝑥, 𝛼, ℎ, 𝟐) as plain ones.

    Each stays in its column.
    """
    return text if text.isascii() else text.translate(_fonts())


@cache
def _fonts() -> dict[int, str]:
    fonts = {}
    for code in (*range(0x2100, 0x2150), *range(0x1D400, 0x1D800)):
        kind, _, plain = unicodedata.decomposition(chr(code)).partition(" ")
        if kind == "<font>":
            fonts[code] = unicodedata.normalize("NFKC", chr(int(plain, 16)))
    return fonts


def variable_name(text: str) -> str | None:
    """Return the name of a variable, or of a component ``x[0]``, as formulas are read; or None."""
    text = plain(text)
    match = _TOKEN.fullmatch(_COMPONENT.sub("", text, count=1))
    if match is None or match.lastgroup != NAME:
        return None
    return _token(match, 0).text + text[match.end() :]


def token_at(text: str, position: int) -> Token:
    """Return the token at a column; raise FormulaError where none of the language begins."""
    match = _TOKEN.match(plain(text), position)
    if match is None:
        raise _unreadable(text, position)
    return _token(match, position)


def _token(match: re.Match[str], position: int) -> Token:
    """Return the token that was matched; ``position`` is where the one before it ends."""
    kind = str(match.lastgroup)
    raw, start, end = match[kind], match.start(kind), match.end()
    if kind == NUMBER and match.string[end : end + 1] == "." != match.string[end + 1 : end + 2]:
        raise FormulaError(
            "a number has one decimal point", text=match.string, column=end, hint="remove one"
        )
    if kind == NAME:
        if len(raw) > MAX_NAME:
            raise LimitError(
                f"a name of {len(raw):,} characters", hint=f"at most {MAX_NAME:,} are read"
            )
        raw = raw.translate(_SUBSCRIPTS)
        raw = GREEK[raw[0]] + raw[1:] if raw[0] in GREEK else raw
    elif kind == SUPERSCRIPT:
        raw = raw.translate(_SUPERSCRIPTS)
    elif raw in _FRACTIONS:
        raw = unicodedata.normalize("NFKC", raw).replace("⁄", "/")
    elif raw == "∞":
        kind, raw = NAME, "inf"
    elif kind == SIGN and raw in _PRIMES:
        raw = "'"
    elif kind == SIGN:
        raw = _SIGNS.get(raw, raw)
        kind = NAME if raw.isalpha() and raw.isascii() else SIGN
    return Token(kind, raw, start, end, start > position)


def exact(token: Token, text: str) -> Fraction:
    """Return the exact value of a number token: ``0.1`` is one tenth."""
    if token.text.isdecimal() and len(token.text) <= MAX_DIGITS:
        return Fraction(int(token.text))
    mantissa, _, exponent = token.text.replace("_", "").lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > 5 or abs(int(exponent or 0)) > MAX_EXPONENT:
        raise LimitError(
            "this number is too long",
            text=text,
            column=token.start,
            width=token.end - token.start,
            hint=f"at most {MAX_DIGITS} digits and exponents within ±{MAX_EXPONENT} are read",
        )
    return Fraction(mantissa) * Fraction(10) ** int(exponent or 0)


def _unreadable(text: str, position: int) -> FormulaError:
    """Say which character it is by its Unicode name, and what was probably meant."""
    character = text[position]
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    plain = _LOOKALIKES.get(character) or unicodedata.normalize("NFKC", character)
    if character in _UNSEEN:
        hint = "remove this character, which is invisible"
    elif character in CHARACTERS:
        hint = CHARACTERS[character]
    elif plain != character and plain.isascii() and plain.isprintable():
        hint = f"did you mean {plain!r}?"
    else:
        hint = "names are Latin or Greek letters"
    shown = f"{character!r} ({name})" if not character.isascii() else f"{character!r}"
    return FormulaError(f"unexpected {shown}", text=text, column=position, hint=hint)


class Scan(NamedTuple):
    """The tokens of a text, the words that are names by their font, and what was doubtful."""

    tokens: list[Token]
    words: frozenset[str] = frozenset()
    readings: tuple[str, ...] = ()
    vectors: tuple[tuple[str, int], ...] = ()
    """Names that are written as vectors or matrices, with the number of their axes."""


def is_latex(text: str) -> bool:
    r"""Whether a text is written in LaTeX: it has a backslash, a ``$``, ``^{`` or ``_{``."""
    return _IS_LATEX.search(text) is not None

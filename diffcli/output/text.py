"""Text that may be shown on a terminal: no control characters, numbers as a person reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffcli.output.report import Nested, NestedText

DIGITS = 12
"""Significant digits shown unless asked otherwise."""

DOUBLE = 17
"""Significant digits that a float64 has at most; beyond them only an enclosure has any."""

KEPT = 15
"""Significant digits of a decimal that a float64 always keeps."""
_WITHIN = 300
"""Decimal exponents within which it does."""

MISSING = "—"
_LONG_LIST = 8
_EXPONENT = re.compile(r"e([+-])0*(\d+)$")
_WHOLE_PART = re.compile(r"^(-?\d+|—)")
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾"
"""The superscripts that a notation may have."""
LOWERED = str.maketrans(RAISED, "0123456789()")
_RAISING = {lowered: raised for raised, lowered in LOWERED.items()}
PRIMES: dict[int, str] = {ord(prime): "'" * count for count, prime in enumerate("′″‴", 1)}
_ASCII: dict[int, Any] = {**LOWERED, **PRIMES, ord("∂"): "d"}
_POWER = re.compile(r"\*\*(\d+)(?![\d.]|\*\*)")
_TOWER = re.compile(r"\*\*-?\w+\*\*")
"""A power in an exponent: in e^-x² it would be hard to see what is raised."""
_LATEX: Mapping[int, str] = str.maketrans({char: f"\\{char}" for char in "#$%&_{}"} | {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "′": "$'$", "″": "$''$", "‴": "$'''$", "µ": r"$\mu$", "…": r"\dots{}", "—": "---", "–": "--",
    "−": "$-$", "ℝ": "$\\mathbf{R}$", "√": r"$\surd$", "✓": "", "✗": "",
} | {
    char: rf"$\{name}$" for char, name in {
        "∂": "partial", "∇": "nabla", "‖": "|", "±": "pm", "×": "times", "·": "cdot",
        "≤": "leq", "≥": "geq", "≠": "neq", "≈": "approx", "∞": "infty", "→": "to", "↦": "mapsto",
        "∈": "in", "∉": "notin", "∧": "wedge", "∨": "vee", "∫": "int", "∑": "sum", "∪": "cup",
        "∩": "cap", "⊤": "top", "⟨": "langle", "⟩": "rangle", "∅": "emptyset",
    }.items()
} | {
    letter: rf"$\{name}$" for letter, name in zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ",
        ("alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho "
         "sigma tau upsilon varphi chi psi omega "
         "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega").split(),
        strict=True,
    )
} | {raised: f"$^{{{lowered}}}$" for raised, lowered in zip(RAISED, "0123456789()", strict=True)}
)  # fmt: skip


def safe(text: str) -> str:
    """Return text with every character that isn't printable escaped, so that none acts.

    Tabs and other white space become spaces.
    """
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return " " if char.isspace() else char.encode("unicode_escape").decode()


def number(value: float | str | None, digits: int | None = None) -> str:
    """Return a number with so many significant digits, whole numbers without a point.

    What was typed stays as it is.
    """
    if value is None or isinstance(value, str):
        return value or MISSING
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.{min(digits or DIGITS, DOUBLE)}g}"
    return _EXPONENT.sub(lambda match: f"e{match[1].replace('+', '')}{match[2]}", text)


def proved(enclosure: tuple[str, str], digits: int) -> str:
    """Return the significant digits that both ends of an enclosure share, as many at most.

    Up to those that every float64 keeps they are written as a float's are.
    """
    for count in range(digits, 0, -1):
        context = Context(prec=count, rounding=ROUND_HALF_EVEN)
        low, high = (context.create_decimal(end) for end in enclosure)
        if low == high:
            is_float = digits <= KEPT and abs(low.adjusted()) < _WITHIN
            return (
                number(float(low), digits) if is_float else _decimal(low.normalize(context), digits)
            )
    return "0"


def _decimal(value: Decimal, digits: int) -> str:
    plain = -5 < value.adjusted() < digits
    return f"{value:f}" if plain else str(value).lower().replace("e+", "e")


def numbers(value: Nested | NestedText, digits: int | None = None) -> str:
    """Return a number, or a list of them of which a long one is shortened."""
    if not isinstance(value, list):
        return number(value, digits)
    if len(value) <= _LONG_LIST:
        return f"[{', '.join(numbers(part, digits) for part in value)}]"
    first, last = (", ".join(numbers(x, digits) for x in part) for part in (value[:3], value[-3:]))
    return f"[{first}, …, {last}]"


def aligned(column: Sequence[str]) -> list[str]:
    """Pad numbers on the right so that, right-justified, their decimal points stand in line."""
    tails = [len(_WHOLE_PART.sub("", text)) for text in column]
    return [text + " " * (max(tails) - tail) for text, tail in zip(column, tails, strict=True)]


def ascii_name(notation: str) -> str:
    """Return a derivative's notation in ASCII, for a machine: ``d2f/dxdy``, ``f'``."""
    return re.sub(r"\((?=[^\W\d])\w+\)$", "", notation.translate(_ASCII))


def superscript(number: int) -> str:
    """Return a whole number as it stands in an exponent: ``²``."""
    return "".join(chr(_RAISING[ord(digit)]) for digit in str(number))


def raised(text: str) -> str:
    """Return a formula as it is read most easily: ``3·x²``. Typed again, it means the same."""
    powers = text
    if not _TOWER.search(text):
        powers = _POWER.sub(lambda match: superscript(int(match[1])), text)
    return powers.replace("**", "^").replace("*", "·")


def latex_text(text: str) -> str:
    """Return words as LaTeX shows them, its special characters escaped."""
    return text.translate(_LATEX)


def latex_code(text: str) -> str:
    """Return a formula as it is typed, as LaTeX shows it."""
    return f"\\texttt{{{latex_text(text)}}}"


LONGEST = 2000
"""Characters of a formula or a list of numbers that a person reads."""
_LEFT, _RIGHT = 400, 100


def elided(text: str) -> str:
    """Return a text, of a very long one its beginning and its end, and how long it is."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:_LEFT]} … {text[-_RIGHT:]} ({len(text):,} characters)"

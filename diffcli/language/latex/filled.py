r"""Bold ones, zeros and unit matrices in LaTeX: ``\mathbf{I}_{n}``, ``\mathbf{1}^{\top} x``.

Ones without a length are those that fit: before a product they sum its entries, behind one the
entries of each row, and beside a number they are what it broadcasts to.
"""

from __future__ import annotations

import re

from diffcli.language.latex.reader import Reader
from diffcli.language.tokens import NAME, NUMBER, SIGN, Token

_ENTRY = re.compile(r"\s*\{\s*(?P<entry>[01]|I(?=\s*\}\s*_))\s*\}")
"""Ones, zeros, and a unit matrix where it has a length; a bold I alone is a matrix's name."""
_LENGTHS = re.compile(r"\s*_\s*\{\s*(?P<row>\w+)\s*(?:\\times\s*(?P<column>\w+)\s*)?\}")
_FILLINGS = {"I": "eye", "1": "ones", "0": "zeros"}
_TURNED = re.compile(r"\s*\^\s*(?:\{\s*)?\\(?:top|intercal)(?![A-Za-z])(?:\s*\})?")
_ONES = re.compile(r"\\(?:mathbf|boldsymbol|bm)\s*\{\s*1\s*\}(?!\s*[_^])")
_ENDS = frozenset({"+", "-", "=", ",", ")", "]", "}", "&", "\\\\", r"\right", r"\rVert", r"\|"})
"""Units that end a product."""
_OPENING, _CLOSING, _BETWEEN = frozenset("({["), frozenset(")}]"), frozenset("+-,;=")


def filled(reader: Reader, start: int) -> bool:
    """Read ones, zeros or a unit matrix behind a bold font; return whether there are any."""
    entry = reader.match(_ENTRY)
    if not entry:
        return False
    lengths = reader.match(_LENGTHS)
    if lengths:
        row, *columns = filter(None, lengths.groups())
        _emit(reader, start, _FILLINGS[entry["entry"]], "(", row)
        for column in columns:
            _emit(reader, start, ",", column)
        reader.emit(SIGN, ")", reader.position)
    elif entry["entry"] == "0":
        reader.emit(NUMBER, "0", start)
    elif reader.match(_TURNED):
        _sum_of_entries(reader, start)
    else:
        _sum_of_rows(reader, start)
    return True


def _sum_of_entries(reader: Reader, start: int) -> None:
    r"""Read the product behind ``\mathbf{1}^{\top}``: its entries' sum, or that of its columns."""
    _emit(reader, start, "sum", "(")
    of_all = False
    while (unit := reader.peek()) and unit not in _ENDS and not of_all:
        of_all = reader.match(_ONES) is not None
        if not of_all:
            reader.balanced()
    if not of_all:
        _emit(reader, start, ",", "axis", "=", "0")
    reader.emit(SIGN, ")", reader.position)


def _sum_of_rows(reader: Reader, start: int) -> None:
    """Sum the rows of the product before ones; beside numbers, or alone, they are 1."""
    index, depth = len(reader.tokens), 0
    while index:
        text = reader.tokens[index - 1].text
        depth += (text in _CLOSING) - (text in _OPENING)
        if depth < 0 or (depth == 0 and text in _BETWEEN):
            break
        index -= 1
    product = reader.tokens[index:]
    if any(token.kind == NAME and token.text in reader.vectors for token in product):
        reader.tokens[index:index] = [
            Token(NAME, "sum", start, start),
            Token(SIGN, "(", start, start),
        ]
        _emit(reader, start, ",", "axis", "=", "1", ")")
    elif not product:
        reader.emit(NUMBER, "1", start)


def _emit(reader: Reader, start: int, *texts: str) -> None:
    for text in texts:
        kind = NUMBER if text.isdigit() else NAME if text.isidentifier() else SIGN
        reader.emit(kind, text, start)

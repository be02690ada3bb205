r"""``\begin{cases}``, ``\begin{aligned}``, ``\begin{pmatrix}`` and their relatives.

Free functions over the reader of :mod:`diffcli.language.latex.reader`.
"""

from __future__ import annotations

import re

from diffcli.language.latex.clauses import (
    WORD,
    completed,
    condition_of,
    trimmed,
    value_of,
)
from diffcli.language.latex.commands import (
    ALIGNED,
    DETERMINANTS,
    ENVIRONMENTS,
    MATRICES,
    WRAPPERS,
)
from diffcli.language.latex.reader import Reader
from diffcli.language.tokens import NAME, SIGN, Token
from diffcli.language.vocabulary import MATRIX

_LINE = re.compile(r"\\\\\*?(?:\s*\[[^\]]*\])?")
_NAME = re.compile(r"\s*\{\s*([a-zA-Z]+\*?)\s*\}")
_COLUMNS = re.compile(r"\s*(?:\[[a-z]\])?\s*\{[lcr|@{}\s0-9]*\}")
_PLACE = re.compile(r"\s*\[[a-z]\]")
_EQUALITIES = re.compile(r"\s*\{\s*r\s*c\s*l\s*\}")
"""The columns of a left side, a sign of equality and a right side."""
_CONTINUED = frozenset({"+", "-", "*", "/"})


def begin(reader: Reader, start: int) -> None:
    r"""Read ``\begin{cases} a & c \\ b & \text{otherwise} \end{cases}`` and its relatives."""
    match = reader.match(_NAME)
    name = match[1] if match else ""
    is_choice = reader.text[:start].rstrip().endswith(r"\{")
    if name in WRAPPERS:
        reader.sequence(r"\end")
    elif name in ALIGNED and not is_choice:
        reader.match(_COLUMNS if "at" in name else _PLACE)
        _lines(reader)
    elif (name in MATRICES and not is_choice) or name in DETERMINANTS:
        _matrix(reader, start, "det" if name in DETERMINANTS else "")
    elif name == "array" and reader.match(_EQUALITIES):
        _lines(reader)
    elif name in ENVIRONMENTS or is_choice:
        if name == "array":
            reader.match(_COLUMNS)
        _cases(reader, start, is_choice=name != "array")
    else:
        raise reader.fail(
            rf"'\begin{{{name}}}' isn't read", start, r"\begin{cases} and plain formulas are"
        )
    if reader.peek() != r"\end":
        raise reader.fail(rf"'\begin{{{name}}}' never ends", start, rf"add \end{{{name}}}")
    reader.take()
    reader.match(_NAME)


def _row(reader: Reader) -> list[list[Token]]:
    """Read the cells of a line, without its end."""
    cells = [reader.captured(lambda: reader.sequence("&", r"\\", r"\end"))]
    while reader.peek() == "&":
        reader.take()
        cells.append(reader.captured(lambda: reader.sequence("&", r"\\", r"\end")))
    return cells


def _goes_on(reader: Reader) -> bool:
    """Go past the end of a line, and say whether another line follows."""
    return reader.match(_LINE) is not None and reader.peek() not in (r"\end", "")


# -- cases -------------------------------------------------------------------------------------


def _cases(reader: Reader, start: int, *, is_choice: bool) -> None:
    """Read lines of values with their conditions; those of an array may be a matrix."""
    reader.emit(NAME, "piecewise", start)
    reader.emit(SIGN, "(", start)
    while _piece(reader, start, is_choice=is_choice):
        reader.emit(SIGN, ",", reader.position)
    reader.emit(SIGN, ")", reader.position)


def _piece(reader: Reader, start: int, *, is_choice: bool) -> bool:
    """Read a line of cases, and say whether another follows; an array may be no choice."""
    begin = reader.position
    cells = [cell for cell in map(trimmed, _row(reader)) if cell]
    if len(cells) < 2 and not is_choice:
        raise reader.fail(
            "an array without conditions isn't read", start, r"\binom{n}{k}, \begin{cases}"
        )
    if len(cells) > 2:
        raise reader.fail("a line of cases has a value and a condition", begin, r"a & x > 0 \\")
    if len(cells) == 1 and any(token.kind == WORD for token in cells[0]):
        # The words stand in the same cell: ``x^2 \text{ if } x>0``, which gives one piece.
        inner = completed(reader, cells[0])
        reader.tokens += inner[2:-1]
    elif len(cells) == 1 and (cut := _comma(cells[0])):
        cells = [cells[0][:cut], cells[0][cut + 1 :]]
        _emit(reader, cells, begin)
    else:
        _emit(reader, cells, begin)
    return _goes_on(reader)


def _comma(cell: list[Token]) -> int:
    """Return the place of the comma between a value and a comparison in one cell, 0 if none."""
    commas = [index for index, token in enumerate(cell) if token.text == ","]
    signs = {"<", "<=", ">", ">=", "!=", "="}
    is_pair = len(commas) == 1 and any(token.text in signs for token in cell[commas[0] :])
    return commas[0] if is_pair else 0


def _emit(reader: Reader, cells: list[list[Token]], start: int) -> None:
    reader.emit(SIGN, "(", start)
    reader.tokens += trimmed(value_of(cells[0])) if cells else []
    if len(cells) == 2:
        reader.emit(SIGN, ",", reader.position)
        reader.tokens += condition_of(cells[1])
    reader.emit(SIGN, ")", reader.position)


# -- lines and matrices ------------------------------------------------------------------------


def _lines(reader: Reader) -> None:
    r"""Read lines: one that begins with an operator goes on, ``&=`` says the same again.

    Any other line is a statement of its own.
    """
    while True:
        line = [token for cell in _row(reader) for token in cell]
        while line and line[-1].text in (",", ";", "."):
            line.pop()
        if line and reader.tokens and line[0].text == "=":
            reader.say("only the first of lines that are said to be equal is read")
        elif line and reader.tokens and line[0].text not in _CONTINUED:
            reader.emit(SIGN, ";", line[0].start)
            reader.tokens += line
        else:
            reader.tokens += line
        if not _goes_on(reader):
            return


def _matrix(reader: Reader, start: int, function: str) -> None:
    """Read the rows of a matrix, of which a function may be meant."""
    rows = [_row(reader)]
    while _goes_on(reader):
        rows.append(_row(reader))
    if len({len(row) for row in rows}) > 1 or not all(cell for row in rows for cell in row):
        raise reader.fail(
            "rows of different lengths", start, r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}"
        )
    if function:
        reader.emit(NAME, function, start)
        reader.emit(SIGN, "(", start)
    reader.emit(NAME, MATRIX, start)
    for number, row in enumerate(rows):
        reader.emit(SIGN, "," if number else "(", start)
        for index, cell in enumerate(row):
            reader.emit(SIGN, "," if index else "(", start)
            reader.tokens += cell
        reader.emit(SIGN, ")", start)
    reader.emit(SIGN, ")", start)
    if function:
        reader.emit(SIGN, ")", start)


def end(reader: Reader, start: int) -> None:
    r"""Refuse ``\end`` alone."""
    raise reader.fail(r"'\end' without '\begin'", start, "remove it")


def line(reader: Reader, start: int) -> None:
    r"""Refuse ``\\`` alone."""
    raise reader.fail(r"'\\' stands between the lines of cases", start, "type one formula a time")

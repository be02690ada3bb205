r"""Brackets, bars and their sizes in LaTeX: ``\left(``, ``\bigl|``, ``[x^2]_0^1``, ``x|_{x=2}``.

Free functions over the reader of :mod:`diffcli.language.latex.reader`.
"""

from __future__ import annotations

from diffcli.language.latex.commands import BARS, SIGNS
from diffcli.language.latex.derivatives import bracket_start, evaluated
from diffcli.language.latex.reader import Reader
from diffcli.language.latex.scripts import PLACES
from diffcli.language.latex.structures import NORMS, STRUCTURES, norm
from diffcli.language.tokens import SIGN

_ROUND = str.maketrans("[]", "()")


def delimiter(reader: Reader, side: str, size: str) -> None:
    r"""Read the bracket after ``\left``, ``\right`` or a size."""
    unit, start = reader.peek(), reader.take()
    sign = SIGNS.get(unit[1:], "") if unit.startswith("\\") else unit.translate(_ROUND)
    opened = reader.lefts.pop() if size == "right" and reader.lefts else None
    if size == "left":
        reader.lefts.append(len(reader.tokens) if unit == "." else None)
    if unit == "." or (unit == r"\{" and reader.peek() == r"\begin"):
        return
    if sign == "|" and reader.peek() == "_" and (opened is not None or side == ""):
        evaluated(reader, start, opened)
    elif unit[1:] in NORMS:
        norm(reader, start, unit[1:], side)
    elif unit[1:] in ("langle", "rangle"):
        STRUCTURES[unit[1:]](reader, start)
    elif sign in ("/", *"()|⌊⌋⌈⌉", *BARS.values()):
        reader.emit(SIGN, BARS[side] if sign == "|" else sign, start)
        if unit == "]" and reader.peek() == "_" and not _is_place(reader):
            evaluated(reader, start, bracket_start(reader.tokens))
    else:
        raise reader.fail(f"{unit or 'the end'} is no bracket", start, r"write \left( … \right)")


def square(reader: Reader) -> None:
    """Read a square bracket, as a round one; ``[F]_a^b`` is a difference."""
    start = reader.take()
    reader.emit(SIGN, reader.text[start].translate(_ROUND), start)
    if reader.text[start] == "]" and reader.peek() == "_" and not _is_place(reader):
        evaluated(reader, start, bracket_start(reader.tokens))


def _is_place(reader: Reader) -> bool:
    """Whether an index of a tensor stands here."""
    return PLACES.match(reader.text, reader.position) is not None


def bar(reader: Reader) -> None:
    """Read a vertical bar, ``x^2|_{x=2}``."""
    start, is_inner = reader.take(), reader.open[-1:] == ["|"]
    if reader.peek() == "_" and not is_inner:
        evaluated(reader, start, None)
    else:
        reader.emit(SIGN, "|", start)

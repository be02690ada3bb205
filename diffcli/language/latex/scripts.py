r"""Subscripts and superscripts in LaTeX: ``x_{max}``, ``x^{2}``, ``30^\circ``."""

from __future__ import annotations

import re

from diffcli.errors import FormulaError
from diffcli.language.latex.commands import FONTS, FUNCTIONS, LETTERS, MARKS
from diffcli.language.latex.derivatives import primes
from diffcli.language.latex.reader import Reader
from diffcli.language.tokens import NAME, NUMBER, SIGN, Token
from diffcli.language.vocabulary import CALLABLE, CONSTANTS, ORDERED

_CIRCLE = re.compile(r"\^\s*(?:\\circ(?![A-Za-z])|\{\s*\\circ\s*\})")
_PRIMES = re.compile(r"\^\s*(?:\\prime(?![A-Za-z])|\{\s*(?:(?:\\prime|')\s*)+\})")
_DERIVATIVE = re.compile(r"\^\s*\{\s*\(([^(){}]*)\)\s*\}")
_TRANSPOSED = re.compile(
    r"\^\s*(?:\\(?:top|intercal)(?![A-Za-z])"
    r"|\{\s*\\(?:(?:top|intercal)(?![A-Za-z])|(?:mathsf|mathrm|rm|text)\s*\{?\s*T\s*\}?)\s*\})"
)
_INVERSE_TRANSPOSED = re.compile(
    r"\^\s*\{\s*-\s*(?:\\(?:top|intercal)(?![A-Za-z])|T|\\(?:mathsf|mathrm|rm|text)\s*\{?\s*T\s*\}?)\s*\}"
)
_ENTRYWISE = re.compile(r"\^\s*\{\s*\\odot(?![A-Za-z])")
PLACES = re.compile(r"_\s*\{\s*\[")
_GROUP, _CALL = re.compile(r"\s*\{"), re.compile(r"\s*(?:\\left\s*)?\(")
_APPLIED = re.compile(r"\\[A-Za-z]+\s*[{\[]")
"""A command with what it takes: no part of a name."""
_INDEX = re.compile(r"[A-Za-z0-9]+")
_ONE = re.compile(r"[0-9]+|[A-Za-z]")
_NAMED = {**LETTERS, **FUNCTIONS}
_MARK = re.compile(r"[*+-]|\\(?:ast|star|odot|oplus|circ|perp|parallel|dagger)(?![A-Za-z])")
_STAR = re.compile(
    r"\^\s*(?:\{\s*)?(?P<mark>\*|\\(?:ast|star|dagger)(?![A-Za-z]))(?P<group>\s*\})?"
)
_LABEL = re.compile(r"\^\s*\{\s*\(\s*([A-Za-z]|[0-9]+)\s*\)\s*\}")
_TEXT_LABEL = re.compile(
    r"\^\s*(?:\{\s*)?\\(?:text|mathrm|textrm|mathit)\s*\{\s*([A-Za-z]{2,})\s*\}(?:\s*\})?"
)
NUMERAL = re.compile(r"(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def subscript(reader: Reader, base: str) -> str | None:
    """Read ``_{max}`` or ``_1``; None for a logarithm's base or an order that is a formula."""
    start = reader.take()
    after = reader.position
    is_order = base in ORDERED and _is_called(reader.text, after)
    is_order &= not any(name.startswith(f"{base}_") for name in reader.declared)
    parts: list[str] = []
    depth = 0
    while unit := reader.peek():
        position = reader.position
        if unit == "{":
            depth, reader.position = depth + 1, position + 1
        elif unit == "}":
            depth, reader.position = depth - 1, position + 1
        elif match := reader.match(_INDEX if depth else _ONE):
            parts.append(match[0])
            if depth == 0 and len(match[0]) > 1:
                reader.readings[f"_{match[0]} is read as _{{{match[0]}}}"] = None
        elif not parts and (mark := _MARK.match(reader.text, position)) and not is_order:
            reader.position = mark.end()
            if depth and reader.peek() != "}":
                raise _no_name(reader, start)
            parts.append(MARKS[mark[0]])
        elif unit == "," or (unit in ("_", r"\_") and not is_order):
            reader.take()
            parts.append("_")
        elif unit[1:] in FONTS or (
            unit[1:] in _NAMED and not _APPLIED.match(reader.text, reader.position)
        ):
            reader.take()
            parts.append(_NAMED.get(unit[1:], ""))
            if unit[1:] in FONTS:
                continue
        elif base == "log" or is_order:
            reader.position = after
            return None
        else:
            reader.take()
            raise _no_name(reader, start)
        if depth == 0:
            break
    end = reader.position
    if reader.peek() == "_":
        raise reader.fail("two subscripts", start, "x_{i,j}")
    reader.position = end
    subscript = re.sub("__+", "_", "".join(parts)).strip("_")
    if not subscript:
        raise reader.fail("an empty subscript", start, "x_1, x_{12}, x_{max}")
    return subscript


def _no_name(reader: Reader, start: int) -> FormulaError:
    return reader.fail(
        "a subscript is a name or a number", start, r"x_1, x_{i,j}, x_{\mathrm{max}}"
    )


def _is_called(text: str, start: int) -> bool:
    """Whether a group stands here, and a bracket opens after it."""
    opener = _GROUP.match(text, start)
    depth = 0
    for index in range(opener.end() - 1, len(text)) if opener else ():
        depth += (text[index] == "{") - (text[index] == "}")
        if depth == 0:
            return _CALL.match(text, index + 1) is not None
    return False


def exponent(reader: Reader) -> None:
    r"""Read ``^2``, ``^{-x}``, ``^\circ``, ``^\prime``, ``^\top``, ``^{-\top}``, ``^{\odot 2}``.

    ``^{(2)}`` at a function is its order.
    """
    start = reader.position
    if reader.match(_CIRCLE):
        reader.emit(SIGN, "°", start)
        return
    if match := reader.match(_PRIMES):
        primes(reader, match[0].count("prime") + match[0].count("'"), start)
        return
    if reader.match(_TRANSPOSED):
        reader.emit(SIGN, ".", start)
        reader.emit(NAME, "T", start)
        return
    if reader.match(_INVERSE_TRANSPOSED):
        for kind, text in ((SIGN, "."), (NAME, "T"), (SIGN, "**"), (SIGN, "-"), (NUMBER, "1")):
            reader.emit(kind, text, start)
        return
    if reader.match(_ENTRYWISE):
        # The sign's text is what tells it from the power of a matrix.
        reader.emit(SIGN, "**", start)
        reader.emit(SIGN, "{", reader.position)
        reader.sequence("}")
        reader.emit(SIGN, "}", reader.take())
        return
    last = reader.tokens[-1] if reader.tokens else None
    is_name = last is not None and last.kind == NAME
    is_function = last is not None and is_name and last.text in CALLABLE
    if last is not None and is_name and not is_function and _labelled(reader, last, start):
        return
    if is_function and (order := reader.match(_DERIVATIVE)):
        if not order[1].strip().isdigit() or len(order[1]) > 3:
            raise reader.fail("the order of a derivative is a number", start, r"f^{(2)}(x)")
        primes(reader, int(order[1]), start)
        return
    reader.take()
    reader.emit(SIGN, "**", start)
    unit = reader.peek()
    if unit and unit in "+-":
        reader.unit(unit)
        unit = reader.peek()
    start = reader.position
    if number := reader.match(NUMERAL):
        reader.emit(NUMBER, number[0], start)
        if len(number[0]) > 1:
            reader.readings[f"^{number[0]} is read as ^{{{number[0]}}}"] = None
    else:
        index = len(reader.tokens)
        reader.argument()
        if [token.text for token in reader.tokens[index:]] == ["{", "T", "}"]:
            reader.tokens[index:] = reader.tokens[index + 1 : -1]


def _labelled(reader: Reader, name: Token, start: int) -> bool:
    r"""Read ``x^*``, ``x^{(i)}`` or ``x^{\text{new}}`` as a name, if that is what stands here."""
    if name.text in CONSTANTS and name.text not in reader.declared:
        return False
    star = _STAR.match(reader.text, reader.position)
    if star and ("{" in star[0]) == bool(star["group"]):
        reader.position = star.end()
        label = MARKS[star["mark"]]
    elif match := reader.match(_LABEL):
        label = match[1]
    elif match := _TEXT_LABEL.match(reader.text, reader.position):
        label = match[1]
        is_label = f"{name.text}_{label}" in reader.declared
        if not is_label and label in reader.declared:
            return False
        reader.position = match.end()
        if not is_label:
            raise reader.fail(
                f"{name.text}^{label} has two readings", start,
                rf"a name: {name.text}_{{\mathrm{{{label}}}}}; "
                rf"a power: {{{name.text}}}^{{(\mathrm{{{label}}})}}",
            )  # fmt: skip
    else:
        return False
    joined = f"{name.text}_{label}"
    reader.tokens[-1] = name._replace(text=joined, end=reader.position)
    if joined not in reader.declared and label not in MARKS.values():
        reader.say(f"{reader.text[name.start : reader.position]} is the name {joined}, no power")
    return True


def places(reader: Reader) -> None:
    r"""Read ``_{[0]}`` or ``_{[1:, 0]}``: the entries of a tensor."""
    start = reader.position
    if not reader.match(PLACES):
        reader.stray()
    reader.emit(SIGN, "[", start)
    reader.sequence("]", "}")
    for closer in "]}":
        if reader.peek() != closer:
            raise reader.fail("an index is never closed", start, r"x_{[0]}, A_{[0, 1:]}")
        reader.take()
    reader.emit(SIGN, "]", start)

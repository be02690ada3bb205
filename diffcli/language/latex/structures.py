"""The commands of LaTeX that take arguments: fractions, roots, sums, fonts, cases.

Free functions over the reader of :mod:`diffcli.language.latex.reader`, which calls them by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from diffcli.language.latex import environments, words
from diffcli.language.latex.derivatives import (
    bracket_start,
    differential,
    is_differential,
    joined,
    partial,
    physics,
)
from diffcli.language.latex.integrals import bounds_of, read_integral
from diffcli.language.latex.reader import Reader
from diffcli.language.latex.scripts import NUMERAL
from diffcli.language.tokens import NAME, NUMBER, SIGN, Token
from diffcli.language.vocabulary import NORM_2

_OF_VECTORS = re.compile(r"\s*_\s*(?:2|\{\s*2\s*\})")
_EUCLIDEAN = re.compile(r"_\s*(?:F|\{\s*(?:F|\\mathrm\s*\{\s*F\s*\})\s*\})")
NORMS = frozenset({"|", "Vert", "lVert", "rVert"})
"""Commands that are one side of a norm."""
_NORM = "‖"
_TRANSPARENT = "boxed fbox ensuremath mathord mathopen mathclose mathinner smash".split()
"""Commands that say nothing of their argument."""
_VERBATIM = re.compile(r"\s*(?:\[[^\]]*\]\s*)?\{[^{}]*\}")
_NUMBER = re.compile(r"\s*\{\s*([0-9.eE+-]+)\s*\}")
_OF = re.compile(r"\s*\\of(?![A-Za-z])")


def _fraction(reader: Reader, start: int) -> None:
    r"""Read ``\frac{a}{b}``; ``\frac{d}{dx}`` is the derivative of what follows."""
    after = reader.tokens[-1:]
    above, below = reader.captured(reader.argument), reader.captured(reader.argument)
    if is_differential(reader, above, below, start):
        return
    numbers = [token.kind == NUMBER for token in (*after, *above, *below)]
    if all(numbers) and len(numbers) == 3:
        whole, top, bottom = (token.text for token in (*after, *above, *below))
        reader.readings[f"{whole} {top}/{bottom} is the product {whole}*({top}/{bottom})"] = None
    reader.emit(SIGN, "{", start)
    reader.tokens += above
    reader.emit(SIGN, "/", start)
    reader.tokens += below
    reader.emit(SIGN, "}", reader.position)


def _root(reader: Reader, start: int) -> None:
    r"""Read ``\sqrt{x}`` or ``\sqrt[n]{x}``."""
    degree: list[Token] = []
    if reader.peek() == "[":
        reader.take()
        degree = reader.captured(lambda: reader.sequence("]"))
        reader.take()
    short = {"": "√", "3": "∛"}.get(joined(degree))
    if short:
        reader.emit(SIGN, short, start)
        _braced(reader, start)
    else:
        _call(reader, "root", start, reader.captured(reader.argument), degree)


def _binomial(reader: Reader, start: int) -> None:
    above, below = reader.captured(reader.argument), reader.captured(reader.argument)
    _call(reader, "binomial", start, above, below)


def _remainder(reader: Reader, start: int) -> None:
    reader.emit(SIGN, "%", start)
    _braced(reader, start)


def _braced(reader: Reader, start: int) -> None:
    """Read an argument, and put it in braces."""
    argument = reader.captured(reader.argument)
    reader.emit(SIGN, "{", start)
    reader.tokens += argument
    reader.emit(SIGN, "}", reader.position)


def _call(reader: Reader, name: str, start: int, *arguments: list[Token]) -> None:
    """Add a function applied to arguments."""
    reader.emit(NAME, name, start)
    for opener, argument in zip("(,", arguments, strict=True):
        reader.emit(SIGN, opener, start)
        reader.tokens += argument
    reader.emit(SIGN, ")", reader.position)


def _series(sign: str) -> Callable[[Reader, int], None]:
    def read(reader: Reader, start: int) -> None:
        r"""Read the bounds of ``\sum_{i=1}^{5}``."""
        low, high = bounds_of(reader)
        index = [token for token in low if token.text not in ("{", "}")]
        names = [token for token in index if token.text != ","]
        if names and not high and all(token.kind == NAME for token in names):
            # Indices of a vector's components, whose number the point says.
            for name in names:
                reader.emit(SIGN, sign, start)
                reader.tokens.append(name)
                reader.emit(SIGN, ",", reader.position)
            return
        if [token.text for token in low[2:3]] != ["="] or not high:
            raise reader.fail("an index has two bounds", start, r"\sum_{i=1}^{5} x^i")
        reader.emit(SIGN, sign, start)
        reader.tokens += low[1:-1]
        reader.emit(SIGN, "..", reader.position)
        reader.tokens += high
        reader.emit(SIGN, ",", reader.position)

    return read


def _of_tensor(name: str) -> Callable[[Reader, int], None]:
    def read(reader: Reader, start: int) -> None:
        r"""Read ``\det A`` and ``\det(A)``, an operation on the next factor."""
        words.of_tensor(reader, name, start)

    return read


def norm(reader: Reader, start: int, name: str, side: str = "") -> None:
    r"""Read one side of ``\lVert x \rVert`` or ``\|x\|``, a Euclidean norm."""
    is_inner = reader.open[-1:] == [_NORM]
    side = side or {"lVert": "l", "rVert": "r"}.get(name, "r" if is_inner else "l")
    if side == "l":
        reader.emit(NAME, "norm", start)
        reader.emit(SIGN, "(", start)
        reader.open[-1] = _NORM
        return
    reader.emit(SIGN, ")", start)
    if reader.match(_OF_VECTORS):
        opener = (bracket_start(reader.tokens) or 1) - 1
        reader.tokens[opener] = reader.tokens[opener]._replace(text=NORM_2)
    elif reader.peek() == "_" and not reader.match(_EUCLIDEAN):
        raise reader.fail("a norm that isn't Euclidean", start, "norm(x) is √(sum of squares)")


def _norm(name: str) -> Callable[[Reader, int], None]:
    return lambda reader, start: norm(reader, start, name)


def _operator(reader: Reader, _: int) -> None:
    r"""Read ``\mathbin{@}``, a sign with the space of an operator."""
    signs = reader.captured(reader.argument)
    reader.tokens += [token for token in signs if token.text not in ("{", "}")]


def _whole(reader: Reader, _: int) -> None:
    r"""Read ``\boxed{…}``, which says nothing of what stands in it."""
    reader.argument()


def _operator_name(reader: Reader, start: int) -> None:
    r"""Read ``\mathop{\mathrm{sinc}} x``, a function by its name."""
    inner = [token for token in reader.captured(reader.argument) if token.text not in ("{", "}")]
    if len(inner) == 1 and inner[0].kind == NAME:
        words.name(reader, inner[0].text, start)
    else:
        reader.tokens += inner


def _coloured(reader: Reader, _: int) -> None:
    r"""Read ``\textcolor{red}{…}``."""
    reader.match(_VERBATIM)
    reader.argument()


def _braced_below(reader: Reader, _: int) -> None:
    r"""Read ``\underbrace{…}_{…}``, of which the remark says nothing."""
    reader.argument()
    if reader.peek() in ("_", "^"):
        reader.take()
        remark = reader.match(_VERBATIM)
        if not remark:
            reader.captured(reader.argument)


def _named(name: str) -> Callable[[Reader, int], None]:
    def read(reader: Reader, start: int) -> None:
        r"""Read ``\abs{x}`` or ``\abs(x)``, a function that is always applied."""
        if reader.peek() == "*":
            reader.take()
        reader.emit(NAME, name, start)
        if reader.peek() == "{":
            reader.group("()")

    return read


def _grouped(reader: Reader, start: int) -> None:
    r"""Read ``\qty(…)`` and ``\qty{…}``: the bracket alone."""
    if reader.peek() not in ("(", "[", "{", "|"):
        raise reader.fail("a bracket is missing", start, r"\qty(x+1)")


def _typed_number(reader: Reader, start: int) -> None:
    r"""Read ``\num{1.5e3}`` of the package siunitx."""
    match = reader.match(_NUMBER)
    if not match or not NUMERAL.fullmatch(match[1]):
        raise reader.fail("no number", start, r"\num{1.5e3}")
    reader.emit(NUMBER, match[1], start)


def _tex_root(reader: Reader, start: int) -> None:
    r"""Read TeX's ``\root 3 \of {x}``."""
    degree = reader.captured(lambda: reader.sequence(r"\of"))
    if not reader.match(_OF) or not degree:
        raise reader.fail(r"'\root' without '\of'", start, r"\root 3 \of {x}, \sqrt[3]{x}")
    _call(reader, "root", start, reader.captured(reader.argument), degree)


def _angle(name: str, sign: str) -> Callable[[Reader, int], None]:
    def read(reader: Reader, start: int) -> None:
        r"""Read one side of ``\langle x, y \rangle``, the inner product."""
        if name:
            reader.emit(NAME, name, start)
        reader.emit(SIGN, sign, start)

    return read


STRUCTURES: Mapping[str, Callable[[Reader, int], None]] = MappingProxyType(
    {
        **dict.fromkeys(
            ["frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac", "flatfrac"], _fraction
        ),
        **dict.fromkeys(["binom", "dbinom", "tbinom"], _binomial),
        **{name: _norm(name) for name in NORMS},
        **dict.fromkeys(["mathbin", "mathrel"], _operator),
        **{name: _of_tensor(name) for name in ("det", "tr", "softmax")},
        "Tr": _of_tensor("tr"),
        "sqrt": _root,
        "sum": _series("∑"),
        "prod": _series("∏"),
        "int": read_integral,
        "pmod": _remainder,
        "begin": environments.begin,
        "end": environments.end,
        "\\": environments.line,
        "mathop": _operator_name,
        "partial": partial,
        **dict.fromkeys(["dv", "pdv", "derivative", "pderivative"], physics),
        **dict.fromkeys(["dd", "differential"], differential),
        **dict.fromkeys(_TRANSPARENT, _whole),
        **dict.fromkeys(["textcolor", "colorbox", "fcolorbox"], _coloured),
        **dict.fromkeys(["underbrace", "overbrace", "underbracket", "overbracket"], _braced_below),
        "abs": _named("abs"),
        "norm": _named("norm"),
        "floor": _named("floor"),
        "ceil": _named("ceil"),
        **dict.fromkeys(["qty", "pqty", "bqty"], _grouped),
        "num": _typed_number,
        "root": _tex_root,
        "langle": _angle("dot", "("),
        "rangle": _angle("", ")"),
    }
)
"""Readers of commands, by name; each is given the column where its command begins."""

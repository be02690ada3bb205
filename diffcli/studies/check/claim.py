"""A claim: the formulas that are said to be a derivative, in the shape in which they were typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

from diffcli.errors import UsageError
from diffcli.language.function import Function
from diffcli.language.latex.scan import scan
from diffcli.language.parser import signature
from diffcli.language.tokens import END, NAME, SUPERSCRIPT, Token, is_latex
from diffcli.operators import Entry
from diffcli.operators.operator import no_variable

Shape = tuple[int, ...]


class About(NamedTuple):
    """A derivative as it is named: its order, its variables in turn, and what it is of.

    Without variables it is that of a formula of one; ``formula`` is empty where a name says it.
    """

    order: int
    wrt: tuple[str, ...] = ()
    formula: str = ""


@dataclass(frozen=True)
class Claim:
    """A claim as typed, and its formulas in row-major order; shape () is one formula.

    ``about`` is which derivative stood before a sign of equality, if one did.
    """

    text: str
    shape: Shape
    formulas: tuple[str, ...]
    about: About | None = None


def read_claim(text: str) -> Claim:
    """Cut a claim such as ``2x``, ``[2xy, x^2]`` or ``[[a, b], [c, d]]`` into its formulas.

    Raises UsageError where its rows don't go together, FormulaError where there are no tokens of
    the language in it.
    """
    about, text = _named(text)
    return replace(_read_claim(text), about=about)


def _read_claim(text: str) -> Claim:
    parts = _parts(text)
    if parts is None:
        return Claim(text, (), (text,))
    rows = [_parts(part) for part in parts]
    lengths = {None if row is None else len(row) for row in rows}
    if lengths == {None}:
        return Claim(text, (len(parts),), tuple(parts))
    if len(lengths) > 1:
        raise UsageError(
            "the rows of the claim differ in length", hint="a matrix: [[a, b], [c, d]]"
        )
    flat = tuple(part for row in rows for part in row or ())
    return Claim(text, (len(rows), len(flat) // len(rows)), flat)


def _named(text: str) -> tuple[About | None, str]:
    """Part ``dy/dx = 2x`` into the derivative and the formula; without a sign it is that alone.

    Raises UsageError where what stands before the sign names no derivative.
    """
    cut = _equality(text)
    if cut is None:
        return None, text
    mark = "$" if is_latex(text) else ""
    before = _plain_quotient(text[:cut])
    left = scan(before + mark * is_latex(before)).tokens[:-1]
    is_name = len(left) == 1 and left[0].kind == NAME and not _SUBSCRIPT.fullmatch(left[0].text)
    if not left or is_name or signature(scan(text).tokens):
        return None, text
    about = _about(left, before, mark)
    if about is None:
        raise UsageError(
            f"{before.strip()} names no derivative",
            hint="y' = 2x, dy/dx = 2x, f'(x) = 2x, or the formula alone",
        )
    return about, " " * (cut + 1) + text[cut + 1 :] + mark


def _equality(text: str) -> int | None:
    """Return where the one sign of equality stands outside brackets; None for none or several."""
    depth, signs = 0, []
    for index, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "=" and depth == 0:
            signs.append(index)
    is_one = len(signs) == 1 and text[signs[0] - 1 : signs[0]] not in ("<", ">", "!", ":")
    return signs[0] if is_one else None


def _plain_quotient(text: str) -> str:
    r"""Return ``\frac{d^2y}{dx^2}`` as ``d^2y/dx^2``."""
    for typed, plain in (("{2}", "2"), ("{3}", "3"), (r"\partial", "∂"), (r"\mathrm{d}", "d")):
        text = text.replace(typed, plain)
    return _FRACTION.sub(r"\1/\2", text)


def _about(left: Sequence[Token], text: str, mark: str) -> About | None:
    """Return the derivative that stands before a sign of equality."""
    signs = [token for token in left if token.text not in ("{", "}")]
    written = " ".join(f"** {t.text}" if t.kind == SUPERSCRIPT else t.text for t in signs)
    if match := _PRIMED.fullmatch(written):
        return About(match["primes"].count("'"), (match["wrt"],) if match["wrt"] else ())
    if match := _SUBSCRIPT.fullmatch(written):
        return About(len(match["wrt"]), tuple(match["wrt"]))
    match = _LEIBNIZ.fullmatch(written)
    if match is None or (match["order"] or "1") != (match["below"] or "1"):
        return None
    order = int(match["order"] or 1)
    said = match["rest"] or ""
    rest = signs[len(signs) - len(said.split()) :] if said else []
    is_named = _CALLED.fullmatch(said.strip()) is not None
    formula = f"{text[rest[0].start : rest[-1].end]}{mark}" if rest and not is_named else ""
    return About(order, (match["wrt"],) * order, formula)


_NAME = r"[A-Za-z][A-Za-z0-9_]*"
_PRIMED = re.compile(rf"{_NAME}(?P<primes>(?: ')+)(?: \( (?P<wrt>{_NAME}) \))?")
_SUBSCRIPT = re.compile(r"[fghuwzF]_(?P<wrt>[xyztuv]+)")
_LEIBNIZ = re.compile(
    rf"(?P<sign>[d∂])(?: \*\* (?P<order>\d+))? ?(?:{_NAME})? / (?P=sign) ?(?P<wrt>{_NAME})"
    r"(?: \*\* (?P<below>\d+))?(?P<rest> .*)?"
)
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_CALLED = re.compile(rf"{_NAME}(?: \( {_NAME}(?: , {_NAME})* \))?")
"""A function that is only named: ``f``, ``f(x, y)``."""


def _parts(text: str) -> list[str] | None:
    """Return the parts of a list ``[f, g]``, ``(f, g)`` or ``f, g``; None for one formula."""
    tokens = [token for token in scan(text).tokens if token.kind != END]
    is_bracketed = bool(tokens) and tokens[0].text in ("[", "(")
    depth, commas = 0, []
    for token in tokens:
        depth += (token.text in ("[", "(")) - (token.text in ("]", ")"))
        if token.text == ",":
            commas.append((depth, token))
        is_bracketed = is_bracketed and (depth > 0 or token is tokens[-1])
    cuts = [comma for level, comma in commas if level == is_bracketed]
    if not cuts and not (is_bracketed and text[tokens[0].start] == "["):
        return None
    starts = [*([tokens[0].end] if is_bracketed else [0]), *(comma.end for comma in cuts)]
    ends = [*(comma.start for comma in cuts), tokens[-2].end if is_bracketed else len(text)]
    # What is cut out of LaTeX is LaTeX, though nothing in it says so.
    mark = "$" if is_latex(text) else ""
    return [f"{text[start:end]}{mark}" for start, end in zip(starts, ends, strict=True)]


def claimed_entries(
    function: Function, shape: Shape, wrt: Sequence[str], order: int | None
) -> tuple[Entry, ...]:
    """Return the partials of a Function that a claim of this shape is about, in row-major order.

    One formula is the derivative of a function of one variable, a list a gradient, a matrix a
    Jacobian, or the Hessian of one output; where the formula was typed as a derivative, the claim
    is about that one. Raises UsageError where the shape is none of these.
    """
    if order == 0:
        return (Entry.partial("dy/dx", 0, ()),)
    if unknown := [name for name in wrt if name not in function.variables and function.variables]:
        raise no_variable(unknown[0], function.variables)
    if function.asked and shape == ():
        return (Entry.partial(",".join(function.asked), 0, function.asked),)
    fitting: dict[Shape, tuple[Entry, ...]] = {}
    for form, entries in _forms(function, tuple(wrt) or function.variables or ("x",), order):
        fitting.setdefault(form, entries)
    if shape not in fitting:
        wanted = " or ".join(map(_shape_words, list(fitting)[:2]))
        raise UsageError(
            f"the claim is {_shape_words(shape)}, and the derivative {wanted}",
            hint=_HINTS[len(shape)],
        )
    return fitting[shape]


_HINTS = (
    "in one variable: wrt x; a gradient: [.., ..]",
    "in these variables alone: wrt x,y",
    "a row an output, a column a variable",
)


def _shape_words(shape: Shape) -> str:
    match shape:
        case ():
            return "one formula"
        case (length,):
            return f"a list of {length}"
    return f"a matrix of {' by '.join(map(str, shape))}"


def _forms(
    function: Function, names: tuple[str, ...], order: int | None
) -> Iterator[tuple[Shape, tuple[Entry, ...]]]:
    """Yield every shape that a derivative of the function has, with its partials."""
    rows, columns = len(function.outputs), len(names)
    power = order or 1
    if function.is_scalar:
        gradient = tuple(Entry.partial(name, 0, (name,) * power) for name in names)
        hessian = tuple(Entry.partial(f"{a},{b}", 0, (a, b)) for a, b in product(names, names))
        if columns == 1:
            yield (), gradient
        yield (columns,), gradient
        if order == 2 or (order is None and columns > 1):
            yield (columns, columns), hessian
        yield (1, columns), gradient
        return
    jacobian = tuple(
        Entry.partial(f"f{row + 1},{name}", row, (name,) * power)
        for row, name in product(range(rows), names)
    )
    if columns == 1:
        yield (rows,), jacobian
    yield (rows, columns), jacobian

"""A claim: the formulas that are said to be a derivative, in the shape in which they were typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from diffcli.errors import UsageError
from diffcli.language.expression import Function
from diffcli.language.latex.scan import is_latex, scan
from diffcli.language.tokens import END
from diffcli.operators import Entry

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Claim:
    """What was typed, and its formulas in row-major order; shape () is one formula."""

    text: str
    shape: Shape
    formulas: tuple[str, ...]


def read_claim(text: str) -> Claim:
    """Cut a claim such as ``2x``, ``[2xy, x^2]`` or ``[[a, b], [c, d]]`` into its formulas.

    Raises UsageError where its rows don't go together, FormulaError where there are no tokens of
    the language in it.
    """
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


def _parts(text: str) -> list[str] | None:
    """Return the parts of a list ``[f, g]``, ``(f, g)`` or ``f, g``; None for one formula."""
    tokens = [token for token in scan(text).tokens if token.kind != END]
    held = bool(tokens) and tokens[0].text in ("[", "(")
    depth, commas = 0, []
    for token in tokens:
        depth += (token.text in ("[", "(")) - (token.text in ("]", ")"))
        if token.text == ",":
            commas.append((depth, token))
        held = held and (depth > 0 or token is tokens[-1])
    cuts = [comma for level, comma in commas if level == held]
    if not cuts and not (held and text[tokens[0].start] == "["):
        return None
    starts = [*([tokens[0].end] if held else [0]), *(comma.end for comma in cuts)]
    ends = [*(comma.start for comma in cuts), tokens[-2].end if held else len(text)]
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
    if function.asked and shape == ():
        return (Entry(",".join(function.asked), 0, function.asked),)
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
        gradient = tuple(Entry(name, 0, (name,) * power) for name in names)
        hessian = tuple(Entry(f"{a},{b}", 0, (a, b)) for a, b in product(names, names))
        if columns == 1:
            yield (), gradient
        yield (columns,), gradient
        if order == 2 or (order is None and columns > 1):
            yield (columns, columns), hessian
        yield (1, columns), gradient
        return
    jacobian = tuple(
        Entry(f"f{row + 1},{name}", row, (name,) * power)
        for row, name in product(range(rows), names)
    )
    if columns == 1:
        yield (rows,), jacobian
    yield (rows, columns), jacobian

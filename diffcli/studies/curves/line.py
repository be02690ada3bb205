"""A Function of one variable as what is sampled: its values and its range."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, gcd, lcm, log10, pi

import numpy as np

from diffcli.language.expression import NUMBER, VARIABLE, Node
from diffcli.language.function import Function
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.iterated import is_iterated, numbers
from diffcli.studies.curves.samples import Evaluate

PERIODIC = frozenset({"sin", "cos", "tan", "cot", "sec", "csc"})
TURNS, MOST_TURNS = 6, 12
"""Half turns of a curve that isn't closed, and turns at most of one that is."""
WIDEST = 10
NARROWER = (5, 2)
"""Half the default range, and what it becomes where the values grow too fast to be seen."""
FAR, FAR_POINTS, MOST_FAR, HALVINGS = 1e4, 1000, 8, 40
"""How far turning points are looked for, at how many points (none is 0), and how many are few."""
CELLS, FEW_CELLS = 401, 41
"""Points that decide the default range, and those of a function that takes long: prime numbers."""
MOST_LOST = 8
"""Points of a call at which autograd is asked though each takes long."""
NEARLY = 1e-6
"""How far a whole number may be off."""
CLOSER = (2.5, 2.0, 1.6, 1.3)
"""How far a range reaches that shows turning points, in halves of what lies between them."""
HIDDEN, SEEN = 0.05, 0.15
"""Parts of the height below which they are hidden, and from which on they are seen."""
MARGIN = 0.5
"""Beside turning points, as a part of what lies between them."""
TOO_HIGH, TOO_STEEP = 1e3, 10.0
"""A size, and a multiple of the median, from which values grow too fast."""


@dataclass(frozen=True)
class Range:
    """A range of the variable, and how it is written."""

    low: float
    high: float
    text: str


def evaluator(function: Function, highest: int) -> Evaluate:
    """Return what evaluates every output and its derivatives up to an order, by autograd.

    The function has one variable, or none. What mpmath would compute number by number is rounded
    from enclosures.
    """
    by_autograd = _by_autograd(function, highest)
    return _by_enclosures(function, highest, by_autograd) if is_iterated(function) else by_autograd


def _by_autograd(function: Function, highest: int) -> Evaluate:
    import torch

    from diffcli.engines.autograd import gradient
    from diffcli.engines.remote import lower

    program = lower(function)

    def evaluate(points: Floats) -> Floats:
        x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
        rows = np.empty((len(function.outputs), highest + 1, points.size))
        for row, output in zip(rows, program(*[x][: len(function.variables)]), strict=True):
            value = output.to(torch.float64)
            for order in range(highest + 1):
                row[order] = value.numpy(force=True)
                if order < highest:
                    (value,) = gradient(value, [x], higher=order + 1 < highest)
        return _known(rows)

    return evaluate


def _by_enclosures(function: Function, highest: int, by_autograd: Evaluate) -> Evaluate:
    """Return what rounds enclosures, and asks autograd where a value has none of its derivatives.

    At a whole order of a Bessel function the derivative in the order has no enclosure.
    """
    indices = [function.variables * order for order in range(highest + 1)]

    def evaluate(points: Floats) -> Floats:
        rows = numbers(function, indices, points[None])
        is_lost = np.isfinite(rows[:, 0]) & ~np.isfinite(rows).all(axis=1)
        few = np.flatnonzero(is_lost.any(axis=0))[:MOST_LOST]
        if few.size:
            rows[..., few] = np.where(
                np.isfinite(rows[..., few]), rows[..., few], by_autograd(points[few])
            )
        return _known(rows)

    return evaluate


def _known(rows: Floats) -> Floats:
    """Return the numbers but for derivatives without a function: a convention of autograd."""
    lost = np.logical_or.accumulate(~np.isfinite(rows), axis=1)
    return np.where(lost & np.isfinite(rows), np.nan, rows)


def default_range(function: Function, evaluate: Evaluate) -> Range:
    """Return the range that shows a function: its periods, turning points, domain, bulk.

    ``evaluate`` gives the first derivative too.
    """
    waves = periods(function, *function.variables[:1], turns=2)
    if waves is not None:
        return waves
    is_slow = is_iterated(function)
    turns = np.empty(0) if is_slow else _turns(evaluate)
    if (np.abs(turns) > WIDEST).any():
        margin = max(WIDEST, MARGIN * float(np.ptp(turns)))
        return _whole_range(turns.min() - margin + NEARLY, turns.max() + margin - NEARLY)
    for half in (WIDEST, *NARROWER):
        # Midpoints of cells: isolated values, as of (-2)^x, are passed by.
        cells = FEW_CELLS if is_slow else CELLS
        x = half * ((2 * np.arange(cells) + 1) / cells - 1)
        values = evaluate(x)[:, 0]
        known = np.isfinite(values).any(axis=0)
        sizes = np.abs(values[np.isfinite(values)])
        chosen = whole(x[known], half)
        if not sizes.size:
            break
        high, middle = np.quantile(sizes, [0.98, 0.5])
        if high < TOO_HIGH or high < TOO_STEEP * middle:
            break
    return _close_range(evaluate, turns, chosen) if turns.size > 1 else chosen


def whole(x: Floats, half: int) -> Range:
    """Return the least range of whole numbers around the points."""
    return _whole_range(x[0], x[-1]) if x.size > 1 else _whole_range(-half, half)


def _whole_range(low: float, high: float) -> Range:
    first, last = floor(low), ceil(high)
    return Range(float(first), float(last), f"{first}:{last}")


def _turns(evaluate: Evaluate) -> Floats:
    """Return where a function turns, in order, if it does a few times.

    The sign of the derivative changes there, and goes on doing so as the place is closed in on,
    without the derivative growing as it would at a pole.
    """
    x = np.sinh(np.linspace(-1, 1, FAR_POINTS) * np.arcsinh(FAR))
    slopes = evaluate(x)[:, 1]
    output, cell = np.nonzero(np.sign(slopes[:, :-1]) * np.sign(slopes[:, 1:]) < 0)
    if not 0 < cell.size <= MOST_FAR:
        return np.empty(0)
    low, high = x[cell], x[cell + 1]
    left, right = slopes[output, cell], slopes[output, cell + 1]
    steepest = np.maximum(np.abs(left), np.abs(right))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        slope = evaluate(middle)[output, 1, np.arange(cell.size)]
        is_left = np.sign(slope) == np.sign(left)
        low, high = np.where(is_left, middle, low), np.where(is_left, high, middle)
    return np.sort(low[np.abs(slope) <= steepest])


def _height(row: Floats) -> float:
    known = row[np.isfinite(row)]
    return float(np.ptp(known)) if known.size else 0.0


def _close_range(evaluate: Evaluate, turns: Floats, usual: Range) -> Range:
    """Return a range about the turning points in which they are seen, if the usual one hides them.

    They are where what lies between them is a small part of the height.
    """
    between = evaluate(np.linspace(turns[0], turns[-1], CELLS))[:, 0]

    def share(low: float, high: float) -> float:
        values = evaluate(np.linspace(low, high, CELLS))[:, 0]
        heights = [
            (_height(inner), _height(row)) for inner, row in zip(between, values, strict=True)
        ]
        return max((inner / whole for inner, whole in heights if whole > 0), default=1.0)

    if usual.low < turns[0] and turns[-1] < usual.high and share(usual.low, usual.high) > HIDDEN:
        return usual
    middle, half = (turns[0] + turns[-1]) / 2, float(np.ptp(turns)) / 2
    reaches = [part * half for part in CLOSER]
    seen = (reach for reach in reaches if share(middle - reach, middle + reach) > SEEN)
    reach = next(seen, reaches[-1])
    step = 10.0 ** floor(log10(reach / 5))
    low, high = (
        floor((middle - reach) / step + NEARLY) * step,
        ceil((middle + reach) / step - NEARLY) * step,
    )
    low, high = float(f"{low:.12g}"), float(f"{high:.12g}")
    return Range(low, high, f"{low:g}:{high:g}")


def curve_range(function: Function, evaluate: Evaluate) -> Range:
    """Return the range of a curve's parameter: once around; a few turns; as for a function."""
    rates = _rates(function, *function.variables[:1])
    if rates:
        # Once around is the period of all the waves together.
        common = Fraction(gcd(*(r.numerator for r in rates)), lcm(*(r.denominator for r in rates)))
        turns = min(2 / common, MOST_TURNS * 2 / min(rates))
    elif any(node.op in PERIODIC for node in function.nodes):
        turns = Fraction(TURNS)
    else:
        return default_range(function, evaluate)
    return Range(0.0, float(turns) * pi, f"0:{_multiple(turns)}")


def periods(function: Function, name: str = "", *, turns: int) -> Range | None:
    """Return so many periods of the slowest wave, where a variable stands in waves alone."""
    rates = _rates(function, name)
    if not rates:
        return None
    ends = turns / min(rates)
    text = _multiple(ends)
    return Range(-float(ends) * pi, float(ends) * pi, f"-{text}:{text}")


def _multiple(turns: Fraction) -> str:
    """Write a multiple of π."""
    over = "" if turns.denominator == 1 else f"/{turns.denominator}"
    return f"{'' if turns.numerator == 1 else turns.numerator}pi{over}"


def _rates(function: Function, name: str = "") -> list[Fraction]:
    """Return what the variable is multiplied by in each wave, none where it stands elsewhere."""
    rates: list[Fraction] = []
    for node in function.nodes:
        for arg in node.args:
            rate = _rate(arg, name)
            if rate is None:
                continue
            if node.op in PERIODIC:
                rates.append(rate)
            elif _rate(node, name) is None:
                return []
    return rates if all(rates) else []


def _rate(node: Node, name: str) -> Fraction | None:
    """Return the number that a variable is multiplied by, if that is what a term is."""
    if node.op == VARIABLE:
        return Fraction(1) if node.value == name else None
    if node.op == "neg":
        return _rate(node.args[0], name)
    if node.op not in ("mul", "div") or len(node.args) != 2:
        return None
    first, second = node.args
    if node.op == "mul":
        factor, inner = _number(first), _rate(second, name)
    else:
        divisor, inner = _number(second), _rate(first, name)
        factor = 1 / divisor if divisor else None
    return None if factor is None or inner is None else factor * inner


def _number(node: Node) -> Fraction | None:
    """Return the size of a number."""
    bare = node.args[0] if node.op == "neg" else node
    return Fraction(bare.value) if bare.op == NUMBER and bare.value is not None else None

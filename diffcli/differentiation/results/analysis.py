"""What is said of a point beside the numbers and their checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diffcli.clock import now
from diffcli.differentiation.problem import Problem
from diffcli.differentiation.settings import DIGITS, Settings
from diffcli.engines.exact import rational
from diffcli.engines.progressions import exact
from diffcli.language.expression import VARIABLE, Node, names_in
from diffcli.language.function import Function
from diffcli.language.functions import TABLE
from diffcli.language.points import Point, Tensor, Value
from diffcli.language.printer import text_of
from diffcli.operators import Matrix
from diffcli.output.report import NestedText, Result

if TYPE_CHECKING:
    from diffcli.engines.enclosure import Coordinate

MAX_WALKS = 16
"""Points of numbers up to which the signs at them are those of balls, which takes no torch."""
CONSTANT_BUDGET = 0.1
"""Seconds for the value of a constant."""
MOST_SHORT = 16
"""Characters of a number, and numbers of a list, up to which pi/6 is shown as typed."""
MAX_TYPED = 10_000
"""Entries of a typed list up to which they are shown as typed."""


def analysis(
    problem: Problem,
    typed: Callable[[], Mapping[str, Coordinate]],
    derivative: Any,
    settings: Settings,
    deadline: float,
) -> Mapping[str, Any]:
    """Return what a matrix that is whole and no larger than can be decomposed says.

    ``typed`` gives the point. Past the ``deadline`` nothing more is proved.
    """
    operator, scalars = problem.operator, problem.scalars
    if not isinstance(operator, Matrix):
        return {}
    import numpy as np

    from diffcli.engines.matrices.inertia import ExactPoint
    from diffcli.engines.matrices.spectra import LARGEST

    matrix = np.array(derivative["matrix"], dtype=np.float64)
    if not 0 < max(matrix.shape) <= LARGEST or not np.isfinite(matrix).all():
        return {}

    exact = None
    if scalars.function is not None and "enclosure" in settings.engines:
        exact = ExactPoint(scalars.function.outputs, typed, scalars.columns, deadline)
    return operator.analysis(matrix, settings.dtype, exact)


def exact_text(point: Point, settings: Settings) -> Mapping[str, NestedText] | None:
    """Return the numbers of a point as typed, where its floats would show others.

    To the usual digits those are numbers that are no decimals, as pi/6 and 1/3, if they are short.
    """
    values = point.values
    if settings.digits <= DIGITS and settings.dtype == "float64":
        values = {name: value for name, value in values.items() if _is_short(value)}
    texts = {name: _texts(value) for name, value in values.items()}
    return {name: text for name, text in texts.items() if text is not None} or None


def _is_short(value: Value) -> bool:
    """Whether a number or a typed list is no decimals alone, and what was typed is short."""
    if not isinstance(value, Node | Tensor):
        return False
    entries = value.entries if isinstance(value, Tensor) else (value,)
    if len(entries) > MOST_SHORT or all(map(_is_decimal, entries)):
        return False
    return all(isinstance(entry, Node) and len(text_of(entry)) <= MOST_SHORT for entry in entries)


def _is_decimal(entry: object) -> bool:
    """Whether a number has an end in decimals, which are those of its float."""
    value = rational(entry) if isinstance(entry, Node) else None
    return value is not None and not 10**MOST_SHORT % value.denominator


def _texts(value: Value) -> NestedText | None:
    entries = exact(value)
    if entries is None or len(entries) > MAX_TYPED:
        return None
    if isinstance(value, Node):
        return text_of(value)
    shape = value.shape if isinstance(value, Tensor) else (len(entries),)
    return _nested([text_of(entry) for entry in entries], shape)


def _nested(texts: Sequence[str], shape: tuple[int, ...]) -> NestedText:
    if not shape:
        return texts[0]
    length = len(texts) // shape[0]
    parts = (texts[k : k + length] for k in range(0, len(texts), length))
    return [_nested(part, shape[1:]) for part in parts]


def real_roots(function: Function, results: Sequence[Result]) -> Iterator[str]:
    """Say of every power with an odd root which root it is, if its base is negative somewhere."""
    powers = [node for node in function.nodes if node.op == "pow" and _is_odd_root(node.args[1])]
    powers = [power for power in powers if names_in([power.args[0]])]
    points = [result.at for result in results if result.at]
    if not powers or not points:
        return
    bases = Function(("",), tuple(power.args[0] for power in powers), function.variables)
    for power, is_negative in zip(powers, _negative(bases, points), strict=True):
        if is_negative:
            power_text, base = text_of(power), text_of(power.args[0])
            yield f"{power_text} takes the real root where {base} is negative, not the complex one"


def undefined_constants(function: Function) -> Iterator[str]:
    """Say of every part that has no real value wherever it is: ``1/0``, ``log(-1)``, ``x/0``."""
    constants, undefined = set[Node](), set[Node]()
    for node in function.nodes:
        is_over_constant = node.op == "div" and constants.issuperset(node.args[1:])
        if is_over_constant and node.args[0] not in constants and rational(node.args[1]) == 0:
            yield f"{text_of(node)} has no real value: division by zero"
        if node.op == VARIABLE or not constants.issuperset(node.args):
            continue
        constants.add(node)
        if not undefined.isdisjoint(node.args):
            undefined.add(node)
        elif _may_lack_value(node):
            from diffcli.engines.enclosure import Outcome, partial

            enclosure = partial(node, {}, deadline=now() + CONSTANT_BUDGET)
            if enclosure.outcome is Outcome.UNDEFINED:
                undefined.add(node)
                yield f"{text_of(node)} has no real value: {enclosure.reason}"


def _may_lack_value(term: Node) -> bool:
    """Whether a constant whose parts have a value may have none itself."""
    row = TABLE.get(term.op)
    has_domain = term.op in ("div", "pow") or (row is not None and bool(row.domain))
    return has_domain and rational(term) is None


def _is_odd_root(exponent: Node) -> bool:
    if names_in([exponent]):
        return False
    power = rational(exponent)
    return power is not None and power.denominator > 1 and power.denominator % 2 == 1


def _negative(bases: Function, points: Sequence[Mapping[str, Any]]) -> Sequence[bool]:
    """Return of every output whether it is negative at one of the points."""
    is_single = all(isinstance(value, float) for point in points for value in point.values())
    if is_single and len(points) <= MAX_WALKS:
        return [any(_is_negative(base, point) for point in points) for base in bases.outputs]
    import numpy as np

    from diffcli.engines import remote
    from diffcli.engines.autograd import tensors

    if is_single:
        points = [{name: [point[name] for point in points] for name in bases.variables}]
    program = remote.lower(bases)
    result = [False] * len(bases.outputs)
    for point in points:
        arrays = {name: np.array(point[name]) for name in bases.variables}
        values = program(*tensors(arrays, "float64", "cpu").values(), shape=())
        result = [
            known or bool((value < 0).any()) for known, value in zip(result, values, strict=True)
        ]
    return result


def _is_negative(term: Node, point: Mapping[str, float]) -> bool:
    """Whether a term is certain to be negative at a point of floats."""
    from flint import arb, fmpq

    from diffcli.engines.enclosure import FIRST_BITS, Walk

    value = Walk(term, point).value(FIRST_BITS)
    return isinstance(value, fmpq | arb) and value < 0

"""dy/dx at a singular point of a curve, as its branches have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from diffcli.differentiation import Settings
from diffcli.engines.enclosure import Enclosure, Outcome
from diffcli.studies.implicit.local import Local, Side
from diffcli.verdict import Check, Verdict

_COUNTS = ("no branch", "one branch", "two branches", "three branches", "four branches")


def described(branches: Local, x: str, y: str, order: int, settings: Settings) -> Check:
    """Return a derivative's verdict, by the half-branches on both sides of the point."""
    left, right = len(branches.left), len(branches.right)
    if branches.vertical:
        reason = f"{_vertical(branches)}: {y} is no function of {x} there"
        return Check("", Verdict.UNDEFINED, reason=reason)
    if not left and not right:
        return Check("", Verdict.UNDEFINED, reason="an isolated point of the curve")
    if left > 1 or right > 1:
        return Check("", Verdict.UNDEFINED, reason=_several(branches))
    check = _single(branches, settings)
    if order > 1 and check.verdict.has_value:
        reason = "a singular point: only the first derivative is decided there"
        return Check("", Verdict.UNVERIFIED, reason=reason)
    return check


def _single(branches: Local, settings: Settings) -> Check:
    """Return the verdict where there is one half-branch at most on each side."""
    sides = [side for half in (branches.left, branches.right) for side in half]
    numbers = [_number(side) for side in sides]
    if len(sides) == 1:
        name = "left" if branches.left else "right"
        if sides[0].slope is None:
            reason = "a vertical tangent at the curve's end"
            return Check("", Verdict.NOT_DIFFERENTIABLE, reason=reason)
        return replace(_certified(sides[0], settings), reason=f"{name} derivative")
    left, right = numbers
    is_one = branches.has_one_slope()
    if is_one is None:
        reason = "a singular point: whether the one-sided slopes are equal isn't known"
        return Check("", Verdict.UNVERIFIED, reason=reason)
    if is_one:
        return _certified(sides[1], settings)
    reason = "the one-sided slopes differ"
    if all(side.slope is None for side in sides):
        reason = "a vertical tangent" if left == right else "a cusp with a vertical tangent"
    return Check("", Verdict.NOT_DIFFERENTIABLE, left=left, right=right, reason=reason)


def _certified(side: Side, settings: Settings) -> Check:
    slope = side.slope
    enclosure = Enclosure(Outcome.ENCLOSED, slope)
    value = enclosure.nearest(settings.dtype)
    if value is None:
        return Check("", Verdict.UNVERIFIED, reason="the enclosure is too wide")
    reason = "by the curve's only branch at a singular point of the equation"
    interval = enclosure.interval(settings.digits + 3)
    return Check("", Verdict.CERTIFIED, value=value, enclosure=interval, reason=reason)


def _number(side: Side) -> float:
    slope = side.slope
    if slope is None:
        return inf if side.goes_up else -inf
    return float(slope.mid())


def _several(branches: Local) -> str:
    """Say how many branches meet, and with which slopes."""
    left, right = (_counted(half) for half in (branches.left, branches.right))
    shown = dict.fromkeys(_shown(side) for half in (branches.left, branches.right) for side in half)
    slopes = f"slope{'s' * (len(shown) > 1)} {', '.join(shown)}"
    if set(shown) == {"infinite"}:
        return f"a vertical tangent: {left} on the left, {right} on the right"
    alone = not branches.left or not branches.right
    kind = "a cusp" if alone and len(shown) == 1 else "a singular point"
    return f"{kind}: {left} on the left, {right} on the right, with {slopes}"


def _counted(sides: Sequence[Side]) -> str:
    count = len(sides)
    return _COUNTS[count] if count < len(_COUNTS) else f"{count} branches"


def _shown(side: Side) -> str:
    return "infinite" if side.slope is None else f"{_number(side):.6g}"


def _vertical(branches: Local) -> str:
    whole = len(branches.vertical) > 1
    end = (
        ""
        if whole
        else (" from the point up" if 1 in branches.vertical else " from the point down")
    )
    return f"the curve holds a vertical line{end}"

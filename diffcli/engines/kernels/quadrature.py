"""Integrals in torch: adaptive Gauss–Legendre quadrature, differentiated by Leibniz's rule.

The module has a member for each operation of an integral, under the operation's name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
import torch
from sympy import Expr, Symbol
from torch import Tensor

from diffcli.engines.kernels.rules import Formula, Rule
from diffcli.engines.lambdify import lambdify
from diffcli.engines.program import Program
from diffcli.engines.terms import moving
from diffcli.engines.terms.chain import Differentiator
from diffcli.engines.terms.moving import MovingJumpError
from diffcli.errors import LimitError
from diffcli.language.expression import is_integral
from diffcli.language.functions import TABLE, resolve

MAX_CACHED = 512
"""Rules of integrals that are kept; their integrands are typed."""

TOLERANCE = 1e-15
"""Of a panel's error, over the integral of the integrand's size."""
ROUNDS = 100
"""Of halving; fifty settle an end where the slope is infinite."""
MAX_PANELS = 4096
"""At one time, for each integral."""
MAX_POINTS = 50_000_000
"""At one time, for all integrals together; those of an integral within one multiply."""
FIRST = 0.4140625
"""Where the range is first cut."""
CELLS = 32
"""Parts of a range that are searched for kinks and jumps."""
BISECTIONS = 60
"""Halvings towards one."""
PLACES = 65
"""Points at which a term is tried for zeros."""
HALVINGS = 40
"""Steps towards the least of its values."""
SMALL = 1e-9
"""What is less, over the greatest of the values, may be a zero."""
COARSE, FINE = 13, 20
"""Points of two rules, whose difference is the error of the first; a jump in the middle differs."""


def quadrature(
    integrand: Program, low: Tensor, high: Tensor, *others: Tensor, breaks: Program | None = None
) -> Tensor:
    """Integrate over panels of each integral, halving those whose two rules differ.

    The range is first cut where one of the ``breaks`` changes its sign.

    The arguments have one shape, which is the result's. The result is nan where the integrand
    isn't finite or the panels don't settle. Raises LimitError beyond ``MAX_POINTS``. Source: Davis
    and Rabinowitz, Methods of Numerical Integration (2nd ed. 1984), section 6.2.
    """
    shape, dtype = low.shape, low.dtype
    left, right, *ends = (end.detach().double().flatten() for end in (low, high, *others))
    total, settled_size = torch.zeros_like(left), torch.zeros_like(left)
    owner = torch.arange(left.numel(), device=left.device)
    if breaks is None:
        # Halves would cancel what is odd about the middle, a pole there too.
        left, right, owner = _parted(left, left + FIRST * (right - left), right, owner)
    else:
        left, right, owner = _cut(breaks, left, right, owner, ends)
    failed = torch.zeros_like(total, dtype=torch.bool)
    for _ in range(ROUNDS):
        if not owner.numel():
            break
        if owner.numel() * FINE > MAX_POINTS:
            raise LimitError(
                f"an integral that takes {owner.numel() * FINE:,} points",
                hint="take fewer integrals in integrals, or fewer points at a time",
            )
        half, middle = (right - left) / 2, (right + left) / 2
        fine, size = _panels(FINE, integrand, middle, half, [end[owner] for end in ends])
        coarse, _ = _panels(COARSE, integrand, middle, half, [end[owner] for end in ends])
        failed = failed.index_fill(0, owner[~fine.isfinite()], True)
        scale = settled_size.index_add(0, owner, size)[owner]
        is_settled = ((fine - coarse).abs() <= TOLERANCE * scale) | failed[owner]
        total = total.index_add(0, owner[is_settled], fine[is_settled])
        settled_size = settled_size.index_add(0, owner[is_settled], size[is_settled])
        left, middle, right, owner = (end[~is_settled] for end in (left, middle, right, owner))
        left, right = torch.cat([left, middle]), torch.cat([middle, right])
        owner = owner.repeat(2)
        if owner.numel() > MAX_PANELS * max(total.numel(), 1):
            break
    failed = failed.index_fill(0, owner, True)
    return torch.where(failed, math.nan, total).reshape(shape).to(dtype)


def _parted(
    left: Tensor, middle: Tensor, right: Tensor, owner: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    return torch.cat([left, middle]), torch.cat([middle, right]), owner.repeat(2)


def _cut(
    breaks: Program, left: Tensor, right: Tensor, owner: Tensor, ends: Sequence[Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Cut the ranges into cells, and these where a break changes its sign, found by bisection."""
    edges = left[:, None] + (right - left)[:, None] * torch.linspace(0, 1, CELLS + 1).to(left)
    left, right, owner = edges[:, :-1].ravel(), edges[:, 1:].ravel(), owner.repeat_interleave(CELLS)

    def values(t: Tensor) -> list[Tensor]:
        with torch.no_grad():
            return list(breaks(t, *(end[owner] for end in ends), shape=t.shape))

    for index in range(len(values(left))):
        low, high = left, right
        is_below = values(low)[index] < 0
        changes = is_below != (values(high)[index] < 0)
        for _ in range(BISECTIONS if changes.any() else 0):
            middle = (low + high) / 2
            is_low = (values(middle)[index] < 0) == is_below
            low, high = torch.where(is_low, middle, low), torch.where(is_low, high, middle)
        inside = changes & (left != high) & (right != high)
        kept = torch.where(inside, high, right)
        left, right = torch.cat([left, high[inside]]), torch.cat([kept, right[inside]])
        owner = torch.cat([owner, owner[inside]])
    return left, right, owner


def _panels(
    order: int, integrand: Program, middle: Tensor, half: Tensor, ends: list[Tensor]
) -> tuple[Tensor, Tensor]:
    """Return the integrals of the integrand and of its size over each panel, by one rule."""
    points, weights = (end.to(middle.device) for end in _rule(order))
    t = middle[:, None] + half[:, None] * points
    with torch.no_grad():
        (values,) = integrand(t, *(end[:, None].expand_as(t) for end in ends), shape=t.shape)
    return (values @ weights) * half, (values.abs() @ weights) * half.abs()


@cache
def _rule(order: int) -> tuple[Tensor, Tensor]:
    points, weights = np.polynomial.legendre.leggauss(order)
    return torch.from_numpy(points), torch.from_numpy(weights)


@lru_cache(MAX_CACHED)
def _integral(body: Expr, symbols: tuple[Symbol, ...], zeros: tuple[Expr, ...] = ()) -> Rule:
    """Return the rule of an integral; it is nan where one of the ``zeros`` is 0 in the range."""
    program = lambdify([body], symbols)
    barriers = lambdify(list(zeros), symbols) if zeros else None
    terms = moving.breaks(body, symbols)
    breaks = lambdify(list(terms), symbols) if terms else None

    def value(*args: Tensor) -> Tensor:
        integral = quadrature(program, *args, breaks=breaks)
        return (
            integral
            if barriers is None
            else integral.masked_fill(vanishes(barriers, *args), math.nan)
        )

    def at_high(_: Tensor, high: Tensor, *others: Tensor) -> Tensor:
        (height,) = program(high, *others, shape=high.shape)
        return height

    def at_low(low: Tensor, _: Tensor, *others: Tensor) -> Tensor:
        return -at_high(low, low, *others)

    under = (_under_the_sign(body, symbols, zeros, symbol) for symbol in symbols[1:])
    return Rule(value, at_low, at_high, *under)


def _under_the_sign(
    body: Expr, symbols: tuple[Symbol, ...], zeros: tuple[Expr, ...], wrt: Symbol
) -> Formula:
    def partial(*args: Tensor) -> Tensor:
        margins = (*moving.jumps(body, symbols[0], wrt), *moving.poles(body, symbols[0], wrt))
        try:
            slope = Differentiator().partial(body, [wrt])
        except MovingJumpError:
            return torch.full_like(args[0], math.nan)
        return _integral(slope, symbols, tuple(dict.fromkeys((*zeros, *margins))))(*args)

    return partial


def vanishes(terms: Program, low: Tensor, high: Tensor, *others: Tensor) -> Tensor:
    """Return where one of some terms seems to come to 0 between two bounds, from its values.

    The arguments have one shape, which is the result's.
    """
    shape = low.shape
    low, high, *ends = (end.detach().double().flatten() for end in (low, high, *others))

    def values(tensor: Tensor) -> list[Tensor]:
        t = low[:, None] + (high - low)[:, None] * tensor
        with torch.no_grad():
            return list(terms(t, *(end[:, None].expand_as(t) for end in ends), shape=t.shape))

    grid = (torch.arange(PLACES, device=low.device, dtype=low.dtype) + 0.5) / PLACES
    is_zero = torch.zeros_like(low, dtype=torch.bool)
    for index, tried in enumerate(values(grid.expand(low.numel(), -1))):
        is_zero |= (tried[:, 1:] * tried[:, :-1] <= 0).any(1) | ~tried.isfinite().all(1)
        middle = grid[tried.abs().argmin(1)][:, None]
        left, right = middle - 1 / PLACES, middle + 1 / PLACES
        for _ in range(HALVINGS):
            third = (right - left) / 3
            is_left = values(left + third)[index].abs() < values(right - third)[index].abs()
            left = torch.where(is_left, left, left + third)
            right = torch.where(is_left, right - third, right)
        least = values(((left + right) / 2).clamp(0, 1))[index].abs()[:, 0]
        is_zero |= least <= SMALL * tried.abs().amax(1)
    return is_zero.reshape(shape)


def __getattr__(op: str) -> Rule:
    if is_integral(op):
        kind = resolve(TABLE[op].sympy)
        return _integral(kind.body, kind.symbols)
    raise AttributeError(op)

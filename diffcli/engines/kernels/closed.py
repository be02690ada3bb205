"""Kernels of the special functions: a value from scipy or mpmath, partials from the table.

Where the table has no closed partial, or that would lose its digits, mpmath differentiates the
function's definition: slow, but to the last digit, and at every order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial
from typing import Any

import mpmath
import numpy as np
import torch
from torch import Tensor

from diffcli.engines.kernels.rules import Formula, Rule
from diffcli.engines.program import Program
from diffcli.engines.remote import lower
from diffcli.engines.terms import meanings
from diffcli.engines.terms.precision import mpmath_precision
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse
from diffcli.language.rules import ARGUMENTS

MAX_CACHED = 512
"""Rules that are kept; the orders of their derivatives are typed."""

BITS = 103
"""Precision of a value of mpmath that is rounded to a double."""


class _Special:
    """:mod:`scipy.special`, imported when one of its functions is first called: it takes long."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            from scipy import special

            return getattr(special, name)(*args)

        return call


special = _Special()


def on_cpu(function: Callable[..., Any]) -> Formula:
    """Return a numpy function as one of tensors, in double precision and computed on the CPU."""

    def value(*args: Tensor) -> Tensor:
        with np.errstate(all="ignore"):  # what isn't real or finite becomes nan and inf in silence
            numbers = function(*(arg.detach().cpu().double().numpy() for arg in args))
        return torch.as_tensor(numbers, dtype=args[0].dtype, device=args[0].device)

    return value


def scipy(name: str) -> Formula:
    """Return the function of :mod:`scipy.special`."""
    return on_cpu(getattr(special, name))


def of_positive(function: Callable[..., Any]) -> Formula:
    """Return a numpy function as one of tensors; nan unless the last argument is positive."""

    def value(*args: Any) -> Any:
        is_inside = args[-1] > 0
        return np.where(is_inside, function(*args[:-1], np.where(is_inside, args[-1], 1)), np.nan)

    return on_cpu(value)


def numbers(name: str, orders: tuple[int, ...] = ()) -> Callable[..., Any]:
    """Return a row's definition, or a mixed partial of it, on numpy arrays, one by one."""

    def number(*args: float) -> float:
        with mpmath_precision(BITS):
            return float(_derivative(name, args, orders) if any(orders) else _real(name, args))

    return np.vectorize(number, otypes=[float])


def _real(name: str, args: Sequence[Any]) -> Any:
    return meanings.real(name, *args)


def _derivative(name: str, args: Sequence[float], orders: tuple[int, ...]) -> Any:
    # The steps are those of the arguments' own scale, so that none leaves the domain.
    scales = [mpmath.mpf(abs(arg)) if 0 < abs(arg) < 1 else mpmath.mpf(1) for arg in args]

    def scaled(*steps: Any) -> Any:
        moved = (x + step * s for x, step, s in zip(args, steps, scales, strict=True))
        return meanings.real(name, *moved)

    derivative = mpmath.diff(scaled, (0,) * len(args), orders)
    return derivative / mpmath.fprod(s**n for s, n in zip(scales, orders, strict=True))


ITERATED: dict[str, frozenset[int]] = {}
"""The arguments of each row whose variation mpmath computes number by number, by their index."""


def closed(
    name: str, value: Formula, *, exact: str = "", fixed: str = "", iterated: str = ""
) -> Rule:
    """Return a row's rule.

    The arguments named in ``exact`` are differentiated by mpmath though the table has a closed
    partial; those in ``fixed``, the degrees that are integers, have none: it is nan. ``iterated``
    names arguments for which the value itself, on a part of the domain, is mpmath's.
    """
    texts = TABLE[name].partials
    names = ARGUMENTS[: TABLE[name].arity[0]]
    ITERATED[name] = frozenset(
        index
        for index, letter in enumerate(names)
        if letter in iterated
        or (
            letter not in fixed
            and (letter in exact or not texts[index : index + 1] or not texts[index])
        )
    )
    return Rule(
        value,
        *(
            _none
            if letter in fixed
            else partial(_of_table, name, index)
            if index < len(texts) and texts[index] and letter not in exact
            else _numeric_partial(name, index)
            for index, letter in enumerate(names)
        ),
    )


def _none(*args: Tensor) -> Tensor:
    return torch.full_like(args[0], math.nan)


def _of_table(name: str, index: int, *args: Tensor) -> Tensor:
    (number,) = program(name, index)(*args)
    return number


@cache
def program(name: str, index: int) -> Program:
    """Return a row's partial in an argument as a torch program of the arguments."""
    row = TABLE[name]
    return lower(parse(row.partials[index], variables=ARGUMENTS[: row.arity[0]]))


def _numeric_partial(name: str, index: int, orders: tuple[int, ...] = (0,) * 4) -> Formula:
    raised = tuple(n + (position == index) for position, n in enumerate(orders))
    return lambda *args: _numeric(name, raised[: len(args)])(*args)


@lru_cache(MAX_CACHED)
def _numeric(name: str, orders: tuple[int, ...]) -> Rule:
    partials = (_numeric_partial(name, index, orders) for index in range(len(orders)))
    return Rule(on_cpu(numbers(name, orders)), *partials)

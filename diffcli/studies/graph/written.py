"""A formula as a person writes it in torch: ``x - y`` a subtraction, ``x**2`` a power.

The engine's program computes the same, faster and with fewer traps; this one is to be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from operator import mul
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from diffcli.engines.exact import nearest
from diffcli.language.builder import is_condition
from diffcli.language.expression import VARIABLE, Node, node
from diffcli.language.function import Function
from diffcli.language.functions import TABLE, resolve
from diffcli.language.rationals import fraction_of
from diffcli.language.tensors import TENSORS, Slice

OWN = frozenset(
    "acos acosh asin asinh atan2 atanh digamma erfc expm1 hypot lgamma sigmoid tanh".split()
)
"""Functions that torch has by the same name, where the engine's program takes its own kernel."""

_NUMBER = torch.tensor(0.0, dtype=torch.float64)

Values = dict[Node, Any]
"""The value of each term: a tensor, or a number where it has no variable."""


def evaluate(function: Function, leaves: Mapping[str, Tensor]) -> Values:
    """Return every term's value; what stands before a sign of a long sum is a term too."""
    values: Values = {}
    for term in function.nodes:
        varying = any(isinstance(values[arg], Tensor) for arg in term.args)
        if term.op == VARIABLE:
            values[term] = leaves[str(term.value)]
        elif term.is_leaf and is_condition(term):
            values[term] = torch.tensor(term.value == "true")
        elif varying or is_condition(term):
            values.update(_WRITTEN.get(term.op, _call)(term, values))
        else:
            number = nearest(term)
            values[term] = int(number) if number.is_integer() else number
    return values


def _sum(term: Node, values: Values) -> Iterator[tuple[Node, Any]]:
    first, *rest = term.args
    total = values[first]
    for index, arg in enumerate(rest, 2):
        total = total - values[arg.args[0]] if arg.op == "neg" else total + values[arg]
        yield node("add", *term.args[:index]), total


def _product(term: Node, values: Values) -> Iterator[tuple[Node, Any]]:
    products = accumulate((values[arg] for arg in term.args), mul)
    for index, product in enumerate(products, 1):
        if index > 1:
            yield node("mul", *term.args[:index]), product


def _power(term: Node, values: Values) -> Iterator[tuple[Node, Any]]:
    base, exponent = term.args
    fraction = fraction_of(exponent)
    if fraction is None or fraction.denominator % 2 == 0 or fraction.denominator == 1:
        yield term, values[base] ** values[exponent]
    else:
        root = resolve("kernels:rational_power")
        yield term, root(values[base], fraction.numerator, fraction.denominator)


def _call(term: Node, values: Values) -> Iterator[tuple[Node, Any]]:
    args = [values[arg] for arg in term.args]
    like = next((arg for arg in args if isinstance(arg, Tensor)), _NUMBER)
    tensors = [
        arg if isinstance(arg, Tensor) else torch.tensor(arg, dtype=like.dtype, device=like.device)
        for arg in args
    ]
    if term.op in TENSORS:
        static = (slice(*part) if isinstance(part, Slice) else part for part in term.static)
        yield term, resolve(TENSORS[term.op].torch)(*tensors, *static)
    else:
        reference = f"torch:{term.op}" if term.op in OWN else TABLE[term.op].torch
        yield term, resolve(reference)(*tensors)


_Writer = Callable[[Node, Values], Iterator[tuple[Node, Any]]]

_WRITTEN: Mapping[str, _Writer] = MappingProxyType(
    {
        "add": _sum,
        "mul": _product,
        "pow": _power,
        "neg": lambda term, values: iter([(term, -values[term.args[0]])]),
        "div": lambda term, values: iter([(term, values[term.args[0]] / values[term.args[1]])]),
    }
)

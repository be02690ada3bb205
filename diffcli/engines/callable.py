"""A Function, or an expression of sympy, as a callable of torch's tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from sympy import Basic, Symbol
from torch import Tensor

from diffcli.engines import lambdify as lowering
from diffcli.engines.program import Program
from diffcli.engines.remote import lower
from diffcli.engines.terms.adoption import adopted
from diffcli.engines.terms.dag import postorder
from diffcli.errors import UsageError
from diffcli.language.function import Function


@dataclass(frozen=True)
class Callable:
    """A function of tensors, in the order of the variables or by their names.

    It broadcasts as torch does, has the dtype and the device of its arguments, and returns a tensor
    for one formula, a tuple for several. It is made of torch's operations and of
    ``torch.autograd.Function`` with rules for every order, forward mode and ``vmap``, so
    autograd, ``torch.func`` and ``torch.compile`` take it; rules stand between compiled graphs.
    It can be pickled.
    """

    variables: tuple[str, ...]
    program: Program = field(repr=False)
    is_scalar: bool

    def __call__(self, *values: Tensor, **named: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return the value. Raises UsageError for missing or unknown variables."""
        names = self.variables[len(values) :]
        if set(named) != set(names):
            raise UsageError(
                f"a value for each of {', '.join(self.variables) or 'no variables'}",
                hint="in order, or by name",
            )
        inputs = (*values, *(named[name] for name in names))
        outputs = self.program(*(torch.as_tensor(tensor) for tensor in inputs))
        return outputs[0] if self.is_scalar else outputs


def callable_of(function: Function) -> Callable:
    """Return a Function's callable."""
    return Callable(function.variables, lower(function).ready(), function.is_scalar)


def lambdify(expression: Basic | Sequence[Basic], symbols: Symbol | Sequence[Symbol]) -> Callable:
    """Return an expression of sympy as a function of tensors, in the order of the symbols.

    Several expressions give a tuple. Every function that has a meaning in ``diffcli functions``
    may occur, sympy's own and evaluated or unevaluated; decimals are the numbers that they store.
    Where sympy's own printer of torch code goes wrong, this is right: constants are rounded once,
    branches not taken poison no derivative, x**(1/3) is the real root, and no name is executed.
    Raises UsageError for anything else, and for a symbol that isn't among ``symbols``.

    >>> import diffcli, sympy, torch
    >>> x = sympy.Symbol("x")
    >>> f = diffcli.lambdify(sympy.Piecewise((sympy.sqrt(2)*x, x > 0), (x**2, True)), x)
    >>> f(torch.tensor([-3.0, 1.0]))
    tensor([9.0000, 1.4142])
    """
    arguments = [symbols] if isinstance(symbols, Symbol) else list(symbols)
    expressions = [expression] if isinstance(expression, Basic | str) else list(expression)
    for given, kind in ((expressions, Basic), (arguments, Symbol)):
        strange = [expression for expression in given if not isinstance(expression, kind)]
        if strange:
            raise UsageError(
                f"{type(strange[0]).__name__} in place of sympy's {kind.__name__}",
                hint="diffcli.parse(...).torch is for text, sympy.sympify for numbers",
            )
    names = tuple(map(str, arguments))
    twice = [name for index, name in enumerate(names) if name in names[:index]]
    if twice:
        raise UsageError(f"the symbol {twice[0]} twice")
    terms = adopted(expressions)
    unknown = [x for x in postorder(terms) if isinstance(x, Symbol) and x not in arguments]
    if unknown:
        raise UsageError(f"no value for {unknown[0]}", hint="name it among the symbols")
    program = lowering.lambdify(terms, arguments).ready()
    return Callable(names, program, isinstance(expression, Basic))

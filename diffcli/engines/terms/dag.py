"""Sympy terms as a hash-consed DAG: made once, unevaluated, and walked by loops alone.

Sympy's own constructors cache by equality, and equality, ``subs``, ``diff`` and ``free_symbols``
walk the tree, which a shared DAG makes exponentially large. So every term here is made by
:class:`Terms`, keyed by the identity of its arguments, and what must be known of sympy's functions
(a factory's form, a partial) is asked once, on dummies, and grafted onto the DAG.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sympy import Add, Basic, Dummy, Expr, Mul, Pow, Rational, S

from diffcli.clock import now
from diffcli.errors import LimitError, OutOfTimeError
from diffcli.language.limits import MAX_POWER_BITS

MAX_CACHED = 65_536
"""Symbols that are kept; how many arguments a sum has is typed, and equal ones are made again."""

MAX_TERMS = 200_000
"""Of one DAG of derivatives; beyond it a formula swells."""


def postorder(roots: Iterable[Basic]) -> list[Basic]:
    """Return every term that the roots reach, once, arguments before their users."""
    order: list[Basic] = []
    done: set[int] = set()
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        current, ready = stack.pop()
        if ready:
            order.append(current)
        elif id(current) not in done:
            done.add(id(current))
            stack.append((current, True))
            stack.extend((arg, False) for arg in reversed(current.args) if id(arg) not in done)
    return order


def tree_size(root: Basic) -> int:
    """Return how many terms the DAG has when it is written out."""
    sizes: dict[int, int] = {}
    for term in postorder([root]):
        sizes[id(term)] = 1 + sum(sizes[id(arg)] for arg in term.args)
    return sizes[id(root)]


def depth(root: Basic) -> int:
    """Return the length of the longest way from the root to a leaf."""
    depths: dict[int, int] = {}
    for term in postorder([root]):
        depths[id(term)] = 1 + max((depths[id(arg)] for arg in term.args), default=0)
    return depths[id(root)]


@dataclass
class TermTable:
    """The one maker of terms: equal terms are the same object.

    ``deadline`` is a reading of :func:`diffcli.clock.now`; past it, making a term raises
    OutOfTimeError; past ``max_terms`` terms, LimitError.
    """

    deadline: float | None = None
    max_terms: int | None = MAX_TERMS
    _made: dict[tuple[Any, ...], Basic] = field(default_factory=dict)
    _leaves: dict[Basic, Basic] = field(default_factory=dict)
    _rationals: dict[int, Rational] = field(default_factory=dict)

    def leaf(self, atom: Basic) -> Basic:
        """Return the one object that stands for this atom."""
        return self._leaves.setdefault(atom, atom)

    def __call__(self, kind: type[Basic], *args: Basic) -> Any:
        """Return the unevaluated term of this class with these arguments."""
        key = (kind, *map(id, args))
        term = self._made.get(key)
        if term is None:
            self.check()
            # Not kind(*args, evaluate=False): that looks equal terms up in sympy's cache.
            term = self._made[key] = Basic.__new__(kind, *args)
            if kind in (Add, Mul, Pow):
                term.is_commutative = True
            self._note_rational(term)
        return term

    def check(self) -> None:
        """Raise OutOfTimeError past the deadline, LimitError where there are too many terms."""
        if self.deadline is not None and now() > self.deadline:
            raise OutOfTimeError("the time for the formula ran out")
        if self.max_terms is not None and len(self._made) >= self.max_terms:
            raise LimitError(f"the formula swells beyond {self.max_terms} terms")

    def rational(self, term: Basic) -> Rational | None:
        """Return the rational number that the term is, if it is arithmetic of rationals."""
        return term if isinstance(term, Rational) else self._rationals.get(id(term))

    def _note_rational(self, term: Basic) -> None:
        if not isinstance(term, (Add, Mul, Pow)):
            return
        values: list[Any] = [self.rational(arg) for arg in term.args]
        if None in values:
            return
        if isinstance(term, Pow):
            base, exponent = values
            bits = (abs(base.p).bit_length() + base.q.bit_length()) * abs(exponent)
            if not exponent.is_Integer or bits > MAX_POWER_BITS or (not base and exponent < 0):
                return
        self._rationals[id(term)] = term.func(*values)

    def add(self, *terms: Expr) -> Any:
        """Return the sum, less its zeros."""
        kept = [term for term in terms if term is not S.Zero]
        if len(kept) > 1:
            return self(Add, *kept)
        return kept[0] if kept else S.Zero

    def mul(self, *factors: Expr) -> Any:
        """Return the product with its rational factors in one; 0 if one of them is 0."""
        coefficient, others = S.One, []
        for factor in factors:
            if isinstance(factor, Rational):
                coefficient *= factor
            else:
                others.append(factor)
        if not coefficient:
            return S.Zero
        if coefficient is not S.One:
            others.insert(0, self.leaf(coefficient))
        if len(others) > 1:
            return self(Mul, *others)
        return others[0] if others else S.One

    def power(self, base: Expr, exponent: Expr) -> Any:
        """Return the power; a rational exponent is folded, and 0 and 1 disappear."""
        folded = self.rational(exponent)
        exponent = exponent if folded is None else self.leaf(folded)
        if exponent is S.One:
            return base
        return S.One if exponent is S.Zero else self(Pow, base, exponent)

    def graft(self, template: Basic, args: Sequence[Basic], *, folding: bool = True) -> Any:
        """Return a small term in :func:`dummy` symbols rebuilt here, with ``args`` in their places.

        Without ``folding``, ones, zeros and products of numbers stay as they stand.
        """
        results: dict[int, Basic] = {}
        for term in postorder([template]):
            if isinstance(term, Dummy):
                results[id(term)] = args[term.dummy_index - _FIRST_DUMMY]
            elif not term.args:
                results[id(term)] = self.leaf(term)
            else:
                inner = [results[id(arg)] for arg in term.args]
                build = _FOLDING.get(type(term)) if folding else None
                results[id(term)] = build(self, *inner) if build else self(type(term), *inner)
        return results[id(template)]


_FOLDING: dict[type[Basic], Callable[..., Any]] = {
    Add: TermTable.add,
    Mul: TermTable.mul,
    Pow: TermTable.power,
}

#: Above every index that sympy's own counter reaches.
_FIRST_DUMMY = 1 << 62


@lru_cache(MAX_CACHED)
def dummy(index: int) -> Dummy:
    """Return the real symbol that stands for the argument of this index in a template."""
    return Dummy(f"a{index}", dummy_index=_FIRST_DUMMY + index, real=True)

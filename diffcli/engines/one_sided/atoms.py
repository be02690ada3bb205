"""The named numbers that coefficients are made of, and the computation that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from flint import arb, fmpq

from diffcli.engines.balls.precision import working
from diffcli.engines.balls.signs import proved_sign
from diffcli.language.expression import Node

LEVELS = ((128, 0, 12), (512, 2, 16), (512, 6, 32), (2048, 14, 48))
"""Bits, how many powers of h beyond the order, and the most terms: each level that is tried."""


@dataclass(eq=False, slots=True)
class Atom:
    """A named number: its ball, and what it is as a term of the language."""

    serial: int
    ball: arb
    term: Callable[[], Node | None]


Exponent = int | fmpq
"""A rational exponent, which is an int where it is whole: those are hashed fast."""

Product = tuple[tuple[Atom, Exponent], ...]
"""Powers of atoms, in the order of their serial numbers."""


def plain(exponent: Exponent) -> Exponent:
    """Return an exponent as an int where it is whole."""
    return int(exponent.numerator) if exponent.denominator == 1 else exponent


@dataclass
class Field:
    """The atoms of one computation, and how precise and how long its expansions are."""

    bits: int
    window: int
    """How far an expansion goes: the powers of h beyond its first."""
    most: int
    """The greatest number of an expansion's terms."""
    side: int = 0
    """On which side of the point the expansions are."""
    depth: int = 0
    """How many distances there are across the path, which may have either sign."""
    signs: dict[Node, int | None] = field(default_factory=dict)
    """The signs of constants that were asked for, at any precision."""
    atoms: dict[Hashable, Atom] = field(default_factory=dict)
    _windows: dict[int, int] = field(default_factory=dict)

    @contextmanager
    def at_depth(self, depth: int, window: int | None = None) -> Iterator[None]:
        """Compute with expansions across the path, of so many distances."""
        before = self.depth, self.window
        self._windows[self.depth] = self.window
        self.depth, self.window = depth, self._windows[depth] if window is None else window
        try:
            yield
        finally:
            self.depth, self.window = before

    def sign(self, term: Node | None) -> int | None:
        """Return the proved sign of a constant, if there is one."""
        if term is None:
            return None
        if term not in self.signs:
            self.signs[term] = proved_sign(term, {})
        return self.signs[term]


_field: ContextVar[Field] = ContextVar("field")


@contextmanager
def working_in(field: Field) -> Iterator[Field]:
    """Compute with the atoms, the precision and the lengths of a field."""
    token = _field.set(field)
    try:
        with working(field.bits):
            yield field
    finally:
        _field.reset(token)


def here() -> Field:
    """Return the field that is computed in."""
    return _field.get()


def atom_of(key: Hashable, new: Callable[[int], Atom]) -> Atom:
    """Return the atom of a name, which ``new`` makes of its serial number when first asked for."""
    atoms = here().atoms
    if key not in atoms:
        atoms[key] = new(len(atoms))
    return atoms[key]

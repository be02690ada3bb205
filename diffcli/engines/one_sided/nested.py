"""Expansions in a second distance, whose coefficients are germs along the path.

A mixed partial asks how ∂f/∂x moves along a path in y. About each point of the path f is expanded
in ε = x − x₀: a germ of germs. It holds for an ε of either sign only where no choice is made by the
sign of ε, so a sign that comes from a power of ε isn't known.
Several such distances are nested in one another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from math import comb

from flint import arb, fmpq

from diffcli.engines.balls.guards import Difficult
from diffcli.engines.one_sided import germs as g
from diffcli.engines.one_sided import series
from diffcli.engines.one_sided.atoms import here
from diffcli.engines.one_sided.coefficients import Coefficient, rational
from diffcli.engines.one_sided.germs import Germ
from diffcli.engines.one_sided.series import Taylor
from diffcli.engines.one_sided.sums import add, neg
from diffcli.language.expression import Node


def along_the_path() -> AbstractContextManager[None]:
    """Compute with the germs that are coefficients."""
    return here().at_depth(here().depth - 1)


class Inner(Coefficient):
    """A coefficient that is a germ along the path."""

    __slots__ = ("germ",)

    def __init__(self, germ: Germ) -> None:
        super().__init__({}, arb(0))
        self.germ = germ

    @property
    def is_nothing(self) -> bool:
        """Whether it is 0 by its terms."""
        return g.is_exactly_zero(self.germ)

    @property
    def rational(self) -> fmpq | None:
        """The rational number that the germ is at every point of the path, if it is one."""
        fixed = g.constant_of(self.germ)
        return None if fixed is None else fixed.rational

    def enclosed(self) -> arb:
        """Return a ball around the limit, which the germ comes as near as one likes."""
        with along_the_path():
            return g.split(self.germ)[0].ball

    def whole(self) -> fmpq | None:
        """Return the integer or rational number that the germ is, if it is one."""
        fixed = g.constant_of(self.germ)
        return None if fixed is None else fixed.whole()

    def __add__(self, other: Coefficient) -> Coefficient:
        with along_the_path():
            return Inner(add(self.germ, germ_of(other)))

    __radd__ = __add__

    def __neg__(self) -> Coefficient:
        return Inner(neg(self.germ))

    def __mul__(self, other: Coefficient) -> Coefficient:
        with along_the_path():
            return Inner(series.mul(self.germ, germ_of(other)))

    __rmul__ = __mul__

    def times(self, factor: fmpq) -> Coefficient:
        """Return a rational multiple."""
        return self * rational(factor)

    def sign(self) -> int:
        """Return the sign next to the point. Raises Difficult where it isn't known."""
        with along_the_path():
            return g.sign(self.germ)

    def term(self) -> Node | None:
        """Return None: a germ is no constant of the language."""
        return None

    def power(self, exponent: fmpq) -> Coefficient:
        """Return a power."""
        with along_the_path():
            return Inner(series.power(self.germ, exponent))

    def log(self) -> Coefficient:
        """Return the logarithm."""
        with along_the_path():
            return Inner(series.log(self.germ))

    def exp(self) -> Coefficient:
        """Return e to this power."""
        with along_the_path():
            return Inner(series.exp(self.germ))


def germ_of(coefficient: Coefficient) -> Germ:
    """Return a coefficient as a germ along the path."""
    return coefficient.germ if isinstance(coefficient, Inner) else g.exact(coefficient)


def taylor_about(centre: Inner, expand: Callable[[Coefficient], Taylor]) -> Taylor:
    """Return the Taylor coefficients of a function about a germ, from those about its limit."""
    with along_the_path():
        limit, small = g.split(centre.germ)
        base = expand(limit)

    def taylor(count: int) -> Sequence[Coefficient]:
        with along_the_path():
            return [Inner(series.compose(_shifted(base, k), small)) for k in range(count)]

    return taylor


def _shifted(base: Taylor, k: int) -> Taylor:
    """Return the Taylor series of a function's k-th derivative over k!."""

    def taylor(count: int) -> Sequence[Coefficient]:
        coefficients = base(count + k)
        return [coefficients[j + k].times(fmpq(comb(j + k, k))) for j in range(count)]

    return taylor


def refuse_nested(coefficients: Sequence[Coefficient]) -> None:
    """Raise Difficult where a coefficient is a germ."""
    if any(isinstance(coefficient, Inner) for coefficient in coefficients):
        raise Difficult("several arguments that vary")

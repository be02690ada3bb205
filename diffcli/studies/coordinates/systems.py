"""Orthogonal coordinates: their names, scale factors, and what the operators add to partials.

In the local orthonormal basis, with scale factors h and H their product: the gradient has the
components f_i/h_i; the divergence is Σ (∂_i F_i/h_i + ∂_i(H/h_i)/H·F_i); the Laplacian is
Σ (∂_ii f/h_i² + ∂_i(H/h_i²)/H·∂_i f); the i-th component of the curl is ∂_j F_k/h_j - ∂_k F_j/h_k
and ∂_j h_k/(h_j h_k)·F_k - ∂_k h_j/(h_j h_k)·F_j. Source: Arfken and Weber, Mathematical Methods
for Physicists, 6th edition, chapter 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from diffcli.errors import UsageError
from diffcli.language.algebra import Algebra
from diffcli.language.builder import Builder
from diffcli.language.expression import Node, number
from diffcli.language.parser import parse

Term = tuple[Node, int, tuple[str, ...]]
"""A coefficient, an output, and the variables in which it is differentiated."""


@dataclass(frozen=True)
class System:
    """A system of coordinates; texts are written in its names, {0} being the first.

    ``spread`` has ∂_i(H/h_i)/H, ``bend`` ∂_i(H/h_i²)/H, and ``turn`` by (j, k) ∂_j h_k/(h_j h_k).
    """

    names: tuple[tuple[str, ...], ...]
    scales: tuple[str, ...]
    spread: tuple[str, ...]
    bend: tuple[str, ...]
    turn: Mapping[tuple[int, int], str]
    meaning: str

    def chosen(self, used: Sequence[str], declared: Sequence[str]) -> tuple[str, ...]:
        """Return the names of the coordinates. Raises UsageError where a formula has others."""
        count = len(self.scales)
        if declared:
            if len(declared) != count or not set(used) <= set(declared):
                raise UsageError(f"{count} coordinates", hint=f"--vars {','.join(self.names[0])}")
            return tuple(declared)
        for names in self.names:
            if set(used) <= set(names):
                return names
        listed = ", ".join(self.names[0])
        raise UsageError(
            f"the coordinates are {listed}, and the formula has {', '.join(used)}",
            hint="give other names in their order, as in --vars r,t,z",
        )


_CYLINDRICAL_TURN = MappingProxyType({(0, 1): "1/{0}"})
_SPHERICAL_TURN = MappingProxyType(
    {(0, 1): "1/{0}", (0, 2): "1/{0}", (1, 2): "cos({1})/({0}*sin({1}))"}
)
SYSTEMS: Mapping[str, System] = MappingProxyType(
    {
        "polar": System(
            (("r", "theta"), ("rho", "phi"), ("r", "phi"), ("r", "t")),
            ("1", "{0}"),
            ("1/{0}", "0"),
            ("1/{0}", "0"),
            _CYLINDRICAL_TURN,
            "x = {0}*cos({1}), y = {0}*sin({1})",
        ),
        "cylindrical": System(
            (("r", "theta", "z"), ("rho", "phi", "z"), ("r", "phi", "z"), ("s", "phi", "z")),
            ("1", "{0}", "1"),
            ("1/{0}", "0", "0"),
            ("1/{0}", "0", "0"),
            _CYLINDRICAL_TURN,
            "x = {0}*cos({1}), y = {0}*sin({1}), z = {2}",
        ),
        "spherical": System(
            (("r", "theta", "phi"), ("rho", "theta", "phi")),
            ("1", "{0}", "{0}*sin({1})"),
            ("2/{0}", "cos({1})/({0}*sin({1}))", "0"),
            ("2/{0}", "cos({1})/({0}^2*sin({1}))", "0"),
            _SPHERICAL_TURN,
            "x = {0}*sin({1})*cos({2}), y = {0}*sin({1})*sin({2}), z = {0}*cos({1})",
        ),
    }
)


class Components:
    """The components of the operators in one system, as sums of terms."""

    def __init__(self, system: System, names: tuple[str, ...]) -> None:
        self._system, self._names = system, names
        self.algebra = Algebra(Builder())

    def grad(self) -> dict[str, list[Term]]:
        """Return the components of the gradient, by coordinate."""
        return {x: [(self._under(i), 0, (x,))] for i, x in enumerate(self._names)}

    def divergence(self) -> dict[str, list[Term]]:
        """Return the divergence."""
        terms: list[Term] = []
        for i, x in enumerate(self._names):
            terms.append((self._under(i), i, (x,)))
            terms.append((self._read(self._system.spread[i]), i, ()))
        return {"f": terms}

    def laplacian(self) -> dict[str, list[Term]]:
        """Return the Laplacian."""
        terms: list[Term] = []
        for i, x in enumerate(self._names):
            terms.append((self.algebra.mul(self._under(i), self._under(i)), 0, (x, x)))
            terms.append((self._read(self._system.bend[i]), 0, (x,)))
        return {"f": terms}

    def curl(self) -> dict[str, list[Term]]:
        """Return the components of the curl, by coordinate."""
        terms: dict[str, list[Term]] = {}
        for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            terms[self._names[i]] = [
                (self._under(j), k, (self._names[j],)),
                (self._turn(j, k), k, ()),
                (self.algebra.neg(self._under(k)), j, (self._names[k],)),
                (self.algebra.neg(self._turn(k, j)), j, ()),
            ]
        return terms

    def _under(self, i: int) -> Node:
        return self.algebra.div(number(1), self._read(self._system.scales[i]))

    def _turn(self, j: int, k: int) -> Node:
        return self._read(self._system.turn.get((j, k), "0"))

    def _read(self, text: str) -> Node:
        (formula,) = parse(text.format(*self._names), variables=self._names).outputs
        return formula

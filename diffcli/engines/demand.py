"""Which branches want a term's derivative: what must be guarded when a formula is lowered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sympy import Basic, Piecewise, S

from diffcli.engines.terms.operations import Operation

Scope: TypeAlias = tuple[int, int]
"""A branch: the id of its Piecewise and the branch's index."""
Demand: TypeAlias = frozenset[Scope] | None
"""The branches that want a term; None: it is wanted everywhere."""
UNWANTED: Demand = frozenset()


def demands_of(order: Sequence[Basic], roots: Sequence[Basic]) -> dict[int, Demand]:
    """Return for each term the branches that want its derivative; conditions want none."""
    wanted: dict[int, Demand] = {id(root): None for root in roots}
    demands: dict[int, Demand] = {}
    pieces: dict[int, Any] = {}
    for term in reversed(order):
        scopes = wanted.get(id(term), UNWANTED)
        demand = demands[id(term)] = _closed(scopes, pieces, demands)
        if demand == UNWANTED:
            continue
        if isinstance(term, Piecewise):
            pieces[id(term)] = term
            uses: list[tuple[Any, Demand]] = [
                (pair.args[0], frozenset({(id(term), i)})) for i, pair in enumerate(term.args)
            ]
        else:
            # A tensor operation wants its operands whole, whichever of its entries are wanted.
            scope = None if isinstance(term, Operation) else demand
            uses = [(arg, scope) for arg in term.args]
        for arg, scope in uses:
            known = wanted.setdefault(id(arg), UNWANTED)
            wanted[id(arg)] = None if known is None or scope is None else known | scope
    return demands


def _closed(scopes: Demand, pieces: Mapping[int, Any], demands: Mapping[int, Demand]) -> Demand:
    """Return the demand; every branch of a total choice together is where the choice is wanted."""
    while scopes is not None:
        for piece in {piece for piece, _ in scopes}:
            pairs = pieces[piece].args
            branches = {(piece, index) for index in range(len(pairs))}
            if pairs[-1].args[1] is S.true and branches <= scopes:
                outer = demands[piece]
                scopes = None if outer is None else scopes - branches | outer
                break
        else:
            return scopes
    return None

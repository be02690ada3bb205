"""Where a node is wanted: everywhere, or only where some branches of choices are taken.

What is wanted nowhere else must not be computed elsewhere: Python's ``math`` would raise, and
autograd would meet 0·inf. A branch is (choice, i): piece i is taken; a test (choice, ~i): condition
i is reached, as none before it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from diffcli.language.expression import Node, postorder

Scope: TypeAlias = tuple[Node, int]
"""A choice, and the index of a piece that is taken, or ~index of a condition that is reached."""
Demand: TypeAlias = frozenset[Scope] | None
"""The scopes that want a node; None: it is wanted everywhere."""


def demands_of(roots: Sequence[Node]) -> dict[Node, Demand]:
    """Return for each node the scopes that want it, none within another."""
    order = postorder(roots)
    wanted: dict[Node, Demand] = dict.fromkeys(order, frozenset())
    wanted |= dict.fromkeys(roots)
    demands: dict[Node, Demand] = {}
    for each in reversed(order):
        demand = demands[each] = _widest(wanted[each], demands)
        for arg, scope in _uses(each, demand):
            known = wanted[arg]
            wanted[arg] = None if known is None or scope is None else known | scope
    return demands


def _uses(each: Node, demand: Demand) -> Iterator[tuple[Node, Demand]]:
    if each.op != "piecewise":
        yield from ((arg, demand) for arg in each.args)
        return
    for place, (value, held) in enumerate(zip(each.args[::2], each.args[1::2], strict=True)):
        yield held, demand if place == 0 else frozenset({(each, ~place)})
        yield value, frozenset({(each, place)})


def _widest(scopes: Demand, demands: Mapping[Node, Demand]) -> Demand:
    """Return a demand with all pieces of a choice as the choice's own, and nothing twice."""
    while scopes is not None:
        for choice in {choice for choice, _ in scopes}:
            pieces = {(choice, place) for place in range(len(choice.args) // 2)}
            if all(_within(piece, scopes, demands) for piece in pieces):
                outer = demands[choice]
                others = frozenset(scope for scope in scopes if scope[0] is not choice)
                scopes = None if outer is None else others | outer
                break
        else:
            return frozenset(s for s in scopes if not _within(s, scopes - {s}, demands))
    return None


def _within(scope: Scope, scopes: frozenset[Scope], demands: Mapping[Node, Demand]) -> bool:
    """Whether a scope lies within one of some others."""
    seen, stack = set(), [scope]
    while stack:
        choice, place = current = stack.pop()
        if current in seen or current in scopes:
            continue
        seen.add(current)
        reached = place if place >= 0 else ~place
        if any((choice, ~earlier) in scopes for earlier in range(1, reached + 1)):
            continue
        outer = demands[choice]
        if outer is None:
            return False
        stack.extend(outer)
    return True

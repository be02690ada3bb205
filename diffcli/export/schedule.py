"""Where a body's nodes are wanted, and in which order they are computed.

A node is wanted everywhere, or only where some branches of choices are taken. What is wanted
nowhere else must not be computed elsewhere: Python's ``math`` would raise, and autograd would meet
0·inf. A branch is (choice, i): piece i is taken; a test (choice, ~i): condition i is reached, as
none before it holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeAlias

from diffcli.language.expression import Node, postorder

Scope: TypeAlias = tuple[Node, int]
"""A choice, and the index of a piece that is taken, or ~index of a condition that is reached."""
Demand: TypeAlias = frozenset[Scope] | None
"""The scopes that want a node; None: it is wanted everywhere."""


class Schedule:
    """The ``order`` of the nodes that vary, with the ``demands`` of all.

    ``free`` are nodes whose demand can't be known before they are computed.
    """

    def __init__(self, roots: Sequence[Node], varying: Collection[Node]) -> None:
        self._varying = varying
        self.demands = demands_of(roots)
        self._places = {node: index for index, node in enumerate(postorder(roots))}
        self.free: set[Node] = set()
        self.order = self._ordered(roots)

    def _ordered(self, roots: Sequence[Node]) -> list[Node]:
        """Return what varies, arguments and the conditions of its branches before each.

        A node that a condition reads may be wanted where that condition holds. Such a node is
        noted as free: it stands under no condition, as the next round then knows.
        """
        while True:
            before = len(self.free)
            order = self._round(roots)
            if len(self.free) == before:
                return order

    def _round(self, roots: Sequence[Node]) -> list[Node]:
        order: dict[Node, None] = {}
        for root in roots:
            path: dict[Node, Iterator[Node]] = {}
            waiting = [root]
            while waiting or path:
                if waiting:
                    node = waiting.pop()
                    if node in path:
                        self._note_free([*path][[*path].index(node) :])
                    elif node in self._varying and node not in order:
                        path[node] = iter([*self._needed(node), *node.args])
                current = next(reversed(path), None)
                if current is None:
                    break
                following = next(path[current], None)
                if following is None:
                    path.popitem()
                    order[current] = None
                else:
                    waiting.append(following)
        return list(order)

    def _needed(self, node: Node) -> Iterator[Node]:
        return iter(()) if node in self.free else self._conditions(self.demands[node])

    def _note_free(self, circle: Sequence[Node]) -> None:
        for user, used in zip(circle, (*circle[1:], circle[0]), strict=True):
            if used not in user.args:
                self.free.add(user)

    def _conditions(self, demand: Demand) -> Iterator[Node]:
        for choice, index in self.scopes(demand):
            yield from self._conditions(self.demands[choice])
            last = index if index >= 0 else ~index - 1
            yield from choice.args[1 : 2 * last + 2 : 2]

    def scopes(self, demand: Demand) -> list[Scope]:
        """Return the scopes of a demand in the order of the formula."""
        return sorted(demand or (), key=lambda scope: (self._places[scope[0]], scope[1]))


def demands_of(roots: Sequence[Node]) -> dict[Node, Demand]:
    """Return for each node the scopes that want it, none within another."""
    order = postorder(roots)
    wanted: dict[Node, Demand] = dict.fromkeys(order, frozenset())
    wanted |= dict.fromkeys(roots)
    demands: dict[Node, Demand] = {}
    for node in reversed(order):
        demand = demands[node] = _widest(wanted[node], demands)
        for arg, scope in _uses(node, demand):
            known = wanted[arg]
            wanted[arg] = None if known is None or scope is None else known | scope
    return demands


def _uses(node: Node, demand: Demand) -> Iterator[tuple[Node, Demand]]:
    if node.op != "piecewise":
        yield from ((arg, demand) for arg in node.args)
        return
    for index, (value, condition) in enumerate(zip(node.args[::2], node.args[1::2], strict=True)):
        yield condition, demand if index == 0 else frozenset({(node, ~index)})
        yield value, frozenset({(node, index)})


def _widest(scopes: Demand, demands: Mapping[Node, Demand]) -> Demand:
    """Return a demand with all pieces of a choice as the choice's own, and nothing twice."""
    while scopes is not None:
        for choice in {choice for choice, _ in scopes}:
            pieces = {(choice, index) for index in range(len(choice.args) // 2)}
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
        choice, index = current = stack.pop()
        if current in seen or current in scopes:
            continue
        seen.add(current)
        reached = index if index >= 0 else ~index
        if any((choice, ~earlier) in scopes for earlier in range(1, reached + 1)):
            continue
        outer = demands[choice]
        if outer is None:
            return False
        stack.extend(outer)
    return True

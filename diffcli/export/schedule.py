"""In which order a body's nodes are computed: what a branch needs, after what it depends on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from diffcli.export.demand import Demand, Scope, demands_of
from diffcli.language.expression import Node, postorder


class Schedule:
    """The ``order`` of the nodes that vary, with the ``demands`` of all.

    ``free`` are nodes whose demand can't be known before they are computed.
    """

    def __init__(self, roots: Sequence[Node], varying: Collection[Node]) -> None:
        self._varying = varying
        self.demands = demands_of(roots)
        self._places = {each: place for place, each in enumerate(postorder(roots))}
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
                    each = waiting.pop()
                    if each in path:
                        self._note_free([*path][[*path].index(each) :])
                    elif each in self._varying and each not in order:
                        path[each] = iter([*self._needed(each), *each.args])
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

    def _needed(self, each: Node) -> Iterator[Node]:
        return iter(()) if each in self.free else self._conditions(self.demands[each])

    def _note_free(self, circle: Sequence[Node]) -> None:
        for user, used in zip(circle, (*circle[1:], circle[0]), strict=True):
            if used not in user.args:
                self.free.add(user)

    def _conditions(self, demand: Demand) -> Iterator[Node]:
        for choice, place in self.scopes(demand):
            yield from self._conditions(self.demands[choice])
            last = place if place >= 0 else ~place - 1
            yield from choice.args[1 : 2 * last + 2 : 2]

    def scopes(self, demand: Demand) -> list[Scope]:
        """Return the scopes of a demand in the order of the formula."""
        return sorted(demand or (), key=lambda scope: (self._places[scope[0]], scope[1]))

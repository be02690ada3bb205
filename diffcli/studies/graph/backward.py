"""Autograd's backward graph: its nodes, what flows through them, what the leaves gather."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.autograd.graph import Node as Backward
from torch.autograd.graph import get_gradient_edge

from diffcli.differentiation import Settings, derive
from diffcli.engines.autograd import tensors
from diffcli.engines.coordinates import arrays_of
from diffcli.errors import LimitError, UsageError
from diffcli.language.expression import Node, postorder
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.language.printer import text_of
from diffcli.operators import Grad
from diffcli.output.report import Nested, Report
from diffcli.output.text import numbers, raised
from diffcli.studies.graph.written import evaluate

LEAF = "AccumulateGrad"
SHORT = 6
"""Significant digits of what flows, unless asked otherwise."""
MOST_NODES = 500
MOST_TERMS = 4 * MOST_NODES
"""Beyond them the graph isn't even made."""
LONGEST = 60
"""Terms, shared ones counted wherever they stand, of a term that a node still shows."""


@dataclass(frozen=True)
class GraphNode:
    """A backward node: its name, the term it belongs to, the term's value, the gradient there.

    A leaf's node is AccumulateGrad, and ``term`` its variable. ``term`` and ``value`` are None in
    the middle of a function that torch computes in several steps; a long term is None too.
    """

    name: str
    term: Node | None
    value: Nested
    gradient: Nested

    @property
    def is_leaf(self) -> bool:
        """Whether the gradient is gathered here."""
        return self.name == LEAF

    @property
    def box(self) -> list[str]:
        """The lines of the node where it is drawn as a box."""
        term = [raised(text_of(self.term))] if self.term is not None else []
        value = [f"value {numbers(self.value, SHORT)}"] if self.value is not None else []
        return [self.name, *term, *value, f"gradient {numbers(self.gradient, SHORT)}"]


@dataclass(frozen=True)
class TensorFacts:
    """Torch's facts of a leaf or of the result."""

    name: str
    data: Nested
    grad: Nested
    grad_fn: str | None
    is_leaf: bool
    requires_grad: bool


@dataclass(frozen=True)
class Pass:
    """A backward pass: whether the gradients were cleared before it, and what they are after."""

    number: int
    zeroed: bool
    gradient: Mapping[str, Nested]


@dataclass(frozen=True)
class BackwardGraph:
    """A graph at a point, from the result to the leaves.

    ``edges`` are pairs of places in ``nodes``, from a node to what it passes gradients on to;
    the first node is that of the result. ``report`` is the gradient with its verdicts.
    """

    report: Report
    nodes: tuple[GraphNode, ...]
    edges: tuple[tuple[int, int], ...]
    tensors: tuple[TensorFacts, ...]
    accumulated: tuple[Pass, ...]


def trace(
    function: Function,
    point: Point,
    settings: Settings,
    *,
    passes: int = 1,
    cleared_after: Collection[int] = (),
) -> BackwardGraph:
    """Return the backward graph of a formula at a point, after a number of backward passes.

    The gradients are cleared after the passes named. Vectors are many points at once: what flows
    is the gradient of the sum. Raises UsageError where there are several outputs or nothing to
    differentiate, LimitError beyond ``MOST_NODES`` nodes.
    """
    if sum(max(1, len(term.args) - 1) for term in function.nodes if not term.is_leaf) > MOST_TERMS:
        raise _too_large()
    report = replace(derive(Grad(), function, [point], settings), command="graph")
    arrays = arrays_of(point, dtype=settings.dtype, seed=settings.seed)
    leaves = tensors(arrays, settings.dtype, settings.device)
    values = evaluate(function, leaves)
    result = values[function.outputs[0]]
    if not isinstance(result, Tensor) or not result.requires_grad:
        raise UsageError(
            "no gradient flows: f depends on no variable", hint='diffcli graph "x^2" --at 3'
        )
    order = _reached(get_gradient_edge(result).node)
    flowing: dict[Backward, Tensor] = {}
    hooks = [node.register_prehook(_recorder(node, flowing)) for node in order]
    accumulated: list[Pass] = []
    for number in range(1, passes + 1):
        zeroed = number - 1 in cleared_after
        if zeroed:
            for leaf in leaves.values():
                leaf.grad = None
        result.backward(torch.ones_like(result), retain_graph=True)
        gradient = {name: _numbers(leaf.grad) for name, leaf in leaves.items()}
        accumulated.append(Pass(number, zeroed, gradient))
        while hooks:
            hooks.pop().remove()
    arrows = {
        get_gradient_edge(value).node: (term, value)
        for term, value in reversed(values.items())
        if isinstance(value, Tensor) and value.requires_grad
    }
    short = _short(term for term, _ in arrows.values())
    nodes = []
    for node in order:
        term, value = arrows.get(node, (None, None))
        nodes.append(
            GraphNode(
                _name(node),
                term if term in short else None,
                _numbers(value),
                _numbers(flowing.get(node)),
            )
        )
    return BackwardGraph(
        report,
        tuple(nodes),
        tuple((index, order[after]) for node, index in order.items() for after in _next(node)),
        tuple(_facts(name, leaf) for name, leaf in [*leaves.items(), ("f", result)]),
        tuple(accumulated),
    )


def _reached(root: Backward) -> dict[Backward, int]:
    """Return the nodes from the result to the leaves, each with its place, depth first."""
    order: dict[Backward, int] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node not in order:
            order[node] = len(order)
            waiting.extend(reversed(_next(node)))
        if len(order) > MOST_NODES:
            raise _too_large()
    return order


def _too_large() -> LimitError:
    return LimitError(f"the graph has more than {MOST_NODES:,} nodes", hint="look at a part of it")


def _next(node: Backward) -> list[Backward]:
    return [after for after, _ in node.next_functions if after is not None]


def _recorder(
    node: Backward, flowing: dict[Backward, Tensor]
) -> Callable[[tuple[Tensor, ...]], None]:
    def record(gradients: tuple[Tensor, ...]) -> None:
        flowing[node] = gradients[0]

    return record


def _name(node: Backward) -> str:
    return node.name().rpartition("::")[2]


def _numbers(value: Tensor | None) -> Nested:
    listed: Nested = None if value is None else value.detach().tolist()
    return listed


def _short(terms: Iterable[Node]) -> frozenset[Node]:
    """Return the terms that are short enough to be read."""
    wanted = list(terms)
    sizes: dict[Node, int] = {}
    for term in postorder(wanted):
        sizes[term] = 1 + sum(sizes[arg] for arg in term.args)
    return frozenset(term for term in wanted if sizes[term] <= LONGEST)


def _facts(name: str, tensor: Tensor) -> TensorFacts:
    return TensorFacts(
        name,
        data=_numbers(tensor),
        grad=_numbers(tensor.grad) if tensor.is_leaf else None,
        grad_fn=tensor.grad_fn.name() if tensor.grad_fn else None,
        is_leaf=tensor.is_leaf,
        requires_grad=tensor.requires_grad,
    )

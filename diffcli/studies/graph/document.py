"""A backward graph as an answer: the tree from the result to the leaves, and the tensors."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from diffcli.errors import LimitError, UsageError
from diffcli.language.latex.printer import node_latex
from diffcli.language.printer import text_of
from diffcli.output.answers import function_lines, remarks
from diffcli.output.document import Answer, Document, Formulas, Math, Remarks, Table, Tree
from diffcli.output.text import numbers
from diffcli.programs import called
from diffcli.studies.graph.backward import SHORT, BackwardGraph, GraphNode

TEXTS = ("dot", "gv")
"""The endings of files in Graphviz's language."""
MAX_SECONDS = 60.0
"""Time that Graphviz may take."""


def answer(backward_graphs: Sequence[BackwardGraph]) -> Answer:
    """Return the tree of each graph, its tensors and what the passes gathered."""

    def document(digits: int | None) -> Document:
        short = digits or SHORT
        tables: list[Table] = []
        for graph in backward_graphs:
            tables.append(_tensors(graph, short))
            if len(graph.accumulated) > 1:
                tables.append(_passes(graph, short))
        said = (remark for graph in backward_graphs for remark in remarks(graph.report, digits))
        return Document(
            (
                Formulas(tuple(function_lines(first))),
                *(_tree(graph, short) for graph in backward_graphs),
                *tables,
                Remarks(tuple(said)),
            )
        )

    first = backward_graphs[0].report
    return Answer(
        first,
        max(graph.report.exit_code for graph in backward_graphs),
        lambda: {**first.data, "results": [_record(graph) for graph in backward_graphs]},
        document,
        draw=partial(_draw, backward_graphs),
    )


def _draw(backward_graphs: Sequence[BackwardGraph], kind: str) -> bytes:
    """Return the one graph as a file: in Graphviz's language, or drawn."""
    if len(backward_graphs) > 1:
        raise UsageError("several points, and one graph is drawn", hint="draw them one by one")
    text = dot(backward_graphs[0]).encode()
    if kind in TEXTS:
        return text
    program = shutil.which("dot")
    if program is None:
        from diffcli.studies.graph.picture import graph_figure

        return graph_figure(backward_graphs[0], kind)
    try:
        drawn = called([program, f"-T{kind}"], MAX_SECONDS, text)
    except LimitError as error:
        error.hint = "its own language takes no time: -o graph.dot"
        raise
    if drawn.returncode:
        raise UsageError(
            f"{program} can't draw the graph: {drawn.stderr.decode(errors='replace').strip()}",
            hint="its own language: -o graph.dot",
        )
    return drawn.stdout


def _tree(graph: BackwardGraph, digits: int) -> Tree:
    """Return the graph as a tree; what stands under a node that is reached again is left out."""
    below: dict[int, list[int]] = {}
    for node, after in graph.edges:
        below.setdefault(node, []).append(after)
    seen: set[int] = set()

    def branch(index: int) -> Tree:
        words = tuple(_words(graph, graph.nodes[index], digits))
        if index in seen and index in below:
            return Tree((*words, ", as above"))
        seen.add(index)
        return Tree(words, tuple(map(branch, below.get(index, ()))))

    return branch(0)


def _words(graph: BackwardGraph, node: GraphNode, digits: int) -> Iterator[str | Math]:
    yield node.name
    if node.term is not None:
        names = graph.report.variables
        yield "   "
        yield Math(text_of(node.term), node_latex(node.term, None, names))
    if node.value is not None:
        yield f" = {numbers(node.value, digits)}"
    yield f"   gradient {numbers(node.gradient, digits)}"


def _tensors(graph: BackwardGraph, digits: int) -> Table:
    rows = (
        (
            tensor.name,
            numbers(tensor.data, digits),
            "None" if tensor.grad is None else numbers(tensor.grad, digits),
            tensor.grad_fn or "None",
            str(tensor.is_leaf),
            str(tensor.requires_grad),
        )
        for tensor in graph.tensors
    )
    head = ("tensor", "data", "grad", "grad_fn", "is_leaf", "requires_grad")
    return Table("tensors", head, tuple(rows))


def _passes(graph: BackwardGraph, digits: int) -> Table:
    rows = (
        (
            str(accumulation.number),
            "cleared" if accumulation.zeroed else "kept",
            *(numbers(gradient, digits) for gradient in accumulation.gradient.values()),
        )
        for accumulation in graph.accumulated
    )
    head = ("pass", "before it", *(f"{name}.grad" for name in graph.report.variables))
    return Table("backward passes", head, tuple(rows))


def _record(graph: BackwardGraph) -> dict[str, Any]:
    return {
        **graph.report.results[0].data,
        "nodes": [
            {
                "id": index,
                "name": node.name,
                "term": node.term and text_of(node.term),
                "value": node.value,
                "gradient": node.gradient,
            }
            for index, node in enumerate(graph.nodes)
        ],
        "edges": [{"from": node, "to": after} for node, after in graph.edges],
        "tensors": [asdict(tensor) for tensor in graph.tensors],
        "accumulated": [
            {
                "pass": accumulation.number,
                "zeroed": accumulation.zeroed,
                "gradient": accumulation.gradient,
            }
            for accumulation in graph.accumulated
        ],
    }


def dot(graph: BackwardGraph) -> str:
    """Return the graph in the language of Graphviz."""
    lines = ["digraph backward {", '  node [shape=box, fontname="Helvetica", fontsize=11];']
    for index, node in enumerate(graph.nodes):
        label = "\\n".join(part.replace("\\", r"\\").replace('"', r"\"") for part in node.box)
        style = ", style=filled, fillcolor=lightgrey" if node.is_leaf else ""
        lines.append(f'  n{index} [label="{label}"{style}];')
    lines += (f"  n{node} -> n{after};" for node, after in graph.edges)
    return "\n".join([*lines, "}"]) + "\n"

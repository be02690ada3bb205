"""A backward graph drawn by matplotlib: boxes in layers, the result on top, the leaves below.

The layers and the order in them are those of Sugiyama, Tagawa and Toda, "Methods for visual
understanding of hierarchical system structures", IEEE Trans. SMC 11 (1981).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean

import networkx as nx
from matplotlib.figure import Figure

from diffcli.output.plots.canvas import colours, faint, render
from diffcli.output.plots.style import Canvas
from diffcli.studies.graph.backward import BackwardGraph

WIDE, HIGH = 2.1, 1.15
"""The room of a node, in inches."""
BEND = 0.2
"""Curvature of arrows that would lie on each other."""
SWEEPS = 6

Route = tuple[int, ...]
"""The stops of an edge: a node, places between the nodes of the layers, a node."""


def graph_figure(graph: BackwardGraph, kind: str) -> bytes:
    """Return the picture of a graph as the bytes of a png, svg or pdf file."""
    layers, routes = _layers(graph)
    positions = _places(layers, routes)
    size = WIDE * max(2, *map(len, layers)), HIGH * len(layers)
    return render(lambda figure: _draw(figure, graph, positions, routes), Canvas(kind, size))


def _layers(graph: BackwardGraph) -> tuple[list[list[int]], list[Route]]:
    """Return the nodes of each layer and the routes of the edges, of which a stop is a node too."""
    drawn = nx.MultiDiGraph(graph.edges)
    drawn.add_node(0)
    layers = [sorted(layer) for layer in nx.topological_generations(drawn)]
    leaves = [node for layer in layers for node in layer if graph.nodes[node].is_leaf]
    layers = [[node for node in layer if node not in leaves] for layer in layers]
    layers = [*filter(None, layers), leaves]
    depth = {node: index for index, layer in enumerate(layers) for node in layer}
    free = len(graph.nodes)
    routes = []
    for node, after in dict.fromkeys(graph.edges):
        stops = range(free, free + depth[after] - depth[node] - 1)
        free = stops.stop
        for index, stop in enumerate(stops, depth[node] + 1):
            layers[index].append(stop)
        routes.append((node, *stops, after))
    return layers, routes


def _places(layers: Sequence[list[int]], routes: Sequence[Route]) -> dict[int, tuple[float, float]]:
    """Return where each node stands: as near as may be to the middle of those it comes from."""
    above: dict[int, list[int]] = {}
    below: dict[int, list[int]] = {}
    for node, after in (link for route in routes for link in pairwise(route)):
        above.setdefault(after, []).append(node)
        below.setdefault(node, []).append(after)
    x: dict[int, float] = {}
    for sweep in range(SWEEPS):
        near, order = (below, layers[::-1]) if sweep % 2 else (above, layers)
        for layer in order:
            wish = {
                node: fmean(x.get(other, 0.0) for other in near.get(node, [node])) for node in layer
            }
            layer.sort(key=wish.__getitem__)
            x |= {node: index - (len(layer) - 1) / 2 for index, node in enumerate(layer)}
    return {node: (x[node], -index) for index, layer in enumerate(layers) for node in layer}


def _draw(
    figure: Figure,
    graph: BackwardGraph,
    positions: Mapping[int, tuple[float, float]],
    routes: Sequence[Route],
) -> None:
    axes = figure.subplots()
    axes.set_axis_off()
    ink, edges = faint(axes), colours()
    boxes = [
        axes.text(
            *positions[index], "\n".join(node.box), ha="center", va="center", fontsize=9,
            parse_math=False, zorder=3,
            bbox={
                "boxstyle": "round", "linewidth": 1.2, "facecolor": axes.get_facecolor(),
                "edgecolor": edges[1 if node.is_leaf else 0],
            },
        )
        for index, node in enumerate(graph.nodes)
    ]  # fmt: skip
    counts = Counter(graph.edges)
    for route in routes:
        *way, last = route
        axes.plot(*zip(*(positions[stop] for stop in way), strict=True), color=ink, linewidth=1)
        count = counts[route[0], last]
        for copy in range(count):
            axes.annotate(
                "", positions[last], positions[way[-1]], zorder=2,
                arrowprops={
                    "arrowstyle": "-|>", "color": ink, "linewidth": 1, "shrinkA": 0, "shrinkB": 1,
                    "patchB": boxes[last].get_bbox_patch(),
                    "connectionstyle": f"arc3,rad={BEND * (2 * copy - count + 1)}",
                },
            )  # fmt: skip
    columns, rows = zip(*positions.values(), strict=True)
    axes.set(xlim=(min(columns) - 0.6, max(columns) + 0.6), ylim=(min(rows) - 0.6, 0.6))

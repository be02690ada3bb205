from __future__ import annotations

import json
import os
import re
import shutil
from math import cos, sin
from pathlib import Path

import pytest
import torch

from diffcli.cli.main import run
from diffcli.differentiation import Settings
from diffcli.errors import LimitError, UsageError
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.language.printer import text_of
from diffcli.output.document import Tree
from diffcli.studies.graph.backward import BackwardGraph, Pass, trace
from diffcli.studies.graph.document import answer, dot
from diffcli.studies.graph.written import evaluate


def traced(formula: str, at: str, **more) -> BackwardGraph:
    function = parse(formula)
    point = read_points([at])[0].bind(function.variables)
    return trace(function, point, Settings(budget=30), **more)


def test_a_chain_of_nodes() -> None:
    found = traced("2*sin(a) + 1", "1")
    assert [node.name for node in found.nodes] == [
        "AddBackward0", "MulBackward0", "SinBackward0", "AccumulateGrad"
    ]  # fmt: skip
    assert found.edges == ((0, 1), (1, 2), (2, 3))
    terms = [text_of(node.term) for node in found.nodes if node.term]
    assert terms == ["2*sin(a) + 1", "2*sin(a)", "sin(a)", "a"]
    values = [2 * sin(1) + 1, 2 * sin(1), sin(1), 1]
    assert [node.value for node in found.nodes] == pytest.approx(values)
    assert [node.gradient for node in found.nodes] == pytest.approx([1, 1, 2, 2 * cos(1)])
    assert [node.is_leaf for node in found.nodes] == [False, False, False, True]


def test_the_mean_of_a_matrix() -> None:
    # PyTorch's tutorial on autograd: mean(3(x + 2)²) at ones(2, 2) has gradient 4.5.
    found = traced("y = x + 2; z = y*y*3; mean(z)", "ones(2,2)")
    names = [node.name for node in found.nodes]
    assert names[:3] == ["MeanBackward0", "MulBackward0", "MulBackward0"]
    assert found.nodes[0].value == 27
    assert found.accumulated[0].gradient == {"x": [[4.5, 4.5], [4.5, 4.5]]}


def test_a_term_that_is_used_twice_is_one_node() -> None:
    found = traced("x*x*y", "3,5")
    names = [node.name for node in found.nodes]
    assert names.count("AccumulateGrad") == 2
    leaf = next(i for i, node in enumerate(found.nodes) if node.is_leaf and node.value == 3)
    assert [edge for edge in found.edges if edge[1] == leaf] == [(leaf - 1, leaf)] * 2
    assert found.nodes[leaf].gradient == 30


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "name"),
    [
        ("x + y", "AddBackward0"),
        ("x - y", "SubBackward0"),
        ("x - 1", "SubBackward0"),
        ("x*y", "MulBackward0"),
        ("x/y", "DivBackward0"),
        ("-x", "NegBackward0"),
        ("x^2", "PowBackward0"),
        ("x^y", "PowBackward1"),
        ("sqrt(x)", "SqrtBackward0"),
        ("exp(x)", "ExpBackward0"),
        ("sigmoid(x)", "SigmoidBackward0"),
        ("tanh(x)", "TanhBackward0"),
        ("atan2(x, y)", "Atan2Backward0"),
        ("abs(x)", "AbsBackward0"),
        ("x if x > 0 else y", "WhereBackward0"),
        ("mean(x)", "MeanBackward0"),
        ("x", "AccumulateGrad"),
    ],
)
def test_nodes_are_named_as_the_formula_is_written(formula: str, name: str) -> None:
    assert traced(formula, "x=0.5,y=0.25" if "y" in formula else "0.5").nodes[0].name == name


@pytest.mark.parametrize(
    "formula",
    ["x - 2y - 3", "x^(1/3) + (-x)^(1/3)", "2^x/3", "sin(1)*x - pi", "1/x - x^-2", "gamma(x + 1)",
     "leaky_relu(-x)", "clamp(x, 0, 1)", "log(x, 2)", "x if x < y and 1 < 2 else y^0.5"],
)  # fmt: skip
def test_the_written_formula_has_the_certified_value_and_gradient(formula: str) -> None:
    found = traced(formula, "x=0.7,y=1.5" if "y" in formula.replace("leaky", "") else "0.7")
    (result,) = found.report.results
    assert found.nodes[0].value == pytest.approx(result.value, rel=1e-12)
    assert found.accumulated[0].gradient == pytest.approx(result.derivative, rel=1e-11)


def test_terms_without_variables_stay_numbers() -> None:
    function = parse("x*(2/4) + sin(0)")
    values = evaluate(function, {"x": torch.tensor(1.0)})
    constants = [value for value in values.values() if not isinstance(value, torch.Tensor)]
    assert sorted(constants) == [0, 0, 0.5, 2, 4]


def test_gradients_accumulate_until_they_are_cleared() -> None:
    found = traced("x*x - 4*x - 5", "0", passes=3, cleared_after=[1])
    assert found.accumulated == (
        Pass(1, False, {"x": -4.0}),
        Pass(2, True, {"x": -4.0}),
        Pass(3, False, {"x": -8.0}),
    )
    assert found.nodes[-1].gradient == -1  # what flows is that of one pass


def test_what_torch_says_of_the_tensors() -> None:
    x, y, f = traced("x*y", "2,3").tensors
    assert (x.data, x.grad, x.grad_fn, x.is_leaf, x.requires_grad) == (2, 3, None, True, True)
    assert y.grad == 2
    assert (f.data, f.grad, f.grad_fn, f.is_leaf) == (6, None, "MulBackward0", False)


def test_many_points_flow_together() -> None:
    found = traced("x^2", "[1,2,3]")
    assert found.nodes[0].gradient == [1, 1, 1]
    assert found.accumulated[0].gradient == {"x": [2, 4, 6]}


@pytest.mark.parametrize("formula", ["2 + 3", "detach(x)", "[x, x^2]"])
def test_what_has_no_graph_is_refused(formula: str) -> None:
    with pytest.raises(UsageError):
        traced(formula, "1" if "x" in formula else "")


def test_a_graph_too_large_to_be_seen_is_refused() -> None:
    with pytest.raises(LimitError, match="nodes"):
        traced(" + ".join(f"sin({i} x)" for i in range(1, 200)), "1")


def test_the_tree_shows_what_is_shared_once() -> None:
    (tree,) = answer([traced("s = sin(x); s*s", "1")]).document(3).all(Tree)
    lines = [line.text for _, line in tree.walk()]
    assert [line.split()[0] for line in lines] == [
        "MulBackward0", "SinBackward0", "AccumulateGrad", "SinBackward0"
    ]  # fmt: skip
    assert lines[-1].endswith("as above")


def test_the_dot_file_has_every_node_and_edge() -> None:
    found = traced("x*x*y + sin(x)", "1,2")
    text = dot(found)
    assert text.startswith("digraph")
    assert len(re.findall(r"^  n\d+ \[", text, re.MULTILINE)) == len(found.nodes)
    edges = re.findall(r"^  n(\d+) -> n(\d+);", text, re.MULTILINE)
    assert [(int(a), int(b)) for a, b in edges] == list(found.edges)


def test_the_command_prints_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("graph x*x-4*x-5 --at 0 --backward 2 --json".split()) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["nodes"][0]["name"] == "SubBackward0"
    assert result["edges"][0] == {"from": 0, "to": 1}
    assert result["tensors"][0]["name"] == "x"
    assert result["accumulated"][1] == {"pass": 2, "zeroed": False, "gradient": {"x": -8.0}}


@pytest.mark.parametrize("shape", ["table", "plain", "csv", "markdown", "latex", "jsonl"])
def test_every_format_names_the_nodes(shape: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["graph", "2 sin(a) + 1", "--at", "1", "--format", shape]) == 0
    assert "SinBackward0" in capsys.readouterr().out


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("name", "magic"),
    [("g.png", b"\x89PNG"), ("g.svg", b"<?xml"), ("g.pdf", b"%PDF"), ("g.dot", b"digraph")],
)
def test_the_command_draws_the_graph(
    name: str, magic: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    file = tmp_path / name
    assert run(["graph", "x*x*y + sin(x)", "--at", "1,2", "-o", str(file)]) == 0
    assert file.read_bytes().startswith(magic)


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_graphviz_draws_where_it_is_installed(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho "drawn by $1"\ncat\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    file = tmp_path / f"g.{kind}"
    assert run(["graph", "x*x*y + sin(x)", "--at", "1,2", "-o", str(file)]) == 0
    head, _, given = file.read_text(encoding="utf-8").partition("\n")
    assert head == f"drawn by -T{kind}"
    assert given == dot(traced("x*x*y + sin(x)", "1,2"))


def test_a_graphviz_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\necho 'Format: not recognized' >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert run(["graph", "x^2", "--at", "1", "-o", str(tmp_path / "g.svg")]) == 2
    assert "Format: not recognized" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_itself_reads_the_dot_file(tmp_path: Path) -> None:
    file = tmp_path / "g.svg"
    assert run(["graph", "x*x*y + sin(x)", "--at", "1,2", "-o", str(file)]) == 0
    drawn = file.read_text(encoding="utf-8")
    assert "Generated by graphviz" in drawn
    assert drawn.count('class="node"') == len(traced("x*x*y + sin(x)", "1,2").nodes)


@pytest.mark.parametrize(
    "typed", ["graph x^2", "graph x^2 --at 1;2 -o g.dot", "graph x^2 --at 1 --zero first"]
)
def test_usage_errors(typed: str) -> None:
    assert run(typed.split()) == 2

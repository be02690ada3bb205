"""Requests line by line: the answers of the single commands, and a record for each bad line."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from diffcli.cli.main import run
from diffcli.commands import derivatives as answering
from diffcli.commands.registry import names

#: A request of each kind, and the same as a single command.
SAME: dict[str, tuple[str, str]] = {
    "eval": (
        '{"expression": "x^2 + y", "at": {"x": 3, "y": "pi/4"}}',
        "'x^2 + y' --at x=3,y=pi/4",
    ),
    "grad": ('{"expression": "x^4", "at": 2, "order": 3}', "x^4 --at 2 --order 3"),
    "partial": (
        '{"expression": "x^2*y^3", "wrt": ["x", "y"], "at": [1, 2]}',
        "x^2*y^3 x y --at 1,2",
    ),
    "jacobian": (
        '{"expression": ["x^2*y", "5x+y"], "at": {"x": 1, "y": 2}, "mode": "forward"}',
        "x^2*y 5x+y --at 1,2 --mode forward",
    ),
    "hessian": (
        '{"expression": "k*x^2*y", "at": "1,2", "let": "k=3"}',
        "k*x^2*y --at 1,2 --let k=3",
    ),
    "jvp": (
        '{"expression": "[x^2*y,x+y]", "at": {"x": 1, "y": 2}, "vector": {"x": 1, "y": -1}}',
        "[x^2*y,x+y] --at 1,2 --vector x=1,y=-1",
    ),
    "vjp": (
        '{"expression": "2x", "at": {"x": [1, 1, 1]}, "vector": [0.1, 1, 10]}',
        "2x --at x=[1,1,1] --vector [0.1,1,10]",
    ),
    "hvp": (
        '{"expression": "x^2*y", "at": [1, 2], "vector": [1, -1]}',
        "x^2*y --at 1,2 --vector [1,-1]",
    ),
    "vhp": (
        '{"expression": "x^2*y", "at": [1, 2], "vector": [1, -1]}',
        "x^2*y --at 1,2 --vector [1,-1]",
    ),
    "laplacian": (
        '{"expression": "x^2*y+y^3", "at": [1, 2], "wrt": "y"}',
        "x^2*y+y^3 --at 1,2 --wrt y",
    ),
    "divergence": ('{"expression": "[x*y,y^2]", "at": [1, 2]}', "[x*y,y^2] --at 1,2"),
    "curl": ('{"expression": "[y*z,x*z,x*y]", "at": [1, 2, 3]}', "[y*z,x*z,x*y] --at 1,2,3"),
    "taylor": ('{"expression": "exp(x)", "at": 1, "order": 0}', "exp(x) --at 1 --order 0"),
    "check": ('{"expression": ["x^2", "2x"]}', "x^2 2x"),
    "descend": (
        '{"expression": "x^2+y^2", "from": {"x": 1, "y": 2}, "lr": 0.1, "steps": 4}',
        "x^2+y^2 --from x=1,y=2 --lr 0.1 --steps 4",
    ),
    "graph": (
        '{"expression": "x^2", "at": 1, "backward": 2, "zero": ["1"]}',
        "x^2 --at 1 --backward 2 --zero 1",
    ),
    "uncertainty": (
        '{"expression": "x*y", "at": {"x": "3±0.1", "y": "2±0.05"}, "samples": 1000}',
        "x*y --at x=3±0.1,y=2±0.05 --samples 1000",
    ),
    "steps": ('{"expression": "x^2*sin(x)", "order": 2}', "x^2*sin(x) --order 2"),
    "critical": (
        '{"expression": "x^2+y^2", "range": "x=-2:2,y=-1:1", "certify": true}',
        "x^2+y^2 --range x=-2:2,y=-1:1 --certify",
    ),
    "prove": ('{"expression": "x^2 >= 0", "in": "x=-1:1"}', "'x^2 >= 0' --in x=-1:1"),
    "limit": ('{"expression": "sin(x)/x", "at": 0}', "sin(x)/x --at 0"),
    "bounds": ('{"expression": "x^2", "in": "x=-1:2"}', "x^2 --in x=-1:2"),
    "implicit": (
        '{"expression": "x*y*z = 8", "of": ["z"], "at": [1, 2, 4], "order": 2}',
        "'x*y*z = 8' --of z --at 1,2,4 --order 2",
    ),
}
MORE = [
    ("grad", '{"expression": "z^2", "at": {"z": "1+2i"}, "dtype": "complex128"}',
     "z^2 --at z=1+2i --dtype complex128"),
    ("grad", '{"expression": "x^2*y", "at": [1, 2], "directional": [3, 4]}',
     "x^2*y --at 1,2 --directional [3,4]"),
    ("grad", '{"expression": "1/2x + sin(x)", "at": [{"x": 1}, {"x": 0}]}',
     "'1/2x + sin(x)' --at x=1;x=0"),
    ("grad", '{"expression": "abs(x) + y^2", "at": [0, 1]}', "'abs(x) + y^2' --at 0,1"),
    ("grad", '{"expression": "ln(x)", "at": -1, "precision": 30}',
     "ln(x) --at -1 --precision 30"),
    ("grad", '{"expression": "sum(x^2)", "at": {"x": [1, 2, 3]}, "engines": ["autograd"]}',
     "sum(x^2) --at x=[1,2,3] --engines autograd"),
    ("hessian", '{"expression": "x^2*y"}', "x^2*y"),
    ("eval", '{"expression": ["x", "x^2"], "at": 3, "dtype": "float32"}',
     "x x^2 --at 3 --dtype float32"),
    ("taylor", '{"expression": "sin(x)"}', "sin(x)"),
]  # fmt: skip
"""Other requests, by kind."""


def answers(capfd: pytest.CaptureFixture[str], *lines: str, more: list[str] | None = None) -> list:
    """Return the answers to lines typed in, and the exit code after them."""
    stream = io.TextIOWrapper(io.BytesIO("".join(f"{line}\n" for line in lines).encode()))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdin", stream)
        code = run(["batch", "-", *(more or [])])
    return [*map(json.loads, capfd.readouterr().out.splitlines()), code]


@pytest.mark.slow
def test_every_kind_answers_as_its_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert SAME.keys() == {*names()} - {"profile", "export"}
    budget = ["--check-budget", "20"]
    asked = [(kind, *each) for kind, each in SAME.items()] + MORE
    lines = [f'{{"id": 7, "kind": "{kind}", {request[1:]}' for kind, request, _ in asked]
    stream = io.TextIOWrapper(io.BytesIO("".join(f"{line}\n" for line in lines).encode()))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdin", stream)
        worst = run(["batch", "-", *budget])
    found = capfd.readouterr().out.splitlines()
    codes = []
    for (kind, _, command), line in zip(asked, found, strict=True):
        codes.append(run([kind, *shlex.split(command), "--json", "-q", *budget]))
        assert line == '{"id": 7, ' + capfd.readouterr().out[1:-1]
    assert worst == max(codes) == 4


def test_code_and_profiles_are_answers_too(capfd: pytest.CaptureFixture[str]) -> None:
    code, profile, exit_code = answers(
        capfd,
        '{"kind": "export", "expression": "x^2", "to": "c", "name": "g"}',
        '{"kind": "profile", "expression": "x^2", "at": 3, "repeat": 2}',
    )
    assert exit_code == 0
    assert (code["target"], code["functions"]) == ("c", {"g": "value", "g_grad": "grad"})
    assert profile["results"][0]["repeat"] == 2


def test_a_bad_line_has_a_record_and_the_rest_goes_on(capfd: pytest.CaptureFixture[str]) -> None:
    *found, code = answers(
        capfd,
        '{"id": 1, "expression": "x^2", "at": 3}',
        "",
        "no json",
        '{"id": [7], "expression": "sinx + 1", "at": 3}',
        '{"id": "a", "expression": "x*y", "at": {"x": 3}}',
        '{"id": 2, "expression": "ln(x)", "at": -1}',
        "[1, 2]",
    )
    first, no_json, formula, point, outside, no_object = found
    assert code == 4
    assert first["results"][0]["derivative"] == {"x": 6.0}
    assert (no_json["id"], no_json["line"], no_json["error"]["exit"]) == (None, 3, 2)
    assert formula == {
        "id": [7], "line": 4,
        "error": {
            "kind": "formula", "message": "unknown name 'sinx'", "column": 0, "exit": 3,
            "hint": "did you mean 'sin(x)'? A variable of that name is declared with --vars",
        },
    }  # fmt: skip
    assert point["error"]["kind"] == "point"
    assert outside["results"][0]["derivative"] == {"x": None}
    assert no_object["line"] == 7


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "the request has no expression"),
        ({"expression": "x", "kind": "gradd"}, 'can\'t be given to "kind"'),
        ({"expression": "x", "att": 3}, "'att' can't be given to a request"),
        ({"expression": "x", "kind": "eval", "order": 2}, "'order' can't be given to a request"),
        ({"expression": "x", "at": True}, "true is no value"),
        ({"expression": "x", "at": {"x": {"y": 1}}}, "is no value"),
        ({"expression": "x", "order": 0}, "from 1 on"),
        ({"expression": "x", "order": 1.5}, "whole number"),
        ({"expression": "x", "strict": "yes"}, "true or false"),
        ({"expression": "x", "check_budget": "long"}, "where a number is wanted"),
        ({"expression": ["x", 1.5, None]}, "where words are wanted"),
        ({"expression": "x", "dtype": "float16"}, "float16 goes with code, by --py"),
        ({"expression": "x", "kind": "jvp", "at": 1}, "jvp needs a vector"),
        ({"expression": "x", "directional": 1, "order": 2}, "directional goes without"),
    ],
)
def test_what_is_refused(request_: dict, message: str, capfd: pytest.CaptureFixture[str]) -> None:
    record, code = answers(capfd, json.dumps(request_))
    assert message in record["error"]["message"]
    assert code == record["error"]["exit"] == 2


def test_numbers_are_those_that_are_written(capfd: pytest.CaptureFixture[str]) -> None:
    """A tenth is a tenth, as on the command line, and not the double beside it."""
    kink, rest, code = answers(
        capfd,
        '{"expression": "abs(x - 0.1)", "at": {"x": 0.1}}',
        '{"expression": "x^2", "at": [{"x": 1e-3}, {"x": 2E+2}]}',
    )
    assert code == 4
    assert kink["results"][0]["verdict"] == "not_differentiable"
    assert [each["at"]["x"] for each in rest["results"]] == [1e-3, 200.0]


def test_lines_that_no_reader_expects(capfd: pytest.CaptureFixture[str]) -> None:
    long = "9" * 5000
    *found, code = answers(capfd, "[" * 100_000, f'{{"id": {long}, "expression": "x"}}', "\x00")
    assert code == 2
    assert [each["error"]["kind"] for each in found] == ["usage"] * 3


def test_a_defect_in_one_request_ends_no_other(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("within")

    with monkeypatch.context() as patched:
        patched.setattr(answering, "derive", fails)
        record, code = answers(capfd, '{"id": 1, "expression": "x"}')
    assert code == 1
    assert record["error"]["kind"] == "defect"
    assert "ZeroDivisionError: within" in record["error"]["message"]


def test_options_of_the_command_line_are_those_of_requests_without(
    capfd: pytest.CaptureFixture[str],
) -> None:
    own, given, code = answers(
        capfd,
        '{"expression": "x^2", "at": 3, "dtype": "float64"}',
        '{"expression": "x^2", "at": 3}',
        more=["--dtype", "float32", "--no-check"],
    )
    assert code == 0
    assert (own["dtype"], given["dtype"]) == ("float64", "float32")
    assert given["results"][0]["verdict"] == "unverified"


def test_answers_may_go_to_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "r.jsonl", tmp_path / "a.jsonl"
    source.write_text('{"expression": "x^2", "at": 3}\n')
    assert run(["batch", str(source), "-o", str(target)]) == 0
    assert json.loads(target.read_text())["results"][0]["derivative"] == {"x": 6.0}
    assert run(["batch", str(tmp_path / "none.jsonl")]) == 2
    assert "which requests?" in capfd.readouterr().err


@pytest.mark.slow
def test_a_client_can_converse() -> None:
    command = [sys.executable, "-m", "diffcli.cli", "batch", "-", "--no-check"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for x in (3, 5):
            process.stdin.write(json.dumps({"expression": "x^2", "at": x}).encode() + b"\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert answer["results"][0]["derivative"] == {"x": 2.0 * x}
        process.stdin.close()
        assert process.wait() == 0

"""What an attacker may ask for: too much, the wrong type, another's file, another's program."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from forking import Commands

from diffcli.cli.commands import names
from diffcli.cli.main import run
from diffcli.errors import FileError
from diffcli.output import files
from diffcli.output.files import write_whole

VECTOR = ("x^2", "--at", "1", "--vector", "1")
TYPED = {
    "partial": ("x^2", "x", "--at", "1"),
    "jvp": VECTOR, "vjp": VECTOR, "hvp": VECTOR, "vhp": VECTOR, "directional": VECTOR,
    "plot": ("x^2", "--range", "0:1"),
    "check": ("x^2", "2x"),
    "descend": ("x^2", "--from", "1"),
    "uncertainty": ("x^2", "--at", "x=1±0.1"),
    "export": ("x^2", "--to", "c"),
    "implicit": ("x^2+y^2=1", "--at", "0,1"),
    "bounds": ("x^2", "--in", "0:1"),
    "prove": ("x^2 >= 0", "--in", "0:1"),
    "steps": ("x^2",), "critical": ("x^2",),
    "batch": ("-",), "repl": (), "functions": (),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in names() if name != "warm"])
def test_every_command_ends_in_time(name: str, runner: Commands) -> None:
    typed = TYPED.get(name, ("x^2", "--at", "1"))
    ended = runner.run(name, *typed, "--timeout", "1e-6")
    assert (ended.code, ended.stdout, ended.left) == (6, "", ())
    assert ended.stderr.startswith("error: the time ran out after 1e-06 s")


def test_a_session_within_its_time(runner: Commands) -> None:
    ended = runner.run("repl", "--timeout", "50", stdin="f(x) = x^3\nf'(2)\n")
    assert (ended.code, ended.left) == (0, ())
    assert "12" in ended.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "stdin", "words"),
    [
        (("x", "--at", ";".join(["x=1"] * 5_001)), "", "more than 5,000 points"),
        (("x", "--points", "p.csv"), "", "more than 5,000 points"),
        (("x*y", *("--at", ";".join(["x=1"] * 71)) * 2), "", "more than 5,000 points"),
        (("a" * 1001,), "", "a name of 1,001 characters"),
        (("x^2", "--at", "linspace(0,1,100001)"), "", "the formula has 100,001 values"),
        (("sum(x)", "--at", "x=ones(1000001)"), "", "the answer has 1,000,001 numbers"),
        (("x+y", "--at", "x=ones(100000,1),y=ones(1,100000)"), "", "10,000,000,000 numbers"),
        (("repl",), "(\n" * 1001, "a bracket is open for 1,000 lines"),
        (("repl",), "x" * 1_000_002, "a line has more than 1,000,000 characters"),
    ],
)
def test_too_much_for_one_command(
    typed: tuple[str, ...], stdin: str, words: str, runner: Commands, tmp_path: Path
) -> None:
    (tmp_path / "p.csv").write_text("x\n" + "1\n" * 5_001)
    ended = runner.run(*typed, stdin=stdin, cwd=tmp_path)
    assert (ended.code, ended.stdout) == (6, "")
    assert words in ended.stderr


@pytest.mark.sampled(3)
@pytest.mark.parametrize("typed", [("-", "--at", "1"), ("--file", "-", "--at", "1"), ("repl",)])
def test_input_that_is_no_text(typed: tuple[str, ...], runner: Commands) -> None:
    ended = runner.run(*typed, stdin="sin(\udc80x)\n")
    assert ended.code == 2
    assert "is no text in UTF-8" in ended.stderr


WRONG: list[Any] = [
    None,
    True,
    1,
    -1.5,
    "",
    "x",
    [],
    [[]],
    {},
    {"a": {"b": 1}},
    ["x", 1],
    "\x1b[2J",
]
FIELDS = (
    "kind", "expression", "at", "vars", "let", "dtype", "device", "seed", "engines", "no_check",
    "check_budget", "strict", "precision", "order", "wrt", "vector", "mode", "sparse",
    "directional", "py", "output", "timeout", "__class__",
)  # fmt: skip
RAW = [
    '{"expression": "x^2", "at": {"x": NaN}}',
    '{"expression": "x^2", "at": {"x": Infinity}}',
    '{"expression": "x^2", "at": {"x": 1e999999999999}}',
    '{"expression": "x^2", "at": {"x": 1, "x": 2}}',
    '{"expression": "x^2", "at": {"x": 1}, "order": 1e3}',
    '{"expression": "x^2", "at": {"x": 1}, "seed": -1}',
    '{"expression": "x^2", "at": {"x": 1}, "check_budget": -1}',
    '{"expression": "x^2", "at": {"x": 1}, "let": ["x=x", "y=y+1", "z=w; w=z"]}',
    '{"expression": "y", "let": ["y=z", "z=y"], "at": {"x": 1}}',
    '{"expression": "x^2", "at": "x=1;' + "x=2;" * 100 + '"}',
    '{"id": ' + "[" * 500 + "]" * 500 + ', "expression": "x", "at": {"x": 1}}',
    '{"' + "k" * 100_000 + '": 1, "expression": "x"}',
    '{"expression": "\\ud800", "at": {"x": 1}}',
    '{"expression": "x\\u0000", "at": {"x": 1}}',
    "\ufeff{}", "null", "[]", '"x"', "1", "{", "{}", '{"a"', "\x00", "nan", '{"id": NaN}',
]  # fmt: skip


def test_requests_of_wrong_types(runner: Commands, tmp_path: Path) -> None:
    asked = [
        json.dumps({"expression": "x^2", "at": {"x": 1}, "no_check": True, field: value})
        for field in FIELDS
        for value in WRONG
    ]
    lines = [*asked, *RAW]
    ended = runner.run("batch", "-", stdin="\n".join(lines) + "\n", cwd=tmp_path, patience=300)
    records = [json.loads(line, parse_constant=pytest.fail) for line in ended.stdout.splitlines()]
    assert len(records) == len(lines)
    assert ended.code in (2, 3, 4, 6)
    errors = [record["error"] for record in records if "error" in record]
    assert len(errors) > len(lines) * 3 // 4
    assert [each for each in errors if "defect" in each["message"] or each["exit"] < 2] == []
    assert list(tmp_path.iterdir()) == []


def test_output_through_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_text("old")
    link.symlink_to(victim)
    write_whole(link, "new")
    assert (link.is_symlink(), victim.read_text()) == (True, "new")
    monkeypatch.setattr(files, "token_hex", lambda _: "7")
    (tmp_path / ".o.txt.7.partial").symlink_to(victim)
    with pytest.raises(FileError):
        write_whole(tmp_path / "o.txt", "taken")
    assert victim.read_text() == "new"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_prompt_without_its_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setitem(sys.modules, "prompt_toolkit", None)
    monkeypatch.delitem(sys.modules, "diffcli.repl.prompt", raising=False)
    assert run(["repl"]) == 2
    assert "diffcli[repl]" in capsys.readouterr().err


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "bare", [{}, {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}], ids=["C", "ASCII alone"]
)
def test_a_start_in_the_c_locale(bare: dict[str, str]) -> None:
    env = {"PATH": os.environ["PATH"], "LANG": "C", "LC_ALL": "C", **bare}
    done = subprocess.run(
        [sys.executable, "-m", "diffcli.cli", "grad", "α²+х"],
        env=env, capture_output=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.startswith(b"error: ")
    assert b"Traceback" not in done.stderr


@pytest.mark.slow
def test_settings_of_matplotlib_in_the_working_folder(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("latex", "pdflatex", "dvipng", "kpsewhich"):
        (programs / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/canary\n")
        (programs / name).chmod(0o755)
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nbackend: module://evil\n")
    (tmp_path / "evil.py").write_text("open('canary', 'w')\n")
    place = os.pathsep.join((str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")))
    env = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": place}
    program = "from diffcli.cli.main import main; main()"
    typed = ["plot", "x^2", "--range", "0:1", "--title", r"$\input{x}$", "-o", "p.svg"]
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, *typed], cwd=tmp_path, env=env, check=False
    )
    assert done.returncode == 0
    assert (tmp_path / "p.svg").exists()
    assert not (tmp_path / "canary").exists()

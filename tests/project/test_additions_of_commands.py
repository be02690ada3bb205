"""What CONTRIBUTING says suffices to add a study, a format or an option, suffices."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from diffcli.cli import commands
from diffcli.cli.main import run
from diffcli.commands import registry
from diffcli.commands.json_requests import answer
from diffcli.commands.record import Command, Plan, Request
from diffcli.options import Kind, Option
from diffcli.output import formats
from diffcli.output.document import Answer, Document, Formulas, Line
from diffcli.output.formats import Format, View
from diffcli.output.report import Facts
from diffcli.studies import taylor

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))

import reference

TIMES = Option("times", Kind.WHOLE, "How often to name it (default 2).", default=2, least=1)


def plan(request: Request) -> Plan:
    """Name a formula several times."""

    def compute(function, points, settings):
        facts = Facts.of("name", function)
        lines = [Line(f"f{i}", function.read_as) for i in range(request["times"])]
        data = {**facts.data, "times": request["times"]}
        return Answer(facts, 0, lambda: data, lambda _: Document((Formulas(tuple(lines)),)))

    return Plan(compute)


COMMAND = Command("name", "Name a formula.", 'diffcli name "x^2"', plan, options=(TIMES,))


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Forget the commands that were made before and during a test."""

    def forget() -> None:
        for cached in (registry.command, commands.command):
            cached.cache_clear()

    forget()
    yield
    forget()


def module(monkeypatch: pytest.MonkeyPatch, name: str, **contents: object) -> None:
    made = ModuleType(name)
    vars(made).update(contents)
    monkeypatch.setitem(sys.modules, name, made)


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> None:
    """A study: its module, and its line in the registry."""
    module(monkeypatch, "naming", COMMAND=COMMAND)
    monkeypatch.setattr(registry, "STUDIES", {**registry.STUDIES, "name": "naming"})


@pytest.mark.usefixtures("study")
def test_a_study_is_a_command_with_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["name", "x^2", "--times", "3", "--format", "plain"]) == 0
    assert capsys.readouterr().out == "f0 = x**2\nf1 = x**2\nf2 = x**2\n"
    assert run(["name", "x^2", "--times", "0"]) == 2
    capsys.readouterr()
    assert run(["name", "--help"]) == 0
    assert TIMES.help in capsys.readouterr().out
    assert run(["--help"]) == 0
    assert "Name a formula." in capsys.readouterr().out


@pytest.mark.usefixtures("study")
def test_a_study_answers_requests() -> None:
    text, code = answer(b'{"id": 1, "kind": "name", "expression": "x", "times": 4}', 1, {})
    found = json.loads(text)
    assert (found["id"], found["command"], found["times"], code) == (1, "name", 4, 0)
    text, code = answer(b'{"kind": "name", "expression": "x", "times": 0}', 1, {})
    assert "from 1 on" in json.loads(text)["error"]["message"]


@pytest.mark.usefixtures("study")
def test_a_study_is_documented_and_at_the_prompt() -> None:
    page = reference.commands_page()
    assert "## name\n" in page
    assert f"| `--times` | {TIMES.help} |" in page
    assert ".SS name\n" in reference.man_page()
    assert "name" in commands.names()
    assert commands.options("name")["--times"]


def test_a_format_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def render(document: Document, _view: View) -> str:
        return " ".join(line.text.upper() for line in document.lines)

    module(monkeypatch, "diffcli.output.loud", render=render)
    monkeypatch.setattr(formats, "FORMATS", {**formats.FORMATS, "loud": Format("loud:render")})
    assert run(["taylor", "exp(x)", "--order", "1", "-q", "--format", "loud"]) == 0
    assert capsys.readouterr().out == "EXP(X) 1 + X\n"
    assert run(["grad", "x^2", "--format", "loud"]) == 0
    assert capsys.readouterr().out == "X**2 2*X\n"
    assert run(["grad", "--help"]) == 0
    assert "html, loud" in " ".join(capsys.readouterr().out.split())
    assert "html, loud" in reference.commands_page()
    assert "loud" in commands.choices("--format")


def test_an_option_is_one_record(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    colour = Option("colour", Kind.TEXT, "Colour: {choices}.", choices=("red", "blue"))
    record = replace(taylor.COMMAND, options=(*taylor.COMMAND.options, colour))
    monkeypatch.setattr(taylor, "COMMAND", record)
    assert run(["taylor", "x", "--colour", "red", "--json", "-q"]) == 0
    whole = json.loads(capsys.readouterr().out)
    text, code = answer(b'{"kind": "taylor", "expression": "x", "colour": "red"}', 1, {})
    assert code == 0
    assert json.loads(text) == {"id": None, **whole}
    assert run(["taylor", "--help"]) == 0
    assert "Colour: red, blue." in capsys.readouterr().out
    assert "| `--colour` | Colour: red, blue. |" in reference.commands_page()
    assert commands.choices("--colour") == ("red", "blue")
    assert commands.options("taylor")["--colour"]

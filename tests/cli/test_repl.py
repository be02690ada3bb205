"""The interactive session: what a line means, and what it answers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest
import reports
from sessions import Recorder

from diffcli.cli import commands, repl
from diffcli.repl.session import HELP, Session
from diffcli.repl.words import is_open, separated, words

PROGRAM = ["-c", "from diffcli.cli.main import main; main()", "repl"]


@pytest.fixture
def session() -> Session:
    return Session(Recorder())


def ran(session: Session, *lines: str) -> list[str]:
    """Return what the last of some lines runs."""
    for line in lines:
        session.answer(line)
    assert isinstance(session.program, Recorder)
    assert session.program.errors == []
    return session.program.ran[-1]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x^2 + 3x --at 3", ["grad", "--at", "3", "x^2 + 3x"]),
        ('diffcli "x^2 + 3x" --at 3', ["grad", "--at", "3", "x^2 + 3x"]),
        ("'x^2 + 3x' --order 2", ["grad", "--order", "2", "x^2 + 3x"]),
        ("2 + 3", ["eval", "2 + 3"]),
        ("plot sin(x)", ["plot", "sin(x)"]),
        ("plot sin( x ) + 1", ["plot", "sin( x ) + 1"]),
        ("jacobian x*y 5x + sin(y) --at 1,2", ["jacobian", "--at", "1,2", "x*y", "5x + sin(y)"]),
        ("check x^2 2x", ["check", "x^2", "2x"]),
        ("hessian a if x > 0 else b", ["hessian", "a if x > 0 else b"]),
        ("jacobian x -y", ["jacobian", "x", "-y"]),
        ("partial x^2*y^3 x y y", ["partial", "x^2*y^3", "x", "y", "y"]),
        ("functions sin", ["functions", "sin"]),
        ("?sin", ["functions", "sin"]),
        ("help grad", ["grad", "--help"]),
        ("sin'(2)", ["grad", "--order", "1", "--at", "x=2", "sin(x)"]),
        ("y = x + 2; y^2", ["grad", "y = x + 2; y^2"]),
    ],
)  # fmt: skip
def test_a_line_is_a_command(session: Session, line: str, expected: list[str]) -> None:
    assert ran(session, line) == expected


FUNCTION = ("let a = 3", "f(x) = a*sin x")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("f'(2)", ["grad", "--order", "1", "--at", "x=2", "--let", "a = 3", "a*sin(x)"]),
        ("f''", ["grad", "--order", "2", "--let", "a = 3", "a*sin(x)"]),
        ("f'(a/3) --json",
         ["grad", "--order", "1", "--at", "x=(3)/3", "--json", "--let", "a = 3", "a*sin(x)"]),
        ("f(3)", ["eval", "--at", "x=3", "--let", "a = 3", "a*sin(x)"]),
        ("f(t^2)", ["grad", "--let", "a = 3", "(a*sin((t^2)))"]),
        ("2t f(t)", ["grad", "--let", "a = 3", "2t *(a*sin((t)))"]),
        ("f(f(1))", ["eval", "--at", "x=(a*sin((1)))", "--let", "a = 3", "a*sin(x)"]),
        ("f(t) + f'(t)", ["grad", "--let", "a = 3", "(a*sin((t))) + (a*cos((t)))"]),
        ("plot f", ["plot", "--let", "a = 3", "a*sin(x)"]),
        ("steps f'", ["steps", "--let", "a = 3", "diff((a*sin((x))), x, 1)"]),
        ("x^a --at x=a", ["grad", "--at", "x=(3)", "--let", "a = 3", "x^a"]),
        ("a^2 x --at x=1,a=2", ["grad", "--at", "x=1,a=2", "a^2 x"]),
        ("x^2", ["grad", "x^2"]),
        ("plot x -o a=1&.png --range=-a:a", ["plot", "-o", "a=1&.png", "--range=-(3):(3)", "x"]),
        ("uncertainty a*x --at x=3±a/9",
         ["uncertainty", "--at", "x=3±(3)/9", "--let", "a = 3", "a*x"]),
        ("a^2 --at a=2", ["grad", "--at", "a=2", "a^2"]),
    ],
)  # fmt: skip
def test_definitions(session: Session, line: str, expected: list[str]) -> None:
    if line == "f(f(1))":
        expected[2] = "x=((3)*sin((1)))"
    assert ran(session, *FUNCTION, line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("grad x^2*a --wrt x", ["grad", "--wrt", "x", "--let", "a = 3", "x^2*a"]),
        ("x^2 --wrt=x", ["grad", "--wrt=x", "x^2"]),
        ("hessian x^2*a --vars a,x", ["hessian", "--vars", "a,x", "x^2*a"]),
        ("partial x^2*a x x", ["partial", "--let", "a = 3", "x^2*a", "x", "x"]),
    ],
)
def test_what_is_named_as_a_variable_is_one_whatever_its_value(
    session: Session, line: str, expected: list[str]
) -> None:
    assert ran(session, "x = 5", "a = 3", line) == expected


def test_a_function_of_two(session: Session) -> None:
    assert ran(session, "g(x, y) = x^y", "g(2, 3)") == ["eval", "--at", "x=2,y=3", "x**y"]
    assert ran(session, "g(t, t)") == ["grad", "((t)**(t))"]


def test_values_are_looked_up_when_used(session: Session) -> None:
    session.answer("let a = 2")
    session.answer("b = a + 1")
    assert ran(session, "let a = a + 5", "b x") == [
        "grad", "--let", "a = 2 + 5", "--let", "b = a + 1", "b x",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["let a = b", "let b = a"], "b would be defined by itself"),
        (["sin(x) = x"], "sin is a function of the language"),
        (["f(x) = x^2", "f(1, 2) + 1"], "f takes x"),
        (["f(x) = x^2", "f^2(x)"], "a power of f has two readings"),
        (["g(x, y) = x*y", "g'(1, 2)"], "a prime goes with one parameter, and there are x, y"),
        (["f(x) = integrate(exp(-x*t^2), t=0..1)", "f(t)"], "t means something else inside f"),
        (["let 3"], "let takes a definition"),
        (["sinn(x)"], "unknown function 'sinn'"),
        (['plot "sin(x)'], "a quote isn't closed"),
        (["repl"], "this is the repl already"),
        (["grad x^2 --at"], "--at has no value"),
    ],
)
def test_an_error_is_one_message(session: Session, lines: list[str], message: str) -> None:
    for line in lines:
        session.answer(line)
    assert [error.message for error in session.program.errors] == [message]
    assert ran(Session(Recorder()), "x^2") == ["grad", "x^2"]


def test_an_error_of_a_call_shows_how_it_is_called(session: Session) -> None:
    for line in ("g(x, y) = x*y", "1 + g(2)"):
        session.answer(line)
    (error,) = session.program.errors
    assert (error.message, error.hint) == ("g takes x, y", "g(x, y)")


def test_the_answer_has_a_name(session: Session) -> None:
    session.note(reports.QUADRATIC)
    assert ran(session, "ans/2") == ["eval", "--let", "ans = 38.0", "ans/2"]


def test_what_is_defined_is_listed(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    for line in (*FUNCTION, "let", "?f", "help", ""):
        session.answer(line)
    listed = "a = 3\nf(x) = a*sin(x)\n"
    assert capsys.readouterr().out == f"{listed}{listed}f(x) = a*sin(x)\n{HELP}"


def test_an_interrupt_in_a_function_called_from_c_is_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: Sequence[str]) -> int:
        inner = SystemError("returned a result with an exception set")
        inner.__cause__ = KeyboardInterrupt()
        raise SystemError("returned a result with an exception set") from inner

    monkeypatch.setattr("diffcli.cli.main._run", interrupted)
    assert repl.Interpreter().run(["grad", "x"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_session_ends(session: Session) -> None:
    session.answer("exit")
    assert session.is_over


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(i=1..3,", True),
        ("sum(i=1..3, x)", False),
        ('plot "x', True),
        ("f'(2", True),
        ("f'", False),
    ],
)
def test_a_line_goes_on(text: str, expected: bool) -> None:
    assert is_open(text) is expected


def test_options_stand_anywhere() -> None:
    parted = separated(words("--at 3 x^2 -q + 1"), commands.options("grad"))
    assert parted.options == ("--at", "3", "-q")
    assert parted.formula == ("x^2 + 1",)


LINES = """\
f(x) = x^3
sinn(x)
f'(2) --format csv
descend x^2+y^2 --from 1,1 --lr 1e-9 --tol 0 --steps 100000000 --timeout 2 -q
sum(i=1..2,
  x^i) --at 1 --format csv
exit
1
"""


@pytest.mark.slow
def test_lines_from_a_pipe_go_on_after_an_error_and_after_the_time() -> None:
    done = subprocess.run(
        [sys.executable, *PROGRAM], input=LINES, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == [
        "f(x) = x**3", "x,f,f',verdict", "2.0,8.0,12.0,certified",
        "x,f,f',verdict", "1.0,2.0,3.0,certified",
    ]  # fmt: skip
    errors = [line for line in done.stderr.splitlines() if line.startswith("error")]
    assert errors == ["error: unknown function 'sinn'", "error: the time ran out"]
    assert done.returncode == 6

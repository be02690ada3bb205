"""What a command loads, what it shows meanwhile, and what it does without."""

from __future__ import annotations

import importlib.util
import marshal
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "diffcli.cli"]
HEAVY = ("torch", "sympy", "numpy", "matplotlib", "scipy", "mpmath", "flint", "pydantic")
QUICK = ("--engines", "symbolic,enclosure")
FORMULA = ("6*x**2 + 2*x + 4", "--at", "3")


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "NO_COLOR": "1", **environment},
    )


@pytest.mark.sampled(12)
@pytest.mark.parametrize(
    ("arguments", "loaded"),
    [
        ("--help", set()),
        ("--version", set()),
        ("grad --help", set()),
        ("functions", set()),
        ("x^2 --at 3 --engines enclosure", {"flint"}),
        ("x^2*y --at 3,0.1 --engines enclosure", {"flint"}),
        ("x^2 --at 3 --engines symbolic,enclosure", {"flint"}),
        ("x^2", set()),
        ("hessian x^2*y", set()),
        ("limit sin(x)/x --at 0", {"flint"}),
        ("prove sin(x)<=x --in x=0:1", {"flint", "numpy"}),
        ("bounds x*sin(y) --in x=0:1,y=0:pi", {"flint", "numpy"}),
        ("steps x^2", {"sympy", "mpmath", "numpy", "flint"}),
        ("check x^2 2x", {"sympy", "mpmath", "numpy", "flint"}),
    ],
)
def test_what_a_command_loads(arguments: str, loaded: set[str]) -> None:
    done = process(*arguments.split(), PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0
    found = set(re.findall(r"\| +(\w+)$", done.stderr, re.MULTILINE)) & set(HEAVY)
    assert found <= loaded


@pytest.mark.slow
def test_sympy_works_elsewhere_while_torch_loads() -> None:
    done = process("x^2*sin(x)", "--at", "3", PYTHONPROFILEIMPORTTIME="1")
    found = set(re.findall(r"\| +(\w+)$", done.stderr, re.MULTILINE))
    assert "torch" in found
    assert "sympy" not in found
    assert "x*(x*cos(x) + 2*sin(x))" in done.stdout


AT_NUMBERS = [
    ("6*x**2 + 2*x + 4", "--at", "3"),
    ("abs(x-0.1)", "--at", "0.1"),
    ("partial", "x^2*y^3", "x", "y", "--at", "pi/4,1e-3"),
    ("jvp", "[x^2*y, 5x + sin(y)]", "--at", "1,2", "--vector", "x=1,y=-1"),
    ("eval", "x^2 + 1/3", "--at", "0.1", "--dtype", "float32"),
    ("(x^2-1)/(x-1)", "--at", "1"),
    ("x^2", "--at", "1e400"),
]


@pytest.mark.slow
def test_a_point_of_numbers_is_a_tensor_of_one() -> None:
    """The way without arrays says what the way with arrays says."""
    more = "--json", "--engines", "enclosure", "--check-budget", "60"
    commands = [[*arguments, *more] for arguments in AT_NUMBERS]
    ran = f"from diffcli.cli.main import run\nfor each in {commands}:\n    print(run(each))"
    with_arrays = (
        "from diffcli.differentiation.answers import Answers\n"
        "Answers._of_numbers = lambda self, point, _: Answers._of_arrays(self, point)\n"
    )
    one, other = (
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout
        for script in (ran, with_arrays + ran)
    )
    assert one == other
    assert one.count('"results"') == len(commands) - 1  # no number is as large as the last


@pytest.mark.slow
@pytest.mark.parametrize(
    "engines", ["enclosure", pytest.param("symbolic,enclosure", marks=pytest.mark.slow)]
)
def test_two_at_once_without_a_home_or_a_cache(tmp_path: Path, engines: str) -> None:
    command = [*FORMULA, "--engines", engines]
    blocked = tmp_path / "file"
    blocked.touch()
    environment = {
        **os.environ,
        "HOME": str(tmp_path / "nowhere"),
        "PYTHONPYCACHEPREFIX": str(blocked),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    running = [
        subprocess.Popen([*PROGRAM, *command], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    first, second = (each.communicate(timeout=60)[0] for each in running)
    assert first == second == process(*command).stdout
    assert [each.returncode for each in running] == [0, 0]


@pytest.mark.slow
def test_a_stale_cache_is_not_believed(tmp_path: Path) -> None:
    command = (*FORMULA, "--engines", "enclosure")
    environment = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    fresh = process(*command, **environment)
    code = marshal.dumps(compile("raise SystemExit('stale')", "stale", "exec"))
    # A header of PEP 552: the time and the size of another source.
    stale = importlib.util.MAGIC_NUMBER + bytes(12) + code
    cached = [path for path in tmp_path.rglob("*.pyc") if "diffcli" in path.parts]
    for path in cached:
        path.write_bytes(stale)
    again = process(*command, **environment)
    assert len(cached) > 20
    assert (fresh.stdout, fresh.returncode) == (again.stdout, 0)
    assert all(path.read_bytes() != stale for path in cached)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a folder that even root can't write to")
def test_a_home_that_is_read_only() -> None:
    command = (*FORMULA, "--engines", "enclosure")
    done = process(*command, HOME="/proc/self", XDG_CONFIG_HOME="", XDG_CACHE_HOME="")
    assert (done.stdout, done.stderr) == (process(*command).stdout, "")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_stream_is_nowhere(closed: int) -> None:
    command = [*PROGRAM, "x^2", "--engines", "symbolic"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, preexec_fn=lambda: os.close(closed)
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout == ("" if closed == 1 else "  f(x)  = x**2\n  f′(x) = 2*x\n")


def on_a_terminal(*arguments: str, rows: int = 24, **environment: str) -> tuple[list[str], int]:
    """What is written to a terminal of 80 columns, piece by piece, and the exit code."""
    process, terminal = pty.fork()
    if process == 0:
        import fcntl
        import struct
        import termios

        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
        dropped = {"COLUMNS", "LINES", "FORCE_COLOR"}
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        os.execve(  # noqa: S606  a program of our own
            sys.executable,
            [*PROGRAM, *arguments],
            {**kept, "TERM": "xterm", "NO_COLOR": "1", **environment},
        )
    pieces: list[str] = []
    try:
        while piece := os.read(terminal, 65536):
            pieces.append(piece.decode())
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(terminal)
    return pieces, os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def screen(written: str) -> str:
    """What stands on the screen in the end."""
    lines = [""]
    row = 0
    for part in re.split(r"(\x1b\[\d*[AJ]|\r\n)", written):
        if part == "\r\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part.endswith("A") and part.startswith("\x1b"):
            row -= int(part[2:-1])
        elif part == "\x1b[J":
            lines = [*lines[:row], ""]
        else:
            lines[row] += part
    return "\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((*FORMULA, *QUICK), 0),
        (("u^3 + v^2 + 4uv", "--at", "3,4", *QUICK), 0),
        (("log(x)", "--at", "-1", *QUICK), 4),
        (("1/2x", "--at", "2", *QUICK), 0),
        pytest.param(FORMULA, 0, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_what_is_proved_first_stands_there_first(arguments: tuple[str, ...], code: int) -> None:
    pieces, found = on_a_terminal(*arguments)
    written = "".join(pieces)
    early, _, _ = written.partition("\x1b[")
    assert found == code
    assert "f(x)" in early or "∂f/∂u" in early
    piped = process(*arguments, COLUMNS="80")
    assert screen(written) == piped.stderr + piped.stdout
    assert "\x1b" not in piped.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "rows", "environment"),
    [
        ((), 24, {"TERM": "dumb"}),
        ((), 4, {}),
        (("--json",), 24, {}),
        (("--engines", "enclosure"), 24, {}),
    ],
    ids=str,
)
def test_what_cannot_be_replaced_is_not_shown_early(
    more: tuple[str, ...], rows: int, environment: dict[str, str]
) -> None:
    pieces, code = on_a_terminal(
        *FORMULA, *(QUICK if "--engines" not in more else ()), *more, rows=rows, **environment
    )
    assert code == 0
    assert "\x1b" not in "".join(pieces)
    assert re.search(r"\b64\b.*\b64\b", "".join(pieces), re.DOTALL) is None or "--json" in more

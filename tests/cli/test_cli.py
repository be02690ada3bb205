from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
import reports

import diffcli
from diffcli.cli.arguments import rewrite
from diffcli.cli.main import run
from diffcli.cli.messages import error_lines
from diffcli.commands import derivatives
from diffcli.errors import DiffcliError, FileError, FormulaError, PointError, UsageError
from diffcli.operators import OPERATORS
from diffcli.output.formats import FORMATS
from diffcli.rows.points import read_point_file

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.txt"))
HEAVY = ("torch", "sympy", "numpy", "matplotlib", "scipy", "mpmath", "flint", "rich")
PROGRAM = [sys.executable, "-c", "from diffcli.cli.main import main; main()"]


@pytest.fixture
def derived(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """Take the place of derive: record its arguments, and answer with one report."""
    calls: list[tuple] = []

    def derive(*arguments: object) -> object:
        calls.append(arguments)
        return reports.QUADRATIC

    monkeypatch.setattr(derivatives, "derive", derive)
    return calls


def process(*arguments: str, **more) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1"} | more.pop("env", {})
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, env=environment, check=False, **more
    )


@pytest.mark.sampled(2)
@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_case(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("DIFFCLI_CHECK_BUDGET", "60")
    command, code, *rest = path.read_text().splitlines()
    expected = {"stdout": "", "stderr": ""}
    for line in rest:
        if line.startswith("-- "):
            stream = line[3:]
        else:
            expected[stream] += line + "\n"
    exit_code = run(shlex.split(command.removeprefix("$ diffcli")))
    shown = capsys.readouterr()
    assert {"stdout": shown.out, "stderr": shown.err} == expected
    assert exit_code == int(code.removeprefix("exit "))


OPTIONS = {"grad": {"--at": True, "--json": False, "-o": True, "-q": False}, "eval": {}, "plot": {}}


@pytest.mark.parametrize(
    ("typed", "rewritten"),
    [
        ("x^2", "grad -- x^2"),
        ("-x^2 --at -3", "grad --at -3 -- -x^2"),
        ("--at 3 x^2 --json", "grad --at 3 --json -- x^2"),
        ("grad -sin(x) -q", "grad -q -- -sin(x)"),
        ("grad -omega*t", "grad -- -omega*t"),
        ("grad x --ordr 2", "grad --ordr -- x 2"),
        ("grad --at=3 -- -q", "grad --at=3 -- -q"),
        ("-", "grad -- -"),
        ("eval x", "eval -- x"),
        ("grad x at", "grad -- x at"),
        ("--help", "--help"),
        ("--version", "--version"),
        ("", ""),
    ],
)
def test_rewrite(typed: str, rewritten: str) -> None:
    found = rewrite(typed.split(), OPTIONS.__getitem__, OPTIONS.keys, {"--help", "--version"})
    assert " ".join(found) == rewritten


@pytest.mark.parametrize("typed", ["grda x", "evla", "jacobian x y", "grad x --at", "grad x at 3"])
def test_rewrite_refuses(typed: str) -> None:
    with pytest.raises(UsageError):
        rewrite(typed.split(), OPTIONS.__getitem__, OPTIONS.keys, {"--help"})


@pytest.mark.parametrize(
    ("typed", "option"),
    [
        ("plot x -o a.png -o b.svg", "-o"),
        ("plot x -o a.png --output=b.svg", "--output"),
        ("plot x --log --log=x", "--log"),
        ("x^2 --precision 6 --precision 7", "--precision"),
        ("bounds x --in x=0:1 --range x=0:2", "--range"),
    ],
)
def test_an_option_of_one_value_is_typed_once(
    typed: str,
    option: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(typed.split()) == 2
    assert f"error: {option} is typed twice: " in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


def test_an_option_of_several_values_is_typed_as_often(derived: list[tuple]) -> None:
    assert run("a*b*c*x^2 --at x=1 --at c=2 --let a=1 --let b=2 -q -q".split()) == 0
    assert len(derived) == 1


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        ("sinx", 'diffcli grad "sin(x)"'),
        ("xsinx", 'diffcli grad "x*sin(x)"'),
        ("grad x^2 + 3", 'diffcli grad "x^2 + 3"'),
        ("x^2 - 3 --at 1", 'diffcli grad "x^2 - 3"'),
        ("prove x^2 + 1 > 0 --in=-1:1", 'diffcli prove "x^2 + 1 > 0"'),
        ("grad x^2 3", "--at 3"),
        ("hessian x^2*y 1,2", "--at 1,2"),
        ("grad x^2 x=3", "--at x=3"),
        ("grad x^2 +3x", '"x^2 +3x"'),
    ],
)
def test_what_the_shell_cut_says_how_it_is_typed(
    typed: str, remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(typed.split()) == 2
    assert remedy in capsys.readouterr().err.partition("hint: ")[2]


def test_an_error_shortens_a_long_line_around_the_place() -> None:
    text = "x + " * 1000 + "$" + " + x" * 1000
    _, shown, carets, hint = error_lines(FormulaError("no", hint="h", text=text, column=4000))
    assert shown.startswith("  …")
    assert len(shown) < 90
    assert shown[carets.index("^")] == "$"
    assert hint == "hint: h"


def test_an_error_points_behind_wide_and_escaped_characters() -> None:
    _, shown, carets = error_lines(FormulaError("no", text="字\x1b$", column=2))
    assert shown == "  字\\x1b$"
    assert carets == "        ^"


@pytest.mark.parametrize("typed", ["x+\x1b[31m", "x \x9b2J", "x\u202e", "[red]x[/red]"])
def test_nothing_typed_reaches_the_terminal_raw(
    typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([typed]) == FormulaError.exit_code
    shown = capsys.readouterr()
    assert all(line.isprintable() for line in (shown.out + shown.err).splitlines())


def test_an_unexpected_exception_is_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("here")

    monkeypatch.setattr(derivatives, "derive", fail)
    assert run(["x^2"]) == DiffcliError.exit_code
    assert capsys.readouterr().err.startswith("error: a defect of diffcli: ZeroDivisionError: here")
    assert run(["x^2", "--debug"]) == DiffcliError.exit_code
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_exits_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(derivatives, "derive", interrupt)
    assert run(["x^2"]) == 130


def test_the_order_of_the_variables(derived: list[tuple]) -> None:
    run(["x10 + x2 + b", "--at", "x10=1,x2=2,b=3", "-q"])
    run(["x10 + x2 + b", "--vars", "x2,b", "--at", "1,2,3", "-q"])
    assert [call[1].variables for call in derived] == [("b", "x2", "x10"), ("x2", "b", "x10")]


def test_names_of_the_point_are_variables(derived: list[tuple]) -> None:
    run(["a*e", "--at", "a=1,e=2", "-q"])
    assert derived[0][1].variables == ("a", "e")


def test_options_become_settings(derived: list[tuple]) -> None:
    options = "--order 2 --wrt x --dtype float32 --check-budget 2 --seed 7 --no-check"
    run(["grad", "x*y", *options.split()])
    operator, _, points, settings = derived[0]
    assert (operator.order, operator.wrt, list(points)) == (2, ("x",), [])
    assert (settings.dtype, settings.budget, settings.seed) == ("float32", 2.0, 7)
    assert settings.engines == ("autograd",)


def test_partial_takes_names(derived: list[tuple]) -> None:
    assert run(["partial", "x^2*y^3", "x", "y,y"]) == 0
    assert derived[0][0].wrt == ("x", "y", "y")


@pytest.mark.usefixtures("derived")
def test_partial_needs_a_formula_and_a_name() -> None:
    assert run(["partial", "x^2"]) == UsageError.exit_code
    assert run(["partial"]) == UsageError.exit_code


def test_let_defines_first(derived: list[tuple]) -> None:
    run(["y^2", "--let", "y=x+2"])
    assert derived[0][1].read_as == "y = x + 2; y**2"


def test_let_takes_no_matrix_and_says_what_does(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["sum(X)", "--let", "X=[[1,2]]"]) == FormulaError.exit_code
    assert "--at X=[[1,2],[3,4]]" in capfd.readouterr().err


@pytest.mark.parametrize("name", FORMATS)
def test_output_goes_to_the_file_alone(
    name: str, derived: list[tuple], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out"
    assert run(["x^2", "--format", name, "-o", str(path)]) == 0
    assert len(derived) == 1
    assert path.read_text().endswith("\n")
    assert capsys.readouterr().out == ""


def test_a_file_that_cannot_be_written_stops_all_work(
    derived: list[tuple], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["x^2", "-o", str(tmp_path / "missing" / "out")]) == FileError.exit_code
    assert not derived
    assert capsys.readouterr().err.startswith("error: there is no folder")


def test_the_formula_from_a_file(derived: list[tuple], tmp_path: Path) -> None:
    path = tmp_path / "formula.txt"
    path.write_text("y = x + 2;\ny^2\n")
    assert run(["grad", "--file", str(path)]) == 0
    assert derived[0][1].read_as == "y = x + 2; y**2"
    assert run(["grad", "x", "--file", str(path)]) == UsageError.exit_code


def test_formulas_from_standard_input(
    derived: list[tuple], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("x^2\n\nx+(\nx^3"))
    assert run(["-", "--json"]) == FormulaError.exit_code
    shown = capsys.readouterr()
    assert len([json.loads(line) for line in shown.out.splitlines()]) == 2
    assert "x+(" in shown.err
    assert [call[1].read_as for call in derived] == ["x**2", "x**3"]


def test_readings_are_silenced(derived: list[tuple], capsys: pytest.CaptureFixture[str]) -> None:
    run(["1/2x"])
    run(["1/2x", "-q"])
    assert capsys.readouterr().err.count("read as (1/2)*x") == 1
    assert len(derived) == 2


@pytest.mark.usefixtures("derived")
def test_verbose_shows_the_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    run(["x^2", "-v"])
    assert "x: autograd 38, symbolic 38, enclosure [38.0, 38.0], 0 ulps" in capsys.readouterr().err


@pytest.mark.usefixtures("derived")
@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
    ids=["pipe", "forced", "refused"],
)
def test_colour(
    environment: dict[str, str],
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    run(["x^2"])
    assert ("\x1b[" in capsys.readouterr().out) == coloured


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("points.csv", "x, y\n1,2.5\n-3,1e-3\n"),
        ("points.jsonl", '{"x": 1, "y": 2.5}\n\n{"x": -3, "y": 1e-3}\n'),
    ],
)
def test_points_from_a_file(derived: list[tuple], tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert run(["x*y", "--points", str(tmp_path / name)]) == 0
    found = [{key: repr(value) for key, value in point.values.items()} for point in derived[0][2]]
    assert [point["x"] for point in found] == ["<Node 1>", "<Node -3>"]
    assert found[0]["y"] == "<Node 2.5>"
    # The double nearest to 1/1000, not 1/1000.
    assert found[1]["y"].startswith("<Node 0.0010000000000000000208")


def test_vectors_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "points.jsonl"
    path.write_text('{"x": [[1, 2], [3, 4]]}')
    assert read_point_file(path)[0].named["x"].shape == (2, 2)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "x,y\n1\n"),
        ("a.csv", "x\nnan\n"),
        ("a.csv", "x\none\n"),
        ("a.csv", "x\n"),
        ("a.csv", 'x\n"1"2\n'),
        ("a.jsonl", "[1]\n"),
        ("a.jsonl", '{"x": true}\n'),
        ("a.jsonl", '{"x": [1, [2]]}\n'),
        ("a.jsonl", "{x}\n"),
    ],
)
def test_points_that_cannot_be_read(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(PointError, match=name):
        read_point_file(tmp_path / name)


def test_files_of_points_that_cannot_be_read(tmp_path: Path) -> None:
    for name in ("missing.csv", "points.xls"):
        with pytest.raises(FileError, match=name):
            read_point_file(tmp_path / name)


def test_parquet_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(FileError, match=r"diffcli\[data\]"):
        read_point_file(tmp_path / "points.parquet")


def test_functions_lists_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["functions"]) == 0
    text = capsys.readouterr().out
    assert "\ntrigonometric\n  sin(x)" in text
    assert run(["functions", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["heaviside"]["arguments"] == [1, 2]
    assert "arctan" in rows["atan"]["aliases"]


def test_help_shows_examples_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grad", "--help"]) == 0
    text = capsys.readouterr().out
    assert text.index("Examples:") < text.index("Points and names:") < text.index("Output:")
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_is_a_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"Usage: diffcli {name} " in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["functions"], ["grad", "-h"]])
def test_what_needs_no_engine_loads_none(arguments: list[str]) -> None:
    script = (
        "import sys; from diffcli.cli.main import run; assert run(sys.argv[1:]) == 0; "
        f"loaded = set(sys.modules) & set({HEAVY}); assert not loaded, loaded"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout


@pytest.mark.slow
def test_completion_loads_no_engine() -> None:
    done = process(
        env={
            "_DIFFCLI_COMPLETE": "complete_bash",
            "COMP_WORDS": "diffcli gr",
            "COMP_CWORD": "1",
            "PYTHONPROFILEIMPORTTIME": "1",
        }
    )
    assert "grad" in done.stdout
    assert not any(f"| {name}\n" in done.stderr for name in HEAVY)


def test_the_package_is_lazy() -> None:
    script = (
        "import sys, diffcli, diffcli.cli.main; "
        f"loaded = set(sys.modules) & set({HEAVY}); assert not loaded, loaded"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == ""


def test_every_public_name_is_there() -> None:
    for name in diffcli.__all__:
        assert getattr(diffcli, name) is not None
    with pytest.raises(AttributeError):
        _ = diffcli.missing


@pytest.mark.slow
def test_a_timeout_ends_compiled_code() -> None:
    script = (
        "import sys; from diffcli.cli import main; from diffcli.commands import derivatives\n"
        "derivatives.derive = lambda *_: 3 ** (3 ** 18)\n"
        "sys.exit(main.run(['x', '--timeout', '0.3']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr == "error: the time ran out after 0.3 s\nhint: allow more with --timeout\n"


@pytest.mark.slow
def test_a_timeout_not_reached_changes_nothing() -> None:
    assert process("functions", "sin").returncode == 0
    assert process("x+(", "--timeout", "60").returncode == FormulaError.exit_code


@pytest.mark.parametrize("seconds", ["0", "-1", "inf"])
def test_a_timeout_is_above_zero(seconds: str) -> None:
    assert run(["x", "--timeout", seconds]) == UsageError.exit_code


def test_a_full_disk_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "functions"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr.count("\n")) == (FileError.exit_code, 1)


def test_a_broken_pipe_is_silent() -> None:
    with subprocess.Popen(
        [*PROGRAM, "functions"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        running.stdout.close()
        assert running.stderr.read() == b""


def test_a_matrix_is_drawn_where_the_output_is_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "H.png"
    assert run(["hessian", "x^2*y + y^3", "--at", "1,2", "-o", str(file)]) == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out == ""
    other = tmp_path / "gradient.png"
    assert run(["grad", "x^2", "--at", "1", "-o", str(other)]) == 2
    assert "a picture shows one matrix" in capsys.readouterr().err
    assert not other.exists()


def test_the_environment_gives_the_budget_of_the_checks(
    derived: list[tuple], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFCLI_CHECK_BUDGET", "7.5")
    for typed, budget in (["x^2"], 7.5), (["x^2", "--check-budget", "2"], 2.0):
        run([*typed, "--at", "3"])
        assert derived.pop()[-1].budget == budget

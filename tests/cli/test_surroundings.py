"""What surrounds a command fails: disks, pipes, signals, terminals, homes, packages."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from random import Random

import pytest
from forking import Commands, Ended

ASKED = ("grad", "x^2*sin(x)", "--at", "1")
LONG = ("grad", "exp(sin(x*y))^3/(1+x^2)", "--at", "1,2", "--order", "6", "--check-budget", "1")
OUTPUTS = {
    "grad": ASKED,
    "plot": ("plot", "sin(x)", "--range", "0:1"),
    "export": ("export", "x^2", "--to", "c"),
    "hessian": ("hessian", "x^2*y", "--at", "1,2"),
    "batch": ("batch", "x^2", "--points"),
}
OLD = "what stood there"


def ended_well(ended: Ended, *codes: int) -> None:
    assert ended.code in codes, (ended.code, ended.stderr)
    assert "Traceback" not in ended.stderr
    assert "defect" not in ended.stderr
    assert ended.left == ()


def refused(ended: Ended, code: int, words: str) -> None:
    ended_well(ended, code)
    assert words in ended.stderr
    assert ended.stderr.count("error: ") == 1


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("x\n" + "".join(f"{place}\n" for place in range(100)))
    return path


def line(name: str, rows: Path) -> tuple[str, ...]:
    return (*OUTPUTS[name], str(rows)) if name == "batch" else OUTPUTS[name]


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", OUTPUTS)
def test_a_full_disk(name: str, runner: Commands, rows: Path) -> None:
    refused(runner.run(*line(name, rows), stdout="/dev/full"), 2, "No space left on device")


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTPUTS)
def test_a_full_disk_under_a_file(name: str, runner: Commands, rows: Path) -> None:
    if name == "plot":
        refused(runner.run(*line(name, rows), "-o", "/dev/full"), 2, "-o")
    else:
        refused(runner.run(*line(name, rows), "-o", "/dev/full"), 2, "/dev/full")


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize(
    ("where", "words"),
    [("folder", "folder"), ("none/f.csv", "no folder"), ("/proc/diffcli.csv", "can't be written")],
)
def test_an_output_that_cant_be(
    name: str, where: str, words: str, runner: Commands, rows: Path
) -> None:
    (rows.parent / "folder").mkdir()
    place = where.replace(".csv", ".png") if name == "plot" else where
    ended = runner.run(*line(name, rows), "-o", place, cwd=rows.parent)
    ended_well(ended, 2)
    assert words in ended.stderr or name == "plot"
    assert sorted(each.name for each in rows.parent.iterdir()) == ["folder", "rows.csv"]


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTPUTS)
def test_a_failed_command_leaves_the_old_file(name: str, runner: Commands, rows: Path) -> None:
    old = rows.parent / ("old.png" if name == "plot" else "old.txt")
    if name == "batch":
        old = old.with_suffix(".csv")
    old.write_text(OLD)
    typed = [word if word != OUTPUTS[name][1] else "x^2 + nothing(x)" for word in line(name, rows)]
    ended_well(runner.run(*typed, "-o", str(old)), 3)
    assert old.read_text() == OLD
    ended_well(runner.run(*line(name, rows), "-o", str(old)), 0)
    assert old.read_bytes() != OLD.encode()
    assert sorted(each.name for each in rows.parent.iterdir()) == sorted([old.name, "rows.csv"])


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTPUTS)
def test_a_pipe_that_breaks(name: str, runner: Commands, rows: Path) -> None:
    whole = runner.run(*line(name, rows))
    ended_well(whole, 0)
    for taken in range(0, whole.size, max(whole.size // 6, 1)):
        ended = runner.run(*line(name, rows), stdout=taken)
        ended_well(ended, 0, -signal.SIGPIPE)
        assert ended.stderr in ("", whole.stderr)


@pytest.mark.slow
def test_a_pipe_that_breaks_at_every_byte(runner: Commands) -> None:
    whole = runner.run(*ASKED)
    for taken in range(whole.size + 1):
        ended_well(runner.run(*ASKED, stdout=taken), 0, -signal.SIGPIPE)


STOPPED = {signal.SIGINT: (0, 130, -signal.SIGINT), signal.SIGTERM: (0, -signal.SIGTERM, 143)}


@pytest.mark.slow
@pytest.mark.parametrize("number", STOPPED, ids=lambda each: each.name)
@pytest.mark.parametrize("timeout", [(), ("--timeout", "20")], ids=["", "--timeout"])
def test_a_signal_at_any_moment(
    number: signal.Signals, timeout: tuple[str, ...], runner: Commands, tmp_path: Path
) -> None:
    random, old = Random(3), tmp_path / "old.txt"
    assert runner.run(*LONG, "-o", str(old)).code == 0
    whole = old.read_text()
    old.write_text(OLD)
    for _ in range(3):
        moment = random.uniform(0, 0.6)
        ended = runner.run(*LONG, *timeout, "-o", str(old), stop=(number, moment))
        ended_well(ended, *STOPPED[number])
        # It may be ended between the last byte and its exit.
        assert old.read_text() in ((OLD, whole) if ended.code else (whole,))
        assert [each.name for each in tmp_path.iterdir()] == ["old.txt"]
        old.write_text(OLD)


@pytest.mark.slow
@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_streams_that_are_closed(closed: tuple[int, ...], runner: Commands) -> None:
    ended = runner.run(*ASKED, closed=closed)
    ended_well(ended, 0)
    assert bool(ended.stdout) == (1 not in closed)


@pytest.mark.slow
@pytest.mark.parametrize(
    "env",
    [
        {"HOME": None},
        {"HOME": "/nonexistent", "XDG_CONFIG_HOME": None, "MPLCONFIGDIR": None},
        {"HOME": "/proc"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"},
        {"COLUMNS": "20"},
        {"COLUMNS": "1"},
        {"COLUMNS": "0"},
        {"COLUMNS": "-5"},
        {"COLUMNS": "99999999999"},
        {"TERM": "dumb", "FORCE_COLOR": "1", "NO_COLOR": ""},
        {"TMPDIR": "/nonexistent"},
        {"PYTHONPATH": "/nonexistent"},
        {"CUDA_VISIBLE_DEVICES": "9"},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["grad", "plot", "hessian"])
def test_an_odd_environment(name: str, env: dict[str, str | None], runner: Commands) -> None:
    ended = runner.run(*OUTPUTS[name], env=env)
    ended_well(ended, 0)
    assert ended.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "typed", "extra"),
    [
        ("pyarrow", ("x", "--points", "p.parquet"), "data"),
        ("pyarrow", ("batch", "x", "--points", "p.parquet"), "data"),
        ("dask", ("batch", "x", "--points", "f", "-o", "g", "--dask", "local"), "distributed"),
    ],
)
def test_a_package_that_isnt_there(
    package: str, typed: tuple[str, ...], extra: str, runner: Commands, tmp_path: Path
) -> None:
    (tmp_path / "p.parquet").write_bytes(b"PAR1PAR1")
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "a.csv").write_text("x\n1\n")
    refused(runner.run(*typed, hidden=[package], cwd=tmp_path), 2, f"diffcli[{extra}]")


def test_no_gpu(runner: Commands) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is one")
    refused(runner.run(*ASKED, "--device", "cuda"), 2, "no CUDA device")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_parquet_that_is_damaged(seed: int, runner: Commands, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    whole = tmp_path / "whole.parquet"
    parquet.write_table(pa.table({"x": [1.0, 2.0, 3.0] * 50}), whole)
    data, random = whole.read_bytes(), Random(seed)
    damaged = [data[: random.randrange(len(data))] for _ in range(3)]
    for _ in range(3):
        place = random.randrange(len(data))
        damaged.append(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
    output = tmp_path / "o.csv"
    for content in damaged:
        (tmp_path / "p.parquet").write_bytes(content)
        output.write_text(OLD)
        typed = ("batch", "x^2", "--points", "p.parquet", "-o", "o.csv")
        ended = runner.run(*typed, cwd=tmp_path)
        ended_well(ended, 0, 2)
        if ended.code:
            assert output.read_text() == OLD


def test_json_is_whole_or_absent(runner: Commands, tmp_path: Path) -> None:
    ended = runner.run(*ASKED, "--json", "-o", "o.json", cwd=tmp_path)
    ended_well(ended, 0)
    assert json.loads((tmp_path / "o.json").read_text())["command"] == "grad"
    assert os.listdir(tmp_path) == ["o.json"]  # noqa: PTH208

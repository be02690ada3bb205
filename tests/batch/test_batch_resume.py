"""A run that is ended anywhere leaves the target alone, and goes on to the same bytes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from diffcli.batch import journal
from diffcli.batch.journal import Part
from diffcli.cli.main import run
from diffcli.rows import parquet as chunked
from diffcli.rows import text

FORMULA = "x^2*ln(x) + sin(x*y)"
ROWS = 1000


class Killed(BaseException):
    """Takes the place of a signal that can't be caught."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "CHUNK_ROWS", 100)
    monkeypatch.setattr(chunked, "MOST_ROWS", 100)
    monkeypatch.setattr(chunked, "LEAST_ROWS", 100)


@pytest.fixture
def points(tmp_path: Path) -> Callable[[str], Path]:
    """Return how to write the rows to a file of a kind."""
    numbers = np.random.default_rng(1).uniform(-0.1, 3, (2, ROWS))
    notes = ["plain", 'a "quoted", note', "two\nlines", ""]
    table = pa.table(
        {"x": numbers[0], "y": numbers[1], "note": [notes[i % 4] for i in range(ROWS)]}
    )

    def write(kind: str) -> Path:
        path = tmp_path / f"p.{kind}"
        if kind == "parquet":
            parquet.write_table(table, path, row_group_size=333)
        else:
            source = tmp_path / "p.parquet"
            parquet.write_table(table, source)
            assert run(["batch", "x", "--points", str(source), "-o", str(path), "-q"]) == 0
        return path

    return write


def arguments(source: Path, target: Path, *more: str) -> list[str]:
    return [
        "batch",
        FORMULA,
        "--points",
        str(source),
        "-o",
        str(target),
        "--name",
        "g",
        "--check-budget",
        "60",
        *more,
    ]


WHOLE = Part.add


def ends(point: str, chunk: int) -> Callable[..., None]:
    """Return an ``add`` that is ended at a point of a chunk."""

    def add(part: Part, data: bytes, footer: bytes, tally: object) -> None:
        if part.tally.chunks < chunk:
            WHOLE(part, data, footer, tally)
            return
        if point == "data":
            part.file.write(data[: len(data) // 2])
        elif point == "journal":
            part.file.write(data)
        elif point == "line":
            WHOLE(part, data, footer, tally)
            part.journal.truncate(part.journal.tell() - 9)
        else:
            WHOLE(part, data, footer, tally)
        raise Killed

    return add


@pytest.mark.slow
@pytest.mark.parametrize("point", ["data", "journal", "line", "after"])
@pytest.mark.parametrize(
    ("source", "target"), [("csv", "csv"), ("jsonl", "parquet"), ("parquet", "parquet")]
)
def test_a_run_that_is_ended_goes_on_to_the_same_bytes(
    points: Callable[[str], Path],
    source: str,
    target: str,
    point: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    file = points(source)
    whole, broken = file.with_name(f"whole.{target}"), file.with_name(f"broken.{target}")
    assert run(arguments(file, whole)) == 0
    told = capfd.readouterr().err
    broken.write_text("what stood there")
    for chunk in (0, 4, 9):
        monkeypatch.setattr(Part, "add", ends(point, chunk))
        with pytest.raises(Killed):
            run(arguments(file, broken, "-q", *(["--resume"] if chunk else [])))
        monkeypatch.setattr(Part, "add", WHOLE)
        assert broken.read_text() == "what stood there"
    capfd.readouterr()
    assert run(arguments(file, broken, "--resume")) == 0
    assert capfd.readouterr().err == told
    assert broken.read_bytes() == whole.read_bytes()
    assert not list(file.parent.glob(".*"))


@pytest.mark.slow
def test_another_run_isnt_gone_on_with(
    points: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    file = points("csv")
    target = file.with_name("g.csv")
    monkeypatch.setattr(Part, "add", ends("after", 3))
    with pytest.raises(Killed):
        run(arguments(file, target, "-q"))
    monkeypatch.setattr(Part, "add", WHOLE)
    for more in (["--kinds", "value"], ["--dtype", "float32"], ["--keep", "x"], ["--seed", "1"]):
        assert run(arguments(file, target, "--resume", *more)) == 2
        assert "another input" in capfd.readouterr().err
    os.utime(file, (1, 1))
    assert run(arguments(file, target, "--resume")) == 2
    assert run(arguments(file, target, "-q")) == 0
    assert not list(file.parent.glob(".*"))


def test_one_target_has_one_run_at_a_time(
    points: Callable[[str], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    file = points("csv")
    target = file.with_name("g.csv")
    with journal.part_of(target, "", resume=False):
        assert run(arguments(file, target)) == 2
    assert "another run is writing" in capfd.readouterr().err


@pytest.mark.slow
def test_a_device_is_written_to_and_stays(points: Callable[[str], Path]) -> None:
    """A named pipe, as a program that runs as root must not try it on a real device."""
    file = points("csv")
    pipe, whole = file.with_name("pipe.csv"), file.with_name("whole.csv")
    os.mkfifo(pipe)
    assert run(arguments(file, whole, "-q")) == 0
    with ThreadPoolExecutor(1) as thread:
        read = thread.submit(pipe.read_bytes)
        assert run(arguments(file, pipe, "-q")) == 0
        assert read.result() == whole.read_bytes()
        read = thread.submit(pipe.read_bytes)
        (file.parent / "r.jsonl").write_text('{"expression": "x"}\n')
        assert run(["batch", str(file.parent / "r.jsonl"), "-o", str(pipe)]) == 0
        assert read.result().startswith(b'{"id": null')
    assert pipe.is_fifo()


@pytest.mark.slow
def test_a_file_keeps_its_mode(points: Callable[[str], Path]) -> None:
    file = points("csv")
    target = file.with_name("g.csv")
    target.write_text("")
    target.chmod(0o640)
    assert run(arguments(file, target, "-q")) == 0
    assert target.stat().st_mode & 0o777 == 0o640


PROGRAM = """
import os, signal, sys
from diffcli.batch import journal
from diffcli.rows import parquet
from diffcli.cli.main import run
parquet.MOST_ROWS = parquet.LEAST_ROWS = 100
right = journal.Part.add
def add(part, data, footer, tally):
    if part.tally.chunks == 5:
        part.file.write(data[:100])
        part.file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    right(part, data, footer, tally)
journal.Part.add = add
run(sys.argv[1:])
"""


@pytest.mark.slow
def test_a_killed_process_leaves_what_is_gone_on_with(points: Callable[[str], Path]) -> None:
    file = points("parquet")
    whole, broken = file.with_name("whole.parquet"), file.with_name("broken.parquet")
    ended = subprocess.run([sys.executable, "-c", PROGRAM, *arguments(file, broken)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not broken.exists()
    assert run(arguments(file, broken, "-q", "--resume")) == 0
    assert run(arguments(file, whole, "-q")) == 0
    assert broken.read_bytes() == whole.read_bytes()


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Path]:
    """Ten million points of five variables."""
    numbers = np.random.default_rng(0)
    path = tmp_path / "many.parquet"
    parquet.write_table(pa.table({name: numbers.random(10**7) for name in "abcde"}), path)
    yield path
    path.unlink()


def kill(process: subprocess.Popen[bytes], part: Path, size: int) -> None:
    """Kill a process at a random time once its part has so many bytes; it must still be at work."""
    while process.poll() is None and not (part.exists() and part.stat().st_size >= size):
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.1))
    process.kill()
    assert process.wait() == -signal.SIGKILL


@pytest.mark.slow
def test_ten_million_rows_survive_any_kill(many: Path, tmp_path: Path) -> None:
    formula = "a^3*b^2/ln(c+1) + exp(a*d)*cos(b*c) + sqrt(a^2+b^2)*ln(d^2+e^2)"
    whole, broken = tmp_path / "whole.parquet", tmp_path / "broken.parquet"
    part, lines = tmp_path / ".broken.parquet.part", tmp_path / ".broken.parquet.journal"
    command = [sys.executable, "-m", "diffcli.cli", "batch", formula, "--points", str(many), "-q"]
    # Every number of the sample is proved in time, and written as it is proved.
    command += ["--check-budget", "120"]
    subprocess.run([*command, "-o", str(whole)], check=True)
    size = whole.stat().st_size
    finished = [0]
    for share in sorted(random.uniform(0.02, 0.8) for _ in range(5)):
        kill(subprocess.Popen([*command, "-o", str(broken), "--resume"]), part, int(share * size))
        finished.append(lines.read_bytes().count(b"\n") - 1)
        assert not broken.exists()
        assert 0 < part.stat().st_size < size
    assert finished == sorted(finished)
    assert finished[-1] > 0
    subprocess.run([*command, "-o", str(broken), "--resume"], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in (many, whole, broken)
    )
    with whole.open("rb") as first, broken.open("rb") as second:
        while block := first.read(1 << 24):
            assert second.read(1 << 24) == block
        assert not second.read(1)

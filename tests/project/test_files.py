"""Files of results: nothing is written through a link that lies in wait, nothing twice."""

from __future__ import annotations

import io
import os
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from diffcli.cli.main import run
from diffcli.errors import FileError, LimitError
from diffcli.export import compilers
from diffcli.export.code import export, runs_of
from diffcli.language.parser import parse
from diffcli.output.files import check_writable, ending, write_whole
from diffcli.programs import called
from diffcli.rows import footers
from diffcli.studies.graph import document

ANOTHER = "a file of somebody's\n"
BATCH = ["batch", "x^2", "--quiet", "--check-budget", "5"]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "secret"
    path.parent.mkdir()
    path.write_text(ANOTHER)
    return path


@pytest.fixture
def points(tmp_path: Path) -> Path:
    path = tmp_path / "p.csv"
    path.write_text("x\n" + "".join(f"{row}\n" for row in range(1, 40)))
    return path


PLANTS: dict[str, Callable[[Path, Path], None]] = {
    "link": lambda place, secret: place.symlink_to(secret),
    "link to nothing": lambda place, secret: place.symlink_to(secret.with_name("new")),
    "second name": lambda place, secret: place.hardlink_to(secret),
    "pipe": lambda place, _: os.mkfifo(place),
}


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("name", [".g.csv.part", ".g.csv.journal"])
@pytest.mark.parametrize("more", [[], ["--resume"]], ids=["anew", "resumed"])
def test_batch_follows_no_planted_link(
    plant: str, name: str, more: list[str], secret: Path, points: Path, tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    PLANTS[plant](tmp_path / name, secret)
    code = run([*BATCH, "--points", str(points), "-o", str(tmp_path / "g.csv"), *more])
    assert secret.read_text() == ANOTHER
    assert [*secret.parent.iterdir()] == [secret]
    if name.endswith("part") and not more:
        assert code == 0  # the file is made anew, and takes the link's place
        assert len((tmp_path / "g.csv").read_text().splitlines()) == 40
        assert not (tmp_path / "g.csv").is_symlink()
    else:
        assert code == 2
        assert "nothing is written to it" in capfd.readouterr().err
        assert not (tmp_path / "g.csv").exists()


def test_the_journal_of_a_folder_is_no_link(secret: Path, points: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    (tmp_path / "in").mkdir()
    points.rename(tmp_path / "in" / "p.csv")
    target.mkdir()
    (target / ".diffcli.journal").symlink_to(secret)
    given = [*BATCH, "--points", str(tmp_path / "in"), "-o", str(target)]
    assert run([*given, "--resume"]) == run(given) == 2
    assert secret.read_text() == ANOTHER


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_no_file_of_another_user_goes_on(
    kind: str, points: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another user put there could be exchanged under the run."""
    part = tmp_path / f".g.{kind}.journal"
    part.touch()
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert run([*BATCH, "--points", str(points), "-o", str(tmp_path / f"g.{kind}")]) == 2


def test_a_link_of_another_user_in_a_public_folder_is_not_followed(
    secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = tmp_path / "public"
    public.mkdir()
    link = public / "g.json"
    link.symlink_to(secret)
    public.chmod(0o1777)
    write_whole(link, "mine")  # the user's own link is followed, as a shell does
    assert link.is_symlink()
    assert secret.read_text() == "mine"
    owner, found = os.geteuid(), Path.lstat

    def foreign(path: Path) -> os.stat_result:
        was = found(path)
        return os.stat_result([*was[:4], owner + 1, *was[5:]]) if path == link else was

    monkeypatch.setattr(Path, "lstat", foreign)
    for attempt in (lambda: check_writable(link), lambda: write_whole(link, "theirs")):
        with pytest.raises(FileError, match="link of another user"):
            attempt()
    assert secret.read_text() == "mine"


def test_permissions_and_links_of_ones_own_stay(tmp_path: Path, points: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("before")
    real.chmod(0o640)
    link.symlink_to(real)
    assert run([*BATCH, "--points", str(points), "-o", str(link)]) == 0
    assert link.is_symlink()
    assert real.read_text().startswith("x,f,df/dx\n")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    write_whole(link, b"after")
    assert real.read_bytes() == b"after"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.csv", "p.csv", "real.csv"]


@pytest.mark.parametrize(
    "damage", ["[1]\n", '{"tally": 3}\n', "\x00\n", '{"tally": {}, "size": 9}\n']
)
def test_a_damaged_journal_is_no_defect(
    damage: str, points: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".g.csv.journal").write_text(damage)
    given = [*BATCH, "--points", str(points), "-o", str(tmp_path / "g.csv")]
    assert run([*given, "--resume"]) == 2
    assert "without --resume all begins anew" in capfd.readouterr().err
    assert run(given) == 0


@pytest.mark.parametrize(
    "command",
    [
        ["grad", "-", "--at", "x=1,y=2", "-o", "FILE.png"],
        ["hessian", "-", "--at", "x=1,y=2", "-o", "FILE.npz"],
        ["graph", "-", "--at", "x=1,y=2", "-o", "FILE.dot"],
        ["descend", "-", "--from", "x=1,y=2", "-o", "FILE.png"],
        ["profile", "-", "--at", "x=1,y=2", "--repeat", "2", "--trace", "FILE.json"],
        ["export", "-", "-o", "FILE.py"],
    ],
)
def test_one_file_holds_one_answer(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "stdin", io.StringIO("x^2 + y^2\nx^2*y^2 + x^4\n"))
    named = [word.replace("FILE", str(tmp_path / "a")) for word in command]
    assert run(named) == 2
    told = capfd.readouterr().err
    assert "holds one answer, and there are 2 formulas" in told
    assert "hint: give one, or each a file in a run of its own" in told
    assert not [*tmp_path.iterdir()]


def test_texts_of_several_answers_are_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("x^2\nx^3\n"))
    assert (
        run(["grad", "-", "--at", "1", "--format", "jsonl", "-o", str(tmp_path / "a.jsonl")]) == 0
    )
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["plot", "x^2", "-o", "a.png", "--data", "a.png"], "a.png"),
        (["profile", "x", "--at", "1", "--repeat", "2", "--trace", "t.json", "-o", "t.json"], "t"),
        (["grad", "x^2", "--points", "p.csv", "-o", "p.csv"], "p.csv is what is read"),
        (["grad", "--file", "f.txt", "--at", "1", "-o", "f.txt"], "f.txt is what is read"),
        (["grad", "--py", "f.py:f", "--at", "x=1", "-o", "f.py"], "f.py is what is read"),
    ],
)
def test_no_file_is_lost(
    command: list[str], name: str, points: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "f.txt").write_text("x^2")
    (tmp_path / "f.py").write_text("def f(x): return x*x")
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    monkeypatch.chdir(tmp_path)
    assert run(command) == 2
    assert name in capfd.readouterr().err
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("option", ["-o", "--certificate"])
def test_a_dash_is_no_file(
    option: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["grad", "x^2", "--at", "1", option, "-"]) == 2
    assert "- names no file" in capfd.readouterr().err
    assert not [*tmp_path.iterdir()]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("command", "name", "begins"),
    [
        (["plot", "x^2"], "A.PNG", b"\x89PNG"),
        (["plot", "x^2"], "A.Svg", b"<?xml"),
        (["hessian", "x^2*y", "--at", "1,2"], "A.PDF", b"%PDF"),
        (["hessian", "x^2*y", "--at", "1,2"], "A.NPZ", b"PK"),
        (["hessian", "x^2*y", "--at", "1,2"], "A.Mtx", b"%%MatrixMarket"),
        (["graph", "x^2*y", "--at", "1,2"], "A.DOT", b"digraph"),
        (["graph", "x^2*y", "--at", "1,2"], "A.GV", b"digraph"),
        (["graph", "x^2*y", "--at", "1,2"], "A.SVG", b"<?xml"),
        (["descend", "x^2 + y^2", "--from", "1,2"], "A.PNG", b"\x89PNG"),
    ],
)  # fmt: skip
def test_endings_in_capitals(command: list[str], name: str, begins: bytes, tmp_path: Path) -> None:
    assert run([*command, "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", ["CSV", "JSONL", "NDJSON", "Parquet", "PQ"])
def test_rows_in_capitals(
    kind: str, tmp_path: Path, points: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given, target = tmp_path / f"p.{kind}", tmp_path / f"g.{kind}"
    assert run([*BATCH, "--points", str(points), "-o", str(given), "--kinds", "value"]) == 0
    assert run([*BATCH, "--name", "g", "--points", str(given), "-o", str(target)]) == 0
    magic = {"Parquet": b"PAR1", "PQ": b"PAR1", "CSV": b"x,f,g,dg/dx"}.get(kind, b'{"x": ')
    assert target.read_bytes().startswith(magic)
    (tmp_path / f"few.{kind}").write_bytes(given.read_bytes())
    assert run(["grad", "x + f", "--points", str(tmp_path / f"few.{kind}"), "--json"]) == 0
    assert '"value": 42.0' in capfd.readouterr().out  # 6 + 36


def test_endings() -> None:
    assert [ending(Path(name)) for name in ("a.PNG", "a.tar.Gz", "a", ".csv")] == [
        "png",
        "gz",
        "",
        "",
    ]
    assert ending(None) == ""


def program(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    noted = tmp_path / "child"
    hangs = program(tmp_path, "hangs", f"sleep 600 & echo $! > {noted}; wait")
    with pytest.raises(LimitError, match=r"hangs took more than 0\.5 seconds"):
        called([str(hangs)], 0.5)
    child = int(noted.read_text())
    for _ in range(200):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if "zombie" in Path(f"/proc/{child}/status").read_text():
            return
        time.sleep(0.05)
    raise AssertionError("the child lives")


def test_a_program_answers(tmp_path: Path) -> None:
    answers = program(tmp_path, "answers", "cat; echo problem >&2; exit 3")
    done = called([str(answers)], 30, b"given" * 100_000)
    assert (done.stdout, done.stderr, done.returncode) == (b"given" * 100_000, b"problem\n", 3)


def test_graphviz_has_a_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    program(tmp_path, "dot", "sleep 600")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(document, "MAX_SECONDS", 0.2)
    assert run(["graph", "x^2", "--at", "1", "-o", str(tmp_path / "a.svg")]) == 6
    assert "-o graph.dot" in capfd.readouterr().err
    assert not (tmp_path / "a.svg").exists()


@pytest.mark.parametrize(
    ("text", "error"), [("sleep 600", LimitError), ("echo broken >&2; exit 1", Exception)]
)
def test_a_compiler_has_a_time_limit(
    text: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "cc", text)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(compilers, "SECONDS", 0.2)
    with pytest.raises(error, match="cc"):
        runs_of([export(parse("x^2"), "c")])


FIELDS = {
    "file": ({}, (8, 9, 10)),
    "row group": ({5: 100}, (8, 9)),
    "column": ({2: 100, 6: 100}, (1, 4, 5, 8, 9, 10)),
    "column's metadata": ({9: 100, 10: 100, 11: 100, 14: 100}, (18, 40)),
}
"""Fields of parquet.thrift that are offsets, and some that can't be moved, by their structure."""


def tree(offset: int) -> dict[str, footers.Struct]:
    metadata = dict.fromkeys((9, 10, 11, 14), (6, offset)) | {15: (5, 7), 5: (6, 3)}
    column = {2: (6, offset), 3: (12, metadata), 6: (6, offset), 7: (5, 7)}
    group = {1: (9, (12, [column])), 2: (6, 9), 3: (6, 3), 5: (6, offset), 7: (4, 0)}
    file = {1: (5, 2), 2: (9, (12, [{4: (8, b"x")}])), 3: (6, 3), 4: (9, (12, [group]))}
    return dict(zip(FIELDS, (file, group, column, metadata), strict=True))


def footer(parts: dict[str, footers.Struct]) -> bytes:
    return footers._struct(parts["file"])


def test_every_offset_moves() -> None:
    moved = footers._Reader(
        footers.joined([(0, footer(tree(50))), (1000, footer(tree(60)))])
    ).struct()
    expected = [tree(50)["row group"], tree(1060)["row group"]]
    expected[1][7] = (4, 1)
    assert moved[4][1][1] == expected
    assert moved[3][1] == 6


@pytest.mark.parametrize(
    ("name", "fields"), [(n, f) for n, (_, more) in FIELDS.items() for f in more]
)
def test_what_cannot_be_moved_is_refused(name: str, fields: int) -> None:
    parts = tree(50)
    parts[name][fields] = (6, 77)
    with pytest.raises(ValueError, match=f"field {fields} of a {name} can't be moved"):
        footers.joined([(0, footer(parts))])


def test_other_columns_are_refused() -> None:
    other = tree(50)
    other["file"][2] = (9, (12, [{4: (8, b"y")}]))
    with pytest.raises(ValueError, match="other columns"):
        footers.joined([(0, footer(tree(50))), (100, footer(other))])


def test_a_footer_that_ends_too_early_is_refused() -> None:
    whole = footer(tree(50))
    for length in range(len(whole)):
        with pytest.raises((ValueError, KeyError)):
            footers.joined([(0, whole[:length])])


def test_what_pyarrow_writes_is_moved_or_refused(tmp_path: Path) -> None:
    """What pyarrow writes besides is either moved or refused."""
    table = pa.table({"x": [1.0, 2.0], "n": ["a", "b"]})
    for options, refused in (({}, False), ({"write_page_index": True}, True)):
        path = tmp_path / "a.parquet"
        parquet.write_table(table, path, **options)
        data = path.read_bytes()
        size = int.from_bytes(data[-8:-4], "little")
        own = data[-8 - size : -8]
        if refused:
            with pytest.raises(ValueError, match="can't be moved"):
                footers.joined([(0, own)])
        else:
            assert footers.joined([(0, own)]) == own


def test_a_row_with_too_many_cells_keeps_its_own(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text('x,y,note\n2,3,a\n4,5,b,6\n7,8,"c,d"\n1,1,e,,\n9,1,f,,g\n')
    tables = {}
    for kind in ("csv", "jsonl", "parquet"):
        target = tmp_path / f"g.{kind}"
        assert run(["batch", "x*y", "-q", "--points", str(path), "-o", str(target)]) == 0
        tables[kind] = target
    rows = parquet.read_table(tables["parquet"]).to_pylist()
    assert [(row["x"], row["y"], row["note"]) for row in rows] == [
        (2, 3, "a"), (4, 5, "b"), (7, 8, "c,d"), (1, 1, "e"), (9, 1, "f"),
    ]  # fmt: skip
    assert [row["f"] for row in rows] == [6, None, 56, 1, None]
    assert tables["csv"].read_text().splitlines()[2] == "4,5,b,,,"
    assert '{"x": 4.0, "y": 5.0, "note": "b", "f": null' in tables["jsonl"].read_text()


def test_too_many_cells_are_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.csv"
    path.write_text("x\n1\n2,3\n4,5\n,\n")
    given = ["batch", "x^2", "--points", str(path), "-o", str(tmp_path / "g.csv")]
    assert run(given) == 0
    told = capfd.readouterr().err
    assert "3 rows without a result" in told
    assert "2 of them: more cells than the header" in told
    assert run([*given, "--strict"]) == 2
    assert "row 2 has more cells than the header" in capfd.readouterr().err


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_an_unfit_file_of_a_folder_is_named(
    first: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    unfit = {"no_column.csv": "z\n1\n", "empty.csv": "", "binary.parquet": "no parquet"}
    for name, text in unfit.items():
        (source / (f"a{name}" if first else f"y{name}")).write_text(text)
    for name in ("m.csv", "n.csv"):
        (source / name).write_text("x\n3\n")
    given = ["batch", "x^2", "--vars", "x", "--points", str(source), "-o", str(target)]
    assert run([*given, "--json"]) == 2
    told = capfd.readouterr()
    for path in source.glob("[ay]*"):
        assert str(path) in told.err
        assert str(path) in told.out
    assert (
        (target / "m.csv").read_text() == (target / "n.csv").read_text() == "x,f,df/dx\n3,9.0,6.0\n"
    )
    assert sorted(path.name for path in target.glob("[!.]*")) == ["m.csv", "n.csv"]
    for path in source.glob("[ay]*"):
        path.unlink()
    (source / "o.csv").write_text("x\n4\n")
    (target / "m.csv").write_text("as it was")
    assert run([*given, "--resume", "--quiet"]) == 0
    assert (target / "m.csv").read_text() == "as it was"
    assert (target / "o.csv").exists()
    assert not (target / ".diffcli.journal").exists()


def test_strict_ends_at_an_unfit_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.csv").write_text("x\n1\n")
    (source / "b.csv").write_text("y\n1\n")
    given = ["batch", "x^2", "--points", str(source), "-o", str(tmp_path / "out"), "--strict"]
    assert run(given) == 2
    assert f"{source / 'b.csv'}: no column for x" in capfd.readouterr().err


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="descriptors have no paths here")
def test_a_pipe_is_written_to_by_its_path() -> None:
    reading, writing = os.pipe()
    write_whole(Path(f"/dev/fd/{writing}"), "text")
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert pipe.read() == "text"

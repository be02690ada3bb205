"""What ``diffcli batch`` reads: every csv and jsonl there is, and what is none."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from batches import batch, rows_of, typed_in
from pyarrow import parquet

from diffcli.rows import text


@pytest.mark.parametrize(
    "text",
    [
        "x;note\n3;a, b\n",
        "x\tnote\n3\ta, b\n",
        '"x","note"\r\n"3","a, b"\r\n',
        '\ufeff\n \nx,note\n3,"a, b"\n',
        '"x","note"\n3,"a, b"',
    ],
)
@pytest.mark.parametrize("is_piped", [True, False])
def test_every_csv_is_read(
    text: str,
    is_piped: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    points = tmp_path / "p.csv"
    points.write_bytes(text.encode())
    typed_in(monkeypatch, text)
    code, out, _ = batch(capfd, "x^2", "--points", "-" if is_piped else str(points), "--no-check")
    assert (code, out) == (0, 'x,note,f,df/dx\n3,"a, b",9.0,6.0\n')


def test_a_header_may_have_a_line_break(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    points = tmp_path / "p.csv"
    points.write_text('"two\nlines",x\na,3\n')
    out = batch(capfd, "x^2", "--points", str(points), "--no-check")[1]
    assert out == '"two\nlines",x,f,df/dx\na,3,9.0,6.0\n'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gzip.compress(b"x\n1\n", mtime=0), "is compressed"),
        ("x\n1\n".encode("utf-16"), "is text in UTF-16"),
        (b"PK\3\4...", "is an archive, or a spreadsheet"),
        (b"PAR1....PAR1", "is parquet"),
        ("x,größe\n1,2\n".encode("latin-1"), "is no text in UTF-8"),
        (b"", "the csv has no header"),
    ],
)
def test_what_is_no_csv(
    data: bytes, message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.csv").write_bytes(data)
    code, out, err = batch(capfd, "x^2", "--points", str(tmp_path / "p.csv"))
    assert (code, out) == (2, "")
    assert message in err


def test_a_named_pipe_is_read_as_standard_input_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Opened twice, it would have lost its first rows."""
    os.mkfifo(tmp_path / "pipe")
    code, _, err = batch(capfd, "x^2", "--points", str(tmp_path / "pipe"))
    assert code == 2
    assert "a pipe is read as standard input: --points -" in err


def test_jsonl_cells_that_are_no_numbers(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    points = tmp_path / "p.jsonl"
    cells = ["2", '"2"', "true", "null", "[2]", "NaN", "1e999", '"x"', '{"a": 1}']
    lines = [f'{{"x": {cell}, "y": 1}}' for cell in cells]
    points.write_text("\n".join([*lines, "no json", "[1]", '{"y": 1}', "[" * 100_000]) + "\n")
    code, out, _ = batch(capfd, "x*y", "--points", str(points))
    assert code == 0
    assert [row["f"] for row in rows_of(out)] == [2.0, 2.0, *[None] * 11]
    assert "NaN" not in out


def test_what_jsonl_holds_has_types_in_parquet(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "CHUNK_ROWS", 2)
    points, target = tmp_path / "p.jsonl", str(tmp_path / "g.parquet")
    rows = [{"x": 1, "n": 7, "b": True, "s": "a", "d": 1.5, "o": {"k": 1}}] * 2
    points.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"x": 2}]))
    assert batch(capfd, "x^2", "--points", str(points), "-o", target)[0] == 0
    schema = parquet.read_schema(target)
    assert [str(schema.field(name).type) for name in "xnbsdo"] == [
        "double", "int64", "bool", "string", "double", "string",
    ]  # fmt: skip
    points.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"x": 2, "n": "seven"}]))
    code, _, err = batch(capfd, "x^2", "--points", str(points), "-o", target)
    assert code == 2
    assert "the column n began as int64" in err
    points.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"x": 2, "new": 1}]))
    code, _, err = batch(capfd, "x^2", "--points", str(points), "-o", str(tmp_path / "g.csv"))
    assert code == 2
    assert "'new' is a key that the first rows don't have" in err

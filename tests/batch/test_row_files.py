"""One reader of rows: points, batches and covariances read the same files, and refuse the same."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from diffcli.cli.main import run
from diffcli.errors import FileError, PointError
from diffcli.language.expression import number
from diffcli.rows.points import read_point_file

TEXTS = {
    "p.csv": "x,y\n1,2.5\n-3,4\n",
    "semicolons.csv": "x;y\r\n1;2.5\r\n-3;4\r\n",
    "tabs.csv": "\ufeffx\ty\n1\t2.5\n-3\t4\n",
    "spaces.csv": "\nx , y\n1, 2.5\n\n-3, 4\n",
    "p.jsonl": '{"x": 1, "y": 2.5}\n\n{"x": -3, "y": 4}\n',
    "p.ndjson": '\ufeff{"x": "1", "y": 2.5}\r\n{"y": 4, "x": -3}\r\n',
}
VALUES = [{"x": 1.0, "y": 2.5}, {"x": -3.0, "y": 4.0}]


def parquet(path: Path) -> Path:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_pylist(VALUES), path)
    return path


@pytest.fixture(params=[*TEXTS, "p.parquet"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    if path.suffix == ".parquet":
        return parquet(path)
    path.write_text(TEXTS[request.param], encoding="utf-8", newline="")
    return path


def test_points_are_read_from_every_kind(file: Path) -> None:
    points = [dict(point.named) for point in read_point_file(file)]
    expected = [{name: number(str(value)) for name, value in row.items()} for row in VALUES]
    assert points == expected


def test_a_batch_reads_the_same_rows(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    assert run(["batch", "10x + y", "--points", str(file), "-o", str(target), "-q"]) == 0
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert [row["f"] for row in rows] == [12.5, -26.0]


@pytest.mark.parametrize("name", ["cov.csv", "cov.txt", "cov.jsonl", "semicolons.csv"])
def test_covariances_are_read_by_it_too(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"y": 0.25, "x": 0.1}, {"y": 0.1, "x": 0.5}]
    path = tmp_path / name
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        with path.open("w", newline="") as text:
            writer = csv.DictWriter(text, ["y", "x"], delimiter=";" if "semi" in name else ",")
            writer.writeheader()
            writer.writerows(rows)
    assert run(["uncertainty", "x*y", "--at", "x=3,y=2", "--cov", str(path), "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["covariance"] == [[0.5, 0.1], [0.1, 0.25]]


@pytest.mark.parametrize(
    ("name", "text", "error", "message"),
    [
        ("a.parquet", "no parquet", FileError, "a.parquet is no parquet"),
        ("a.csv", "x,x\n1,2\n", PointError, "a.csv, line 1: two columns are named 'x'"),
        ("a.csv", "α,alpha\n1,2\n", PointError, "a.csv, line 1: two columns are named 'alpha'"),
        ("a.csv", "x\n1\n\n2,3\n", PointError, "a.csv, line 4 has not as many cells"),
        ("a.csv", "x\n1\n\xff\n", PointError, "a.csv, line 3: 'ÿ' is no finite number"),
        ("a.jsonl", "[" * 100_000, PointError, "a.jsonl, line 1 is no JSON"),
        ("a.jsonl", '{"x": 1}\n\n{"x": "one"}', PointError, "a.jsonl, line 3: 'one' is no finite"),
        ("a.csv", "", PointError, "a.csv holds no points"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    name: str, text: str, error: type[Exception], message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(error) as refused:
        read_point_file(tmp_path / name)
    assert message in str(refused.value)


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x\n1\n\xff\n")
    with pytest.raises(FileError, match="no text in UTF-8"):
        read_point_file(tmp_path / "a.csv")
    code = run(["uncertainty", "x", "--at", "x=3", "--cov", str(tmp_path / "a.csv")])
    assert code == 2

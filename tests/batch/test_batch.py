"""Files of rows in, the same rows with derivatives out, whatever the kinds of the files."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import threading
from collections import Counter
from pathlib import Path

import mpmath
import numpy as np
import pyarrow as pa
import pytest
from batches import batch, rows_of, typed_in
from pyarrow import parquet

import diffcli
from diffcli.cli.main import run
from diffcli.rows import append
from diffcli.rows import parquet as chunked
from diffcli.rows.chunks import Wanted, ahead
from diffcli.rows.footers import joined

FORMULA = "x^2*ln(x)*y"
ROWS = [(1, 2.0, 3.0), (2, 0.5, -1.0), (3, 7.25, 0.1), (4, 1e-3, 12.0)]


def truth(x: float, y: float) -> list[float]:
    """f, ∂f/∂x, ∂f/∂y, ∂²f/∂x², ∂²f/∂x∂y, ∂²f/∂y², worked out by hand."""
    with mpmath.workdps(50):
        u, v = mpmath.mpf(x), mpmath.mpf(y)
        log = mpmath.log(u)
        return [float(each) for each in (
            u**2 * log * v, (2 * u * log + u) * v, u**2 * log,
            (2 * log + 3) * v, 2 * u * log + u, mpmath.mpf(0),
        )]  # fmt: skip


NAMES = ["f", "df/dx", "df/dy", "d2f/dx2", "d2f/dxdy", "d2f/dy2"]


def write(path: Path) -> Path:
    """Write the rows with an id that passes through."""
    if path.suffix == ".csv":
        path.write_text("id,x,y\n" + "".join(f"{i},{x!r},{y!r}\n" for i, x, y in ROWS))
    elif path.suffix == ".jsonl":
        rows = [{"id": i, "x": x, "y": y} for i, x, y in ROWS]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        columns = dict(zip(["id", "x", "y"], zip(*ROWS, strict=True), strict=True))
        parquet.write_table(pa.table({k: list(v) for k, v in columns.items()}), path)
    return path


def read(path: Path) -> list[dict]:
    """Read a file of rows, numbers as floats."""
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        return [{k: float(v) if v else None for k, v in row.items()} for row in rows]
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    return parquet.read_table(path).to_pylist()


@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet"])
def test_every_kind_of_file_becomes_every_other(tmp_path: Path, source: str, target: str) -> None:
    points, out = write(tmp_path / f"p.{source}"), tmp_path / f"g.{target}"
    kinds = ["--kinds", "value,grad,hessian"]
    assert run(["batch", FORMULA, "--points", str(points), "-o", str(out), *kinds, "-q"]) == 0
    rows = read(out)
    assert [list(row) for row in rows] == [["id", "x", "y", *NAMES]] * len(ROWS)
    for (number, x, y), row in zip(ROWS, rows, strict=True):
        assert (float(row["id"]), row["x"], row["y"]) == (number, x, y)
        assert [row[name] for name in NAMES] == pytest.approx(truth(x, y), rel=1e-13, abs=1e-300)
    assert [path.name for path in sorted(tmp_path.iterdir())] == sorted([points.name, out.name])


def test_a_row_without_a_number_has_no_result_and_the_others_have(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    points = tmp_path / "p.csv"
    points.write_text("x,y,note\n2,3,a\nabc,1,b\n,1,c\n-1,2,d\n5,1\n\n6,7,e,8\ninf,1,f\n9,1,g\n")
    code, out, err = batch(capfd, FORMULA, "--points", str(points), "--format", "jsonl")
    rows = rows_of(out)
    assert code == 0
    assert [row["f"] is not None for row in rows] == [True, *[False] * 3, True, *[False] * 2, True]
    assert [row.get("note") for row in rows] == ["a", "b", "c", "d", None, "e", "f", "g"]
    assert all(row["df/dx"] is None for row in rows if row["f"] is None)
    assert "8 rows written" in err
    assert "4 rows without a result" in err
    assert "1 row without some number" in err


def test_a_row_whose_numbers_are_proved_at_an_edge_lacks_none(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    points = tmp_path / "p.csv"
    points.write_text("x,y\n0,0\n")
    # f(0, y) = 0 wherever y >= 0, where autograd multiplies 0 by infinity.
    code, out, err = batch(capfd, "x^2*sqrt(y)", "--points", str(points))
    assert (code, out) == (0, "x,y,f,df/dx,df/dy\n0,0,0.0,0.0,0.0\n")
    assert "1 row of them verified: 1 certified" in err
    assert "without some number" not in err


def test_a_row_without_a_number_stops_a_strict_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    points, out = tmp_path / "p.csv", tmp_path / "g.csv"
    points.write_text("x,y\n2,3\n2,\n")
    out.write_text("what stood there")
    code, _, err = batch(capfd, FORMULA, "--points", str(points), "-o", str(out), "--strict")
    assert code == 2
    assert "row 2 has no finite number for y" in err
    assert out.read_text() == "what stood there"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_constant_result_needs_its_variables_too(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    points = tmp_path / "p.csv"
    points.write_text("x\n1\nno\n")
    _, out, _ = batch(capfd, "1 if x > 0 else 2", "--points", str(points))
    assert out == "x,f,df/dx\n1,1.0,0.0\nno,,\n"


def test_rows_stream_through_standard_input(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    typed_in(monkeypatch, '\ufeffx,note\n3,plain\n4,"two\nlines, quoted"\n')
    code, out, err = batch(capfd, "x^2", "--points", "-")
    assert code == 0
    assert out == 'x,note,f,df/dx\n3,plain,9.0,6.0\n4,"two\nlines, quoted",16.0,8.0\n'
    assert err.splitlines()[-1] == "2 rows of them verified: 2 certified"
    typed_in(monkeypatch, '{"x": 3}\n')
    assert rows_of(batch(capfd, "x^2", "--points", "-")[1]) == [{"x": 3, "f": 9.0, "df/dx": 6.0}]


def test_one_value_may_stand_for_all_rows(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    typed_in(monkeypatch, "x\n3\n")
    options = ["--at", "k=1/10", "--wrt", "x", "--name", "loss", "--keep", ""]
    code, out, _ = batch(capfd, "k*x^2", "--points", "-", *options)
    assert (code, out) == (0, f"loss,dloss/dx\n{0.1 * 9},{0.1 * 6}\n")


def test_what_is_read_is_never_overwritten(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    points, other, requests = tmp_path / "p.csv", tmp_path / "q.csv", tmp_path / "r.jsonl"
    points.write_text("x\n3\n")
    other.hardlink_to(points)
    requests.write_text('{"expression": "x"}\n')
    for source, target in ((points, points), (points, other), (requests, requests)):
        asked = [str(source)] if source == requests else ["x^2", "--points", str(source)]
        code, out, err = batch(capfd, *asked, "-o", str(target))
        assert (code, out) == (2, "")
        assert f"{target} is what is read, and would be lost" in err
    assert (points.read_text(), requests.read_text()) == ("x\n3\n", '{"expression": "x"}\n')
    assert len(list(tmp_path.iterdir())) == 3


def test_several_formulas_have_a_jacobian(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    typed_in(monkeypatch, "x,y\n3,2\n")
    _, out, _ = batch(capfd, "x*y", "x + y^2", "--points", "-", "--keep", "", "--format", "jsonl")
    assert rows_of(out) == [{"f1": 6, "f2": 7, "df1/dx": 2, "df1/dy": 3, "df2/dx": 1, "df2/dy": 4}]


def test_the_columns_of_the_file_are_variables(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    typed_in(monkeypatch, "e,beta\n3,2\n")
    assert batch(capfd, "e^2*beta", "--points", "-", "--kinds", "value")[1] == (
        "e,beta,f\n3,2,18.0\n"
    )


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("x\n1\n", ["x", "-o", "g.csv.gz"], "would be a compressed file"),
        ("x\n1\n", ["x*y"], "no column for y"),
        ("x,f\n1,2\n", ["x"], "the rows already have a column 'f'"),
        ("x\n1\n", ["x", "--at", "x=2"], "x has two values"),
        ("x\n1\n", ["x", "--at", "3"], "the rows are the points"),
        ("x\n1\n", ["x", "--at", "q=3"], "q is not in the formula"),
        ("x,x\n1,2\n", ["x"], "two columns are named 'x'"),
        ("", ["x"], "the csv has no header"),
        ("x\n1\n", ["x", "--kinds", "slope"], "'slope' can't be given to --kinds"),
        ("x\n1\n", ["x", "--format", "latex"], "'latex' can't be given to --format"),
        ("x\n1\n", ["--py", "f.py:f"], "no such option: --py"),
        ("x\n1\n", ["x", "--dtype", "complex128"], "rows of complex128 aren't evaluated"),
        ("x\n1\n", ["x", "--json"], "--json tells what was done"),
        ("x\n1\n", ["x", "x^2", "--kinds", "hessian"], "2 formulas have no gradient"),
        ("x\n1\n", ["x", "--dask", "local"], "--dask shares the files of a folder"),
        ("x\n1\n", ["x", "-o", "no/such/folder.csv"], "there is no folder"),
        ("x\n1\n", ["x", "--wrt", "q"], "'q' is not a variable"),
    ],
)
def test_what_is_refused(
    text: str,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    typed_in(monkeypatch, text)
    code, out, err = batch(capfd, *arguments, "--points", "-")
    assert code in (2, 3)
    assert out == ""
    assert message in err


def test_help_lists_what_applies_to_rows_and_requests(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = batch(capfd, "--help")
    assert code == 0
    assert "Read the rows from this csv, jsonl or Parquet file" in " ".join(out.split())
    assert "Format of the rows: csv, jsonl.\n" in out
    options = {line.split()[0] for line in out.splitlines() if line.split()}
    assert options.isdisjoint(("--py", "--verbose"))
    assert "--points" in options


def test_a_sample_is_verified_and_summed_up(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    points = tmp_path / "p.csv"
    points.write_text("x\n" + "".join(f"{each}\n" for each in np.linspace(-1, 1, 101)))
    target = str(tmp_path / "g.csv")
    code, out, _ = batch(capfd, "sqrt(x)", "--points", str(points), "-o", target, "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["rows"], told["missing"], told["undefined"]) == (101, 0, 51)
    assert told["kinks"] == 1
    assert told["sampled"] == f"{sum(told['verdicts'].values())} of 101 rows"
    assert told["verdict"] in ("undefined", "not_differentiable")
    assert {"certified", "undefined"} <= told["verdicts"].keys()


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("formula", "rows", "verdict"),
    [
        ("x^2", 2000, "agrees"),
        ("abs(x - 7)", 2000, "unverified"),
        ("floor(x/2)", 2000, "unverified"),
        ("abs(x + 0.5)", 2000, "agrees"),
        ("relu(x - 1e6)", 2000, "agrees"),
    ],
)
def test_the_verdict_of_a_sample_is_told_and_never_certified(
    tmp_path: Path, formula: str, rows: int, verdict: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A kink that no sample need meet is counted in every row."""
    points = tmp_path / "p.csv"
    points.write_text("x\n" + "".join(f"{each}\n" for each in range(rows)))
    target = str(tmp_path / "g.csv")
    code, out, _ = batch(capfd, formula, "--points", str(points), "-o", target, "--json")
    told = json.loads(out)
    assert code == 0
    assert re.fullmatch(rf"[0-9]+ of {rows} rows", told["sampled"])
    kinks = {"abs(x - 7)": 1, "floor(x/2)": rows // 2}.get(formula, 0)
    assert told["kinks"] == kinks
    assert told["verdict"] in (verdict, "not_differentiable" if kinks else verdict)


@pytest.mark.sampled(9)
@pytest.mark.parametrize("formula", ["abs(x - 7)", "1/(x - 3)", "x^2", "log(x - 5)", "floor(x)"])
def test_few_rows_have_the_verdict_of_the_same_points(
    tmp_path: Path, formula: str, capfd: pytest.CaptureFixture[str]
) -> None:
    points, numbers = tmp_path / "p.csv", [0.5 * k for k in range(40)]
    points.write_text("x\n" + "".join(f"{each}\n" for each in numbers))
    asked = ["--points", str(points), "--json"]
    _, out, _ = batch(capfd, formula, *asked, "-o", str(tmp_path / "g.csv"))
    told = json.loads(out)
    assert told["sampled"] is None
    run(["grad", formula, *asked, "--check-budget", "60"])
    results = json.loads(capfd.readouterr().out)["results"]
    of_points = Counter(result["verdict"] for result in results)
    assert told["verdicts"] == of_points
    run(["grad", formula, "--at", ";".join(map(str, numbers)), "--check-budget", "60", "--json"])
    results = json.loads(capfd.readouterr().out)["results"]
    assert Counter(result["verdict"] for result in results) == of_points
    settings = diffcli.Settings(budget=60)
    found = diffcli.parse(formula).grad(x=np.array(numbers), settings=settings)
    assert Counter(each.verdict.value for each in found.report.results) == of_points


def test_wrong_numbers_are_noticed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample holds what was written, not what is computed anew."""
    from diffcli.engines.throughput import Evaluator

    right = Evaluator.evaluate
    monkeypatch.setattr(
        Evaluator,
        "evaluate",
        lambda self, columns, **more: {
            k: v + 1e-3 * (k == "grad") for k, v in right(self, columns, **more).items()
        },
    )
    points = write(tmp_path / "p.csv")
    code, _, err = batch(capfd, FORMULA, "--points", str(points), "-o", str(tmp_path / "g.csv"))
    assert code == 5
    assert "4 disagrees" in err


def test_no_row_with_a_result_is_exit_4(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    typed_in(monkeypatch, "x\n-1\n-2\n")
    assert batch(capfd, "ln(x)", "--points", "-")[0] == 4


def test_no_rows_give_a_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    typed_in(monkeypatch, "x\n")
    assert batch(capfd, "x^2", "--points", "-")[:2] == (0, "x,f,df/dx\n")
    parquet.write_table(pa.table({"x": pa.array([], "float64")}), tmp_path / "p.parquet")
    target = tmp_path / "g.parquet"
    assert batch(capfd, "x^2", "--points", str(tmp_path / "p.parquet"), "-o", str(target))[0] == 0
    assert parquet.read_table(target).schema.names == ["x", "f", "df/dx"]


def test_parquet_columns_keep_their_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "x": pa.array([1, 2, None], "int32"),
            "when": pa.array([0, 1, 2], pa.timestamp("ms")),
            "tags": pa.array([["a"], None, ["b", "c"]]),
            "unit": pa.array(["m", "m", "s"]).dictionary_encode(),
            "y": pa.array([0.5, float("nan"), 3.0], "float32"),
        }
    )
    parquet.write_table(table, tmp_path / "p.parquet")
    for target in ("g.parquet", "g.csv", "g.jsonl"):
        assert run(
            ["batch", "x*y", "--points", str(tmp_path / "p.parquet"), "-o", str(tmp_path / target)]
        ) == 0  # fmt: skip
    found = parquet.read_table(tmp_path / "g.parquet")
    written = parquet.read_table(tmp_path / "p.parquet")
    assert found.schema.types[:5] == written.schema.types
    assert repr(found.select(table.column_names).to_pydict()) == repr(table.to_pydict())
    assert found["f"].to_pylist() == [0.5, None, None]
    assert json.loads((tmp_path / "g.jsonl").read_text().splitlines()[1])["y"] is None


def test_a_variable_must_be_numbers_in_parquet(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    parquet.write_table(pa.table({"x": ["1", "2"]}), tmp_path / "p.parquet")
    code, _, err = batch(capfd, "x^2", "--points", str(tmp_path / "p.parquet"))
    assert code == 2
    assert "the column x holds string" in err


def test_chunks_are_cut_alike_whatever_the_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunked, "MOST_ROWS", 64)
    monkeypatch.setattr(chunked, "LEAST_ROWS", 64)
    table = pa.table({"x": np.arange(1000.0), "s": [str(each) for each in range(1000)]})
    for size in (1, 7, 64, 100, 1000):
        path = tmp_path / f"{size}.parquet"
        parquet.write_table(table, path, row_group_size=size)
        reader = chunked.ParquetReader(path, Wanted(("x",)))
        chunks = list(reader.chunks(0))
        assert [chunk.rows for chunk in chunks] == [64] * 15 + [40]
        assert [chunk.end for chunk in chunks] == [*range(64, 961, 64), 1000]
        assert np.concatenate([chunk.numbers["x"] for chunk in chunks]).tolist() == [*range(1000)]
        rest = list(reader.chunks(640))
        assert [chunk.rows for chunk in rest] == [64] * 5 + [40]
        assert rest[0].columns["s"].to_pylist()[0] == "640"
        assert list(reader.chunks(1000)) == []


def test_row_groups_written_apart_are_one_file() -> None:
    table = pa.table(
        {"a": [1.5, None] * 9, "s": ["x", "y"] * 9, "b": [True, None] * 9, "l": [[1, 2], None] * 9},
        metadata={"who": "me"},
    )
    data, footers = b"PAR1", []
    for _ in range(40):
        sink = pa.BufferOutputStream()
        parquet.write_table(table, sink)
        whole = sink.getvalue().to_pybytes()
        end = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
        footers.append((len(data) - 4, whole[end:-8]))
        data += whole[4:end]
    assert joined([(0, footers[0][1])]) == footers[0][1]
    footer = joined(footers)
    whole = data + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    found = parquet.read_table(io.BytesIO(whole))
    assert found.to_pydict() == pa.concat_tables([table] * 40).to_pydict()
    assert found.schema.metadata == {b"who": b"me"}
    assert parquet.ParquetFile(io.BytesIO(whole)).metadata.num_row_groups == 40


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["x", "x,s"])
def test_row_groups_begin_at_whole_pages(
    tmp_path: Path, keep: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the magic, so that a disk takes them as they lie in memory."""
    monkeypatch.setattr(chunked, "MOST_ROWS", 64)
    monkeypatch.setattr(chunked, "LEAST_ROWS", 64)
    points, target = tmp_path / "p.parquet", tmp_path / "g.parquet"
    table = pa.table({"x": np.arange(1000.0), "s": [str(each) for each in range(1000)]})
    parquet.write_table(table, points)
    assert run(["batch", "x", "--points", str(points), "-o", str(target), "--keep", keep]) == 0
    data = parquet.ParquetFile(target).metadata
    starts = [data.row_group(i).column(0).data_page_offset for i in range(data.num_row_groups)]
    assert len(starts) == 16
    assert {start % append.PAGE for start in starts} == {4}
    assert parquet.read_table(target).select(keep.split(",")) == table.select(keep.split(","))


def test_csv_and_jsonl_need_no_pyarrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    points = write(tmp_path / "p.csv")
    assert batch(capfd, FORMULA, "--points", str(points), "-o", str(tmp_path / "g.jsonl"))[0] == 0
    code, _, err = batch(capfd, FORMULA, "--points", str(points), "-o", str(tmp_path / "g.parquet"))
    assert code == 2
    assert "pip install 'diffcli[data]'" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g.jsonl", "p.csv"]


def test_a_run_that_stops_early_leaves_no_thread() -> None:
    """Whatever still holds what was made: a thread's end is waited for where the run ends."""
    before = threading.active_count()
    with ahead(iter(range(100))) as items:
        assert next(items) == 0
    assert threading.active_count() == before


def test_a_number_that_all_rows_share_is_stepped_with_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("x\n" + "".join(f"{n}\n" for n in range(1, 101)))
    assert run(["batch", "k*x^2", "--points", "rows.csv", "--at", "k=2", "--wrt", "k", "-q"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert "10000" in last

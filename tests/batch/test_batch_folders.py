"""A folder of files, here or on a Dask cluster: each row is there once, whatever happens."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import distributed
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from diffcli.batch import folders
from diffcli.batch.results import Results
from diffcli.batch.run import Plan
from diffcli.batch.tally import Tally
from diffcli.cli.main import run
from diffcli.language.parser import parse

FORMULA = "x^2*ln(x)"
FILES, ROWS = 6, 500


def data_set(folder: Path, files: int, rows: int) -> Path:
    """Write a data set whose column ``id`` counts all rows."""
    random = np.random.default_rng(0)
    for place in range(files):
        path = folder / ("part" if place % 2 else "more/part") / f"{place}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        ids = range(place * rows, (place + 1) * rows)
        parquet.write_table(pa.table({"id": ids, "x": random.uniform(0.1, 3, rows)}), path)
    (folder / "_SUCCESS.parquet").write_text("no part of the data")
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return data_set(tmp_path / "in", FILES, ROWS)


def check(source: Path, target: Path, files: int, rows: int) -> None:
    """Every file is there, and every row once, with its derivative."""
    names = {path.relative_to(source) for path in source.rglob("*/*.parquet")}
    found = [path for path in target.rglob("*") if path.is_file()]
    assert {path.relative_to(target) for path in found} == names
    assert len(found) == files
    table = pa.concat_tables(map(parquet.read_table, found)).sort_by("id")
    assert table["id"].to_pylist() == [*range(files * rows)]
    x = table["x"].to_numpy()
    np.testing.assert_allclose(table["df/dx"], 2 * x * np.log(x) + x, rtol=1e-12, atol=1e-14)


def test_a_folder_becomes_a_folder(
    source: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out"
    assert run(["batch", FORMULA, "--points", str(source), "-o", str(target), "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["rows"], told["verdict"]) == (FILES * ROWS, "agrees")
    check(source, target, FILES, ROWS)


def test_an_ended_run_goes_on_with_the_files_that_are_left(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, plan = tmp_path / "out", Plan(Results(parse(FORMULA), ("value", "grad")))

    def ends(_: Tally, count: int) -> None:
        if count == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folders.run_folder(plan, source, target, ends)
    changed = folders.files_of(source)[0]
    os.utime(changed, (1, 1))
    done, right = [], folders.run
    monkeypatch.setattr(
        folders, "run", lambda *given, **more: done.append(given[1].path) or right(*given, **more)
    )
    total = folders.run_folder(plan, source, target, lambda *_: None, resume=True)
    assert total.rows == FILES * ROWS
    assert done == [changed, *folders.files_of(source)[4:]]
    check(source, target, FILES, ROWS)


def test_what_is_refused(
    source: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ["batch", FORMULA, "--points", str(source)]
    for more, message in (
        ([], "where are the files written?"),
        (["-o", str(source)], "where are the files written?"),
        (["-o", str(source / "out")], "name a folder that isn't read"),
        (["-o", str(tmp_path / "out"), "--dask", "nowhere"], "no Dask scheduler answers"),
    ):
        assert run([*given, *more]) == 2
        assert message in capfd.readouterr().err
    assert run(["batch", FORMULA, "--points", str(tmp_path / "in" / "part" / "empty")]) == 2
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    assert run([*given, "-o", str(tmp_path / "out"), "--dask", "local"]) == 2
    assert "pip install 'diffcli[distributed]'" in capfd.readouterr().err


@pytest.fixture
def threads() -> Iterator[str]:
    """The address of a scheduler with two workers, all of them threads."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


@pytest.mark.slow
def test_a_cluster_shares_the_files(source: Path, tmp_path: Path, threads: str) -> None:
    target = tmp_path / "out"
    given = ["batch", FORMULA, "--points", str(source), "-o", str(target), "--dask", threads, "-q"]
    assert run(given) == 0
    check(source, target, FILES, ROWS)


@pytest.mark.slow
def test_an_error_of_a_file_is_the_error_of_all(
    source: Path, tmp_path: Path, threads: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (source / "part" / "9.parquet").write_text("no parquet")
    given = ["batch", FORMULA, "--points", str(source), "-o", str(tmp_path / "out")]
    assert run([*given, "--dask", threads]) == 2
    assert "9.parquet is no parquet" in capfd.readouterr().err


@pytest.mark.slow
def test_a_worker_may_die(tmp_path: Path) -> None:
    files, rows = 24, 200_000
    source, target = data_set(tmp_path / "in", files, rows), tmp_path / "out"
    plan = Plan(Results(parse(FORMULA), ("value", "grad")))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster, distributed.Client(cluster) as client:  # fmt: skip
        workers = sorted(client.run(os.getpid).values())

        def kills(_: Tally, count: int) -> None:
            if count == files // 2:
                os.kill(workers[0], signal.SIGKILL)

        dask = cluster.scheduler_address
        total = folders.run_folder(plan, source, target, kills, dask=dask)
        assert sorted(client.run(os.getpid).values()) != workers
    assert total.rows == files * rows
    check(source, target, files, rows)

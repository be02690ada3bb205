"""What a derivative is isn't guessed from the names of the variables."""

from __future__ import annotations

import csv
import io
import json
from itertools import product
from random import Random

import pytest
import torch

import diffcli
from diffcli.cli.main import run
from diffcli.layouts import ByVariable, Matrix, SparseMatrix

NAMES = (
    "rows columns matrix entries shape sparse value at verdict checks derivative symbolic f x y "
    "sampled analysis reason left right autograd enclosure result results".split()
)


def drawn(seed: int) -> list[str]:
    """Return a few of the names, as those of layouts and results are."""
    random = Random(seed)
    kinds = [
        ["rows", "columns", "matrix"],
        ["rows", "columns", "shape", "entries"],
        ["matrix", "y"],
    ]
    return kinds[seed] if seed < len(kinds) else random.sample(NAMES, random.randint(2, 5))


def formula(names: list[str]) -> str:
    return (
        " + ".join(f"{k}*{name}" for k, name in enumerate(names, 2)) + f" + {names[0]}*{names[1]}"
    )


def gradient(names: list[str]) -> dict[str, float]:
    """Return the gradient at 1, 2, 3 … of the formula, by hand."""
    found = {name: float(k) for k, name in enumerate(names, 2)}
    found[names[0]] += 2
    found[names[1]] += 1
    return found


def at(names: list[str]) -> list[str]:
    return ["--vars", ",".join(names), "--at", ",".join(str(k + 1) for k in range(len(names)))]


@pytest.mark.sampled(12)
@pytest.mark.parametrize("seed", range(12))
def test_json_and_the_python_api(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    names = drawn(seed)
    assert run(["grad", formula(names), *at(names), "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert (result["derivative"], result["verdict"]) == (gradient(names), "certified")
    function = diffcli.parse(formula(names), variables=names)
    values = {name: float(k + 1) for k, name in enumerate(names)}
    found = function.grad(values)
    assert found.derivative == gradient(names)
    assert type(found.report.results[0].derivative) is ByVariable
    many = function.grad({name: [value] * 70 for name, value in values.items()})
    assert {name: part.tolist() for name, part in many.derivative.items()} == {
        name: [slope] * 70 for name, slope in gradient(names).items()
    }
    assert function.hessian(values).derivative.shape == (len(names),) * 2


@pytest.mark.sampled(4)
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("form", ["table", "plain", "csv", "markdown", "latex"])
def test_every_format_has_every_number(
    seed: int, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = drawn(seed)
    assert run(["grad", formula(names), *at(names), "--format", form]) == 0
    shown = capsys.readouterr().out
    for name, slope in gradient(names).items():
        if form == "plain":
            assert f"df/d{name} = {slope:g}" in shown.splitlines()
        elif form == "csv":
            (row,) = csv.DictReader(io.StringIO(shown))
            assert float(row[f"df/d{name}"]) == slope
        else:
            assert f"{slope:g}" in shown


def test_the_layouts_of_operators() -> None:
    x, function = {"matrix": 1.0, "y": 2.0}, diffcli.parse("matrix^2*y", variables=["matrix", "y"])
    matrix = function.jacobian(x).report.results[0].derivative
    assert type(matrix) is Matrix
    assert matrix == {"rows": ["f1"], "columns": ["matrix", "y"], "matrix": [[4.0, 1.0]]}
    sparse = function.hessian(x, sparse=True).report.results[0].derivative
    assert type(sparse) is SparseMatrix
    assert sparse["shape"] == [2, 2]


def test_code_with_such_arguments(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "m.py"
    file.write_text(
        "import torch\n"
        "def f(rows, columns, matrix): return rows * columns + matrix**2\n"
        "def g(rows, columns, matrix): return torch.stack([columns, rows, 2 * matrix])\n"
    )
    asked = ["check", "--py", f"{file}:f", "--claim", f"{file}:g", "--at", "1,2,3"]
    assert run([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["proof"] == "equal_at_points"


def test_tensors_with_such_names() -> None:
    for name in ("matrix", "entries"):
        function = diffcli.parse(f"sum({name}^2)")
        found = function.grad({name: torch.tensor([1.0, 2.0])})
        assert found[name].tolist() == [2.0, 4.0]
        assert all(a == b for a, b in product(found.derivative, [name]))

"""What is said of a file without the function that is named, and how a typed batch is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diffcli.differentiation.code.functions import load, load_module
from diffcli.differentiation.code.modules import OfParameters
from diffcli.errors import UsageError
from diffcli.language.points import read_points
from diffcli.output.answers import point_text
from diffcli.output.report import Report, Result

CODE = """
import torch
from torch import nn
from torch.nn import functional as F

def net():
    torch.manual_seed(0)
    return nn.Linear(4, 3)

def words():
    torch.manual_seed(0)
    return nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 1))

def loss(output, target):
    return F.cross_entropy(output, target)

def total(output):
    return output.sum()

def _own(x):
    return x
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.py"
    path.write_text(CODE, encoding="utf-8")
    return path


def test_a_file_without_a_name_lists_its_functions(file: Path) -> None:
    with pytest.raises(UsageError, match="which function") as caught:
        load(str(file))
    assert caught.value.hint == ", ".join(
        f"--py {file}:{name}" for name in ("net", "words", "loss", "total")
    )


def test_a_wrong_name_lists_the_functions_the_nearest_first(file: Path) -> None:
    with pytest.raises(UsageError, match="no function 'losss'") as caught:
        load(f"{file}:losss")
    assert caught.value.hint == "it has loss, net, words, total"


def test_keys_of_a_batch_that_nothing_takes_are_named(file: Path) -> None:
    batch = file.with_name("batch.npz")
    np.savez(batch, a=np.ones((2, 4)), t=np.array([0, 1]))
    with pytest.raises(UsageError, match="no value for input, target") as caught:
        load_module(f"{file}:net", "loss", batch, (), "float64")
    assert caught.value.hint == "the batch has a, t: give them the names of the arguments"


@pytest.mark.parametrize(
    ("name", "loss", "typed", "floats"),
    [
        ("net", "loss", "input=[[1,2,3,4]],target=[1]", {"input"}),
        ("net", "loss", "input=[[1,2,3,4]],target=[[0,0.5,0.5]]", {"input", "target"}),
        ("net", "total", "input=[[1,2,3,4]]", {"input"}),
        ("words", "total", "input=[1,2]", set()),
    ],
)
def test_typed_whole_numbers_are_integers_where_floats_are_refused(
    file: Path, name: str, loss: str, typed: str, floats: set[str]
) -> None:
    function = load_module(f"{file}:{name}", loss, None, read_points([typed]), "float64")
    call = function.call
    assert isinstance(call, OfParameters)
    (output,) = function(*(value.detach() for value in call.parameters.values()))
    assert output.shape == ()
    taken = dict(zip(("input", "target"), [*call._inputs, *call._rest], strict=False))
    assert {key for key, value in taken.items() if value.is_floating_point()} == floats


def test_a_large_matrix_of_a_point_is_told_by_its_shape() -> None:
    given = {"W": [[0.0] * 20 for _ in range(10)], "b": [1.0, 2.0]}
    result = Result(at=given, value=0.0, derivative={}, symbolic={})
    report = Report(
        command="grad",
        expression=("f",),
        read_as="f",
        variables=("W", "b"),
        results=(result,),
    )
    assert point_text(report, result, 12) == "W of (10,20), b = [1, 2]"

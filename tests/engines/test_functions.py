"""``diffcli functions``: whatever a formula may call is listed, and told as it is."""

from __future__ import annotations

import json

import pytest

from diffcli.cli.main import run
from diffcli.language.catalogue import FORMS, entries, named
from diffcli.language.functions import BY_NAME, TABLE
from diffcli.language.parser import parse
from diffcli.language.tensors import BY_TENSOR_NAME, TENSORS
from diffcli.language.vocabulary import FORMS as READERS

CALLABLE = sorted({*BY_NAME, *READERS, *BY_TENSOR_NAME, *TENSORS})


@pytest.mark.sampled(28)
@pytest.mark.parametrize("name", CALLABLE)
def test_every_name_is_told(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["functions", name]) == 0
    text = capsys.readouterr().out
    for entry in named(name):
        assert f"{entry.written}: {entry.meaning}\n" in text


def test_the_listing_names_every_entry_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["functions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for entry in entries():
        begins = [line for line in lines if line.startswith(f"  {entry.written} ")]
        assert any(entry.meaning in line for line in begins), entry
    assert len([line for line in lines if line.startswith("  ")]) == len(entries())


@pytest.mark.parametrize("entry", [e for e in FORMS if "example" in e.facts], ids=str)
def test_examples_are_read(entry) -> None:
    parse(entry.facts["example"])


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "written",
    [
        "d/dx x^2", "d^2/dx^2 x^3", "sin''(x)", r"\frac{d}{dx} x^2", "diff(x^3, x, 2)",
        "diff(x*y, x, y)", r"\int_{0}^{x} t \, dt", r"\sum_{i=1}^{5} x^i", r"\prod_{i=1}^{3} x",
        "1 if x > 0 else 2", "log(x, b)", r"\log_{b} x", "log_2(x)", "max(x)", "x[0]", "x.T",
    ],
)  # fmt: skip
def test_what_is_told_to_be_written_is_read(written: str) -> None:
    parse(written)


def test_a_name_of_two_entries_tells_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["functions", "sum", "--json"]) == 0
    groups = [entry["group"] for entry in json.loads(capsys.readouterr().out)]
    assert groups == ["calculus", "tensors"]


def test_axes_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["functions", "softmax"]) == 0
    assert "axis     the last, unless axis=0" in capsys.readouterr().out


def test_accuracy_lists_the_figures_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["functions", "--accuracy"]) == 0
    shown = dict(line.split() for line in capsys.readouterr().out.splitlines())
    measured = {row.name: row.accuracy for row in TABLE.values() if row.accuracy is not None}
    assert {name: float(figure) for name, figure in shown.items()} == measured
    assert max(measured.values()) <= 1e-12

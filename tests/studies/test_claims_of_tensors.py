"""Claims and bounds over boxes of vectors and matrices: component by component."""

from __future__ import annotations

import json

import pytest

from diffcli.cli.main import run
from diffcli.commands.boxes import whole_box
from diffcli.errors import DiffcliError, PointError
from diffcli.language.ranges import names_of_box, read_box, read_ranges
from diffcli.studies.prove.answers import Answered, answered
from diffcli.studies.prove.claims import claim_of_numbers, read_claim


def decided(claim: str, box: str) -> Answered:
    read = read_claim([claim], declared=names_of_box(box))
    return answered(*claim_of_numbers(read, whole_box(box, read.variables)), 4.0)


@pytest.mark.parametrize(
    ("claim", "box", "verdict"),
    [
        ("logsumexp(x) >= max(x)", "x=[-1:1,-1:1]", "proved"),
        ("convex(logsumexp(x))", "x=[-5:5,-5:5,-5:5]", "proved"),
        ("convex(norm(x))", "x=[-1:1,-1:1]", "proved"),
        ("concave(norm(x))", "x=[-1:1,-1:1]", "refuted"),
        ("increasing(sum(x^3), x[1])", "x=[-1:1,0:2]", "proved"),
        ("0 <= x < 3", "x=[0:1,0:2]", "proved"),
        ("x <= y", "x=[0:1,0:2],y=[1:2,1:2]", "refuted"),
        ("det(A) <= 1", "A=[[0:1,0:1],[0:1,0:1]]", "proved"),
        ("det(A) < 1", "A=[[0:1,0:1],[0:1,0:1]]", "refuted"),
        ("e^2 >= 0 and e < 1", "e=0:1/2", "proved"),
    ],
)
def test_a_claim_about_a_tensor_is_about_its_components(claim: str, box: str, verdict: str) -> None:
    assert decided(claim, box).proof.verdict.value == verdict


@pytest.mark.parametrize(
    ("claim", "box"),
    [
        ("increasing(sum(x^3), x)", "x=[0:1,0:2]"),
        ("increasing(sum(x^3), x[7])", "x=[0:1,0:2]"),
        ("x >= 0 or x < 0", "x=[0:1,0:2]"),
        ("convex(x)", "x=[0:1,0:2]"),
        ("x + y > 0", "x=[0:1,0:2],y=[0:1,0:1,0:1]"),
    ],
)
def test_what_is_not_clear_of_tensors_is_refused(claim: str, box: str) -> None:
    with pytest.raises(DiffcliError):
        decided(claim, box)


def test_a_list_of_ranges_has_a_shape() -> None:
    box = read_box("A=[[0:1,0:2],[-1:pi,3:4]],t=0:1", ("A", "t"))
    assert (box["A"].shape, len(box["A"].ends), box["t"].shape) == ((2, 2), 4, ())
    for text in ("x=[]", "x=[0:1,[0:1,0:1]]", "x=[0:1", "x=[0:1]:2"):
        with pytest.raises(PointError):
            read_box(text, ("x",))
    with pytest.raises(PointError):
        read_ranges("x=[0:1,0:2]", ("x",))


def test_bounds_name_the_components(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bounds", "norm(x)^2", "--in", "x=[0:1,0:2]", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["in"] == {"x[0]": ["0", "1"], "x[1]": ["0", "2"]}
    value, first, second = answer["results"]
    assert value["at_maximum"] == {"x[0]": 1.0, "x[1]": 2.0}
    assert (first["quantity"], second["quantity"]) == ("x[0]", "x[1]")
    # The gradient is 2x.
    assert [float(end) for end in second["maximum"]] == pytest.approx([4.0, 4.0], rel=2e-6)
    assert answer["convex"] == "convex"


def test_a_claim_without_a_box_asks_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert names_of_box("") == ()
    assert run(["prove", "x^2 >= 0"]) == 2
    assert "no range for x" in capsys.readouterr().err

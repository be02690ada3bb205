"""Operators in curvilinear coordinates, against those of the same field in Cartesian ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import diffcli
from diffcli.cli.main import run

R, THETA, PHI, Z = 1.5, 0.7, 0.4, -0.6
PLACES = {
    "polar": ("x=r*cos(theta); y=r*sin(theta)", {"r": R, "theta": THETA}),
    "cylindrical": ("x=r*cos(theta); y=r*sin(theta)", {"r": R, "theta": THETA, "z": Z}),
    "spherical": (
        "x=r*sin(theta)*cos(phi); y=r*sin(theta)*sin(phi); z=r*cos(theta)",
        {"r": R, "theta": THETA, "phi": PHI},
    ),
}


def basis(system: str) -> np.ndarray:
    """Return the unit vectors as rows, in Cartesian components."""
    s, c = math.sin(THETA), math.cos(THETA)
    if system == "spherical":
        p, q = math.sin(PHI), math.cos(PHI)
        return np.array([[s * q, s * p, c], [c * q, c * p, -s], [-p, q, 0]])
    rows = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    return rows[:2, :2] if system == "polar" else rows


def cartesian(system: str) -> dict[str, float]:
    if system == "spherical":
        s = R * math.sin(THETA)
        place = {"x": s * math.cos(PHI), "y": s * math.sin(PHI), "z": R * math.cos(THETA)}
    else:
        place = {"x": R * math.cos(THETA), "y": R * math.sin(THETA), "z": Z}
    return {name: place[name] for name in ("x", "y", "z")[: len(PLACES[system][1])]}


def curved(command: str, formula: str, system: str) -> Any:
    point = PLACES[system][1]
    found = diffcli.parse(formula, variables=tuple(point)).study(
        command, at=point, coordinates=system, vars=list(point)
    )
    (result,) = found.found["results"]
    assert result["verdict"] == "certified"
    derivative = result["derivative"]
    return np.array(list(derivative.values())) if isinstance(derivative, dict) else derivative


def field(system: str, parts: list[str]) -> str:
    """Return a Cartesian field's components along the unit vectors, in the coordinates."""
    s, c, p, q = "sin(theta)", "cos(theta)", "sin(phi)", "cos(phi)"
    rows = {
        "polar": [[c, s], [f"-{s}", c]],
        "cylindrical": [[c, s, "0"], [f"-{s}", c, "0"], ["0", "0", "1"]],
        "spherical": [
            [f"{s}*{q}", f"{s}*{p}", c],
            [f"{c}*{q}", f"{c}*{p}", f"-{s}"],
            [f"-{p}", q, "0"],
        ],
    }[system]
    turned = [" + ".join(f"({a})*({b})" for a, b in zip(row, parts, strict=True)) for row in rows]
    return f"{PLACES[system][0]}; [{', '.join(turned)}]"


SCALAR = {
    "polar": "x^2*y + exp(x)",
    "cylindrical": "x^2*y*z + exp(x)",
    "spherical": "x^2*y*z + exp(x)",
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("system", PLACES)
def test_a_scalar_field_has_the_laplacian_and_the_gradient_of_the_cartesian_one(
    system: str,
) -> None:
    formula = f"{PLACES[system][0]}; {SCALAR[system]}"
    straight = diffcli.parse(SCALAR[system], variables=tuple(cartesian(system)))
    place = cartesian(system)
    assert curved("laplacian", formula, system) == pytest.approx(
        straight.laplacian(place).derivative
    )
    gradient = np.array(list(straight.grad(place).derivative.values()))
    assert curved("grad", formula, system) == pytest.approx(basis(system) @ gradient)


FIELD = ["x^2*y", "sin(x)*y", "x*z + y^2"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("system", PLACES)
def test_a_vector_field_has_the_divergence_and_the_curl_of_the_cartesian_one(system: str) -> None:
    place = cartesian(system)
    parts = FIELD[: len(place)]
    straight = diffcli.parse(f"[{', '.join(parts)}]", variables=tuple(place))
    formula = field(system, parts)
    assert curved("divergence", formula, system) == pytest.approx(
        straight.divergence(place).derivative
    )
    if len(place) == 3:
        rotation = np.array(list(straight.curl(place).derivative.values()))
        assert curved("curl", formula, system) == pytest.approx(basis(system) @ rotation)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["laplacian", "1/r", "--coordinates", "spherical"], 0),
        (["laplacian", "1/r", "--coordinates", "spherical", "--at", "0,1,1"], 4),
        (["laplacian", "x^2", "--coordinates", "spherical"], 2),
        (["curl", "[r, 0]", "--coordinates", "polar"], 2),
        (["laplacian", "r", "--coordinates", "toroidal"], 2),
        (["grad", "r", "--coordinates", "polar", "--order", "2"], 2),
        (["laplacian", "a^2*b", "--coordinates", "polar", "--vars", "a,b"], 0),
    ],
)
def test_names_places_and_systems_are_checked(arguments: list[str], code: int) -> None:
    assert run(arguments) == code

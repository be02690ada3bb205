"""The rows of ``tests/data/matrix_calculus.txt``, and their values at random points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from diffcli.engines.lambdify import lambdify
from diffcli.engines.symbolic import expression, symbol
from diffcli.language.declarations import Declarations, declarations
from diffcli.language.function import Function
from diffcli.language.parser import parse

FILE = Path(__file__).parents[1] / "data" / "matrix_calculus.txt"
SIZES = {"m": 4, "n": 3, "p": 2, "q": 5, "k": 2}


@dataclass(frozen=True)
class Published:
    """A row: where it stands, the formula and its derivative, and the form that is printed there.

    ``shapes`` and ``assume`` are as they are typed for the command.
    """

    source: str
    formula: str
    operator: str
    wrt: str
    shapes: str
    assume: str
    form: str

    @property
    def said(self) -> Declarations:
        """What is said of the variables, their lengths being names."""
        return declarations(self.shapes, self.assume)

    @property
    def sized(self) -> Declarations:
        """What is said of the variables at lengths that are numbers."""
        shapes = declarations(self.shapes, None)
        given = {
            name: tuple(SIZES[shapes.any_length[length]] for length in shape)
            for name, shape in shapes.shapes.items()
        }
        return declarations(self.shapes, self.assume, given)

    def read(self, text: str, said: Declarations) -> Function:
        """Return a formula of the row's variables, all of them, in one order."""
        return parse(text, variables=sorted(said.shapes), said=said)


def rows() -> list[Published]:
    """Return every row of the file."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    cells = ([cell.strip() for cell in each.split(" | ")] for each in lines if each[0] != "#")
    return [Published(*(("" if cell == "-" else cell) for cell in each)) for each in cells]


def random_point(row: Published, seed: int) -> dict[str, torch.Tensor]:
    """Return a random point where the row's assumptions hold, and where logarithms are defined."""
    draw = np.random.default_rng(seed)
    said = row.sized
    return {
        name: torch.tensor(_value(shape, said.facts.get(name), draw), dtype=torch.float64)
        for name, shape in sorted(said.shapes.items())
    }


def _value(shape: Sequence[int], fact: str | None, draw: np.random.Generator) -> Any:
    if len(shape) < 2:
        return draw.uniform(0.4, 1.2, shape)
    if fact == "orthogonal":
        return np.linalg.qr(draw.normal(size=shape))[0]
    if fact == "diagonal":
        return np.diag(draw.uniform(0.4, 1.2, shape[0]))
    noise = draw.uniform(-0.3, 0.3, shape)
    if shape[0] != shape[1]:
        return noise
    whole = noise + 1.5 * np.eye(shape[0])
    return (whole + whole.T) / 2 if fact else whole


def value(function: Function, point: Mapping[str, torch.Tensor]) -> Any:
    """Return the value of a formula at a point, by torch."""
    return _program(function)(*point.values())


def _program(function: Function) -> Any:
    program = lambdify(expression(function), [symbol(name) for name in function.variables])
    return lambda *tensors: program(*tensors, shape=())[0]


def derivative(row: Published, point: Mapping[str, torch.Tensor]) -> Any:
    """Return the row's derivative at a point, by torch's autograd of the formula."""
    program, names = _program(row.read(row.formula, row.sized)), list(point)
    place = names.index(row.wrt)
    values = list(point.values())

    def along(x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = program(*values[:place], x, *values[place + 1 :])
        return found

    functional = torch.autograd.functional
    found = (functional.hessian if row.operator == "hessian" else functional.jacobian)(
        along, values[place]
    )
    return np.asarray(found)

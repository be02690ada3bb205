"""Published derivatives of matrix calculus: closed forms, short, without an index, and equal."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from diffcli.differentiation.forms.assumed import assumed_form
from diffcli.errors import LimitError
from diffcli.operators import Grad, Hessian, Jacobian
from tests.tensors.published import Published, derivative, random_point, rows, value

OPERATORS = {"grad": Grad, "jacobian": Jacobian, "hessian": Hessian}
ROWS = rows()
LEAST_SHARE = 0.9
"""Share of the rows that have a closed form at most twice as long as the printed one."""
_INDEX = re.compile(r"[A-Za-z]\w*\[")


def closed_form(row: Published) -> str | None:
    """Return the closed form, of the shapes alone; None where there is none."""
    operator = OPERATORS[row.operator](wrt=(row.wrt,))
    try:
        form, guessed = assumed_form(operator, row.read(row.formula, row.said))
    except LimitError:
        return None
    assert not guessed
    # A linear map stands below the matrix that it is.
    formula, *_ = form.formulas.values()
    return formula.text


def length(text: str) -> int:
    """Return how many signs a formula has."""
    return len("".join(text.split()))


def test_there_are_as_many_as_are_wanted() -> None:
    assert len(ROWS) >= 250


@pytest.mark.sampled(45)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.formula} in {row.wrt}")
def test_torch_the_printed_form_and_the_closed_form_are_equal(row: Published) -> None:
    found = closed_form(row)
    assert found is None or not _INDEX.search(found)
    for seed in (1, 2):
        point = random_point(row, seed)
        truth = derivative(row, point)
        for text in (row.form, *([found] if found else [])):
            numbers = np.asarray(value(row.read(text, row.sized), point))
            size = np.abs(truth).max()
            assert np.allclose(np.broadcast_to(numbers, truth.shape), truth, 1e-9, 1e-10 * size)


PAGE = Path(__file__).parents[2] / "docs" / "matrix-calculus.md"


def classics() -> list[tuple[str, Published]]:
    """Return the rows of the table on the page: the closed form, and the derivative that it is."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if cells[0] in OPERATORS:
            operator, text, wrt, said, form = (cell.replace("`", "") for cell in cells)
            shapes, _, assume = said.partition(", ")
            found.append((form, Published("", text, operator, wrt, shapes, assume, form)))
    return found


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("form", "row"), classics(), ids=lambda each: str(each)[:60])
def test_the_page_prints_what_is_answered(form: str, row: Published) -> None:
    assert closed_form(row) == form


def test_most_have_a_short_closed_form() -> None:
    lacking = []
    for row in ROWS:
        found = closed_form(row)
        if found is None or length(found) > 2 * length(row.form):
            lacking.append((row.source, row.formula, row.wrt, found))
    assert len(lacking) <= (1 - LEAST_SHARE) * len(ROWS), lacking

"""``1.000(2)``: a number with the uncertainty of its last digits, never a product."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from diffcli.errors import PointError
from diffcli.language.expression import Node, postorder
from diffcli.language.points import read_points
from diffcli.language.ranges import read_ranges
from diffcli.language.uncertain import read_measured


def exact(value: object) -> Fraction:
    """Return the exact value of a number or of its negation."""
    assert isinstance(value, Node)
    sign = -1 if value.op == "neg" else 1
    (number,) = (each.value for each in postorder([value]) if each.op == "number")
    return sign * Fraction(number)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("seed", range(40))
def test_the_uncertainty_is_that_of_the_last_digits(seed: int) -> None:
    random = Random(seed)
    places, power = random.randint(0, 5), random.choice([None, -3, 2, 11])
    digits = random.randint(1, 10**6)
    number = Decimal(digits).scaleb(-places)
    text, spread = f"{number:f}", random.randint(1, 99)
    typed = f"{text}({spread})" + ("" if power is None else f"e{power}")
    values, (spreads,) = read_measured([f"x={typed}, y=2"])
    (point,) = read_points(values)
    scale = Decimal(10) ** (power or 0)
    assert exact(point.named["x"]) == Fraction(number * scale)
    assert exact(spreads.named["x"]) == Fraction(Decimal(spread).scaleb(-places) * scale)
    assert exact(spreads.named["y"]) == 0
    with pytest.raises(PointError, match="uncertainty"):
        read_points([f"x={text}({spread})"])


@pytest.mark.parametrize(
    ("typed", "value", "spread"),
    [
        ("6.674 30(15)e-11", "6.6743e-11", "1.5e-15"),
        ("-1.5(2)", "-1.5", "0.2"),
        ("1.00(0.02)", "1", "0.02"),
        ("5(1)", "5", "1"),
    ],
)
def test_as_tables_print_it(typed: str, value: str, spread: str) -> None:
    values, (spreads,) = read_measured([f"x={typed}"])
    (point,) = read_points(values)
    assert exact(point.named["x"]) == Fraction(value)
    assert exact(spreads.named["x"]) == Fraction(spread)


@pytest.mark.parametrize("typed", ["L=1.000(2)", "-1.5(2)", "[1.0(1), 2]", "x=1;x=2(1)"])
def test_elsewhere_it_is_refused(typed: str) -> None:
    with pytest.raises(PointError) as caught:
        read_points([typed])
    assert "diffcli uncertainty" in (caught.value.hint or "")


def test_products_stay() -> None:
    assert read_points(["x=2*(3), y=sqrt(2), z=(1)(2)", "w=2(1+1)"])
    assert read_ranges("0:2*(3)", ["x"])

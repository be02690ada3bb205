"""The short way of reading many rows gives what the long way gives: nodes, readings, errors."""

from __future__ import annotations

from random import Random

import pytest
from texts import both_ways

from diffcli.cli.main import run
from diffcli.errors import FormulaError
from diffcli.language.parser import parse

PARTS = [
    "x{i}^{n}/2", "x{i}^{n} /2", "2^{n}x{i}", "e^{n}x{i}", "x{i}^-{n}/3", "{n}/2x{i}",
    "sin {n}x{i}", "sin {n}*x{i}", "log x{i}", "x{i}**{n}/2", "{n} % x{i}", "{n}% x{i}",
    "log(x{i}, {n})", "{n}x{i}", "root(x{i}, {n})", "x{i}!", "({n}!)x{i}", "x{i}^({n}/2)",
    "x{i}y{n}", "atan(x{i}, {n})", "betainc({n}, 2, 0, x{i})", "LambertW(x{i}, {n})",
    "max(x{i}, {n})", "sinc(x{i})", "{n}.5x{i}", "1e{n}*x{i}", "x_{i}", "x{i}/{n}/y", "-x{i}^{n}",
    "i*x{i}", "E^x{i}", "tau*x{i}", "2^x{i}^{n}/2", "heaviside(x{i})", "gamma({n})*x{i}",
    "x{i}^{n}^2/2", "abs(x{i})^{n}/2", "(x{i}+{n})/2y", "arctan(x{i})", "x{i} mod {n}",
    "where(x{i} > {n}, x{i}, 1/2x{i})", "{n}(x{i}+1)", "x{n}", "{n}",
]  # fmt: skip
"""Parts of a row: ``{i}`` is its number, ``{n}`` a small number that may be 0, 1 or −1."""


def text_of(random: Random) -> str:
    """A list, several formulas or a sum of rows of one or two random templates."""
    joiner, opening, closing = random.choice(
        [
            (", ", "[", "]"),
            (",", "[", "]"),
            (", ", "", ""),
            (",", "", ""),
            (" + ", "", ""),
            (" - ", "", ""),
        ]
    )
    signs = random.choices([" + ", "*", " - ", "/"], k=2)
    templates = [
        random.choice(signs).join(random.sample(PARTS, random.choice([1, 1, 2])))
        for _ in range(random.choice([1, 1, 2]))
    ]
    rows = [
        random.choice(templates).replace("{i}", str(i)).replace("{n}", random.choice("1123"))
        for i in range(1, random.choice([4, 9]))
    ]
    return f"{opening}{joiner.join(rows)}{closing}"


@pytest.mark.sampled(11)
@pytest.mark.parametrize("seed", range(40))
def test_random_rows_are_read_alike_both_ways(seed: int) -> None:
    random = Random(seed)
    for _ in range(25):
        both_ways([text_of(random)])


@pytest.mark.sampled(4)
@pytest.mark.parametrize("part", PARTS)
def test_rows_of_each_part_are_read_alike_whatever_numbers_they_have(part: str) -> None:
    for numbers in ("1111", "1222", "2221", "2322", "3333"):
        rows = [part.format(i=i, n=n) for i, n in enumerate(numbers, 1)]
        for text in (f"[{', '.join(rows)}]", ", ".join(rows), " + ".join(rows), " - ".join(rows)):
            both_ways([text])
        both_ways(rows)


def test_a_plain_part_is_still_read_the_short_way() -> None:
    rows = ", ".join(f"{i}x{i}^2/3 + sin(x{i})" for i in range(1, 9))
    assert both_ways([f"[{rows}]"])
    assert both_ways([f"[{', '.join(f'x{i}^{i + 1}/3' for i in range(1, 9))}]"])


def test_numbers_to_another_base_are_refused_in_rows_too() -> None:
    for text in ("[0x1, 0x2, 0x3, 0x4]", "0x1 + 0x2 + 0x3 + 0x4", "[2x1, 2x2, 2x3, 0x4]"):
        with pytest.raises(FormulaError, match="is no number here"):
            parse(text)


def test_strict_refuses_what_has_two_readings_in_one_row_of_many(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [f"x{i}^{i + 1}/2" for i in range(1, 400)]
    rows[200] = "x200^1/2"
    assert run(["jacobian", f"[{', '.join(rows)}]", "--strict", "--sparse"]) == 3
    assert "the exponent is 1" in capsys.readouterr().err


def test_a_comma_between_digits_is_refused_in_one_row_of_many() -> None:
    both_ways([",".join(f"{i}x{i}^2 + 3" for i in range(1, 9))])
    both_ways([", ".join(f"{i}x{i}^2 + 3" for i in range(1, 9))])

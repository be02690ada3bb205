"""The names that other systems give to the functions of the table mean what they mean there.

The oracle is the system itself where it is a Python package, else mpmath with the definition of
that system's manual.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special
import sympy

from diffcli.differentiation import Settings, derive
from diffcli.errors import DiffcliError, FormulaError
from diffcli.language.functions import BY_NAME
from diffcli.language.parser import parse
from diffcli.language.points import Typed
from diffcli.language.remedies import FUNCTIONS, WORDS
from diffcli.language.spellings import CAPITALS, SPELLINGS
from diffcli.language.tensors import BY_TENSOR_NAME
from diffcli.language.vocabulary import FORMS
from diffcli.operators import OPERATORS

LINES = (
    (Path(__file__).parents[1] / "data" / "vocabulary.txt").read_text(encoding="utf-8").splitlines()
)
ROWS = [tuple(map(str.strip, line.split(" | "))) for line in LINES if not line.startswith("#")]
SYSTEMS: dict[str, Any] = {"sympy": sympy, "numpy": np, "scipy": scipy.special}


def truth(system: str, call: str, oracle: str) -> float:
    """Return what the system says of a call."""
    if oracle != "-":
        return float(eval(oracle, {"mpmath": mpmath}))  # noqa: S307  the file beside this one
    found = eval(call, vars(SYSTEMS[system]).copy())  # noqa: S307  the file beside this one
    return float(sympy.re(sympy.N(found, 20))) if system == "sympy" else float(np.real(found))


def value(text: str) -> float:
    (result,) = derive(
        OPERATORS["eval"](), parse(text), [Typed().bind(())], Settings(engines=("enclosure",))
    ).results
    assert isinstance(result.value, float), text
    return result.value


@pytest.mark.sampled(10)
@pytest.mark.parametrize(("system", "call", "oracle"), ROWS)
def test_a_name_means_what_it_means_where_it_comes_from(
    system: str, call: str, oracle: str
) -> None:
    assert value(call) == pytest.approx(truth(system, call, oracle), rel=1e-12, abs=1e-15)


def test_every_spelling_is_tried() -> None:
    tried = {re.split(r"[(\[]", call)[0] for _, call, _ in ROWS}
    tried |= {name.replace("scipy.special", "scipy") for name in tried}
    assert SPELLINGS.keys() <= tried


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", sorted(CAPITALS))
def test_a_name_with_capitals_is_read_as_without(name: str) -> None:
    for count in (1, 2, 3):
        arguments = ", ".join(["2", "x", "y"][:count])
        if name in ("Sum", "Product", "Integrate", "Integral", "Derivative", "Piecewise"):
            arguments = {"Derivative": "x^2, x", "Piecewise": "(x, x > 0), (y, True)"}.get(
                name, "i^2, i=1..3"
            )
        try:
            function = parse(f"{name}({arguments})")
        except FormulaError as error:
            assert "argument" in str(error) or "two readings" in str(error)  # noqa: PT017
            continue
        assert not any("is the function" in each for each in function.readings)
        return
    pytest.fail(f"{name} is read with no number of arguments")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("EllipticK(x)", "k^2"),
        ("EllipticE(x)", "k^2"),
        ("EllipticF(x, y)", "modulus"),
        ("Li(x)", "li(2)"),
        ("Zeta(x, y)", "Hurwitz"),
        ("LambertW(x, y)", "comes last"),
        ("np.sinc(x)", "sinc(pi*x)"),
        ("arctan(y, x)", "atan2(y, x)"),
        ("ArcTan(x, y)", "atan2(y, x)"),
        ("kn(2, x)", "besselk(n, x)"),
        ("piecewise(x < 1, x^2, x)", "before its value"),
    ],
)
def test_what_another_system_reads_differently_is_said(typed: str, said: str) -> None:
    assert any(said in reading for reading in parse(typed).readings)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("Log(2, x)", "log(x, b)"),
        ("Log[2, x]", "log(x, "),
        ("np.std(x)", "mean((x - mean(x))^2)"),
        ("np.var(x)", "mean((x - mean(x))^2)"),
        ("kn(x)", "kn(n, x)"),
        ("lowergamma(x)", "lowergamma(a, x)"),
        ("piecewise(x, x < 1)", "piecewise((x^2, x < 1)"),
    ],
)
def test_what_has_no_one_meaning_is_refused(typed: str, hint: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(typed)
    assert hint in (caught.value.hint or "")


def test_letters_before_a_bracket_stay_a_product() -> None:
    assert parse("kn(x+1) + k + n").read_as == "k*n*(x + 1) + k + n"
    assert parse("add(x+1)", declared="ad").read_as == "a*d*d*(x + 1)"


VOCABULARY = sorted({*BY_NAME, *BY_TENSOR_NAME, *FORMS, *SPELLINGS, *CAPITALS, *WORDS, *FUNCTIONS})


@pytest.mark.sampled(45)
@pytest.mark.parametrize(
    "arguments", ["", "x", "x, y", "2, x", "x, 2, y", "1, x, y, z", "x > 0, x"]
)
@pytest.mark.parametrize("brackets", ["()", "[]", "'()", "^2()", " ", r"\left(\right)"])
def test_every_name_is_read_or_refused_in_the_words_of_the_program(
    arguments: str, brackets: str
) -> None:
    middle = len(brackets) // 2 if brackets[0] != "'" and brackets[0] != "^" else -1
    for name in VOCABULARY:
        for spelled in (name, name.capitalize(), name.upper(), f"np.{name}", f"2{name}"):
            with suppress(DiffcliError):
                parse(f"{spelled}{brackets[:middle]}{arguments}{brackets[middle:]}")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2costheta", "cos(theta)"),
        ("Asinomega+x", "A*sin(omega)"),
        ("x+expalphalnbeta", "exp(alpha)*ln(beta)"),
        ("3sinpi+x", "sin(pi)"),
    ],
)
def test_a_function_hidden_before_a_greek_name_is_refused(typed: str, meant: str) -> None:
    with pytest.raises(DiffcliError) as refused:
        parse(typed)
    assert f"did you mean '{meant}'?" in str(refused.value.hint)

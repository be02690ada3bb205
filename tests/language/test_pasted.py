"""Mathematics as it is pasted: mathematical letters, spaces of any width, typographic signs."""

from __future__ import annotations

import unicodedata
from random import Random

import pytest

from diffcli.cli.arguments import rewrite
from diffcli.errors import DiffcliError, FormulaError, UsageError
from diffcli.language.parser import parse
from diffcli.language.tokens import variable_name
from diffcli.language.vocabulary import parted

FONTS = [chr(code) for code in range(0x1D400, 0x1D800) if unicodedata.category(chr(code)) != "Cn"]
FORMULAS = ["x^2*sin(y)", "2x + 3y", "a*e^(-x) - b", "sqrt(x^2 + y^2)", "f = m*a", "alpha*x/beta"]
ITALIC = {chr(ord("a") + k): chr(0x1D44E + k) for k in range(26)} | {"h": "ℎ"}
ITALIC |= {"α": "𝛼", "β": "𝛽"}
MINUS, SPACES, UNSEEN = "−–‐‑‒", "\u00a0\u2002\u2003\u2009\u200a\u202f\u205f", "\u200b\u2060\ufeff"


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", range(60))
def test_a_formula_means_the_same_however_it_is_set(seed: int) -> None:
    random = Random(seed)
    formula = random.choice(FORMULAS)
    pasted = formula.replace("alpha", "α").replace("beta", "β").replace("-", random.choice(MINUS))
    pasted = pasted.replace("*", random.choice("*·×⋅"))
    pasted = "".join(ITALIC.get(c, c) if random.random() < 0.5 else c for c in pasted)
    pasted = pasted.replace(" ", random.choice(SPACES))
    cut = random.choice([0, len(pasted)])
    pasted = pasted[:cut] + random.choice(UNSEEN) + pasted[cut:]
    assert parse(pasted).read_as == parse(formula).read_as


def test_every_letter_of_a_mathematical_font_is_its_plain_one() -> None:
    for letter in FONTS:
        plain = unicodedata.normalize("NFKC", letter)
        if plain.isascii() and plain.isalpha():
            assert parse(f"{letter}*q1", declared=plain).read_as == f"{plain}*q1"
            assert variable_name(letter) == plain


@pytest.mark.parametrize("letter", [*"хасеорАВЕКМНОРСТХ", "ｘ", "ⅹ", "ո", "ꭓ"])
def test_letters_that_only_look_alike_are_refused_by_their_name(letter: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(f"2*{letter}")
    assert unicodedata.name(letter) in caught.value.message
    assert caught.value.column == 2


@pytest.mark.parametrize("typed", ["1\u200b0", "si\u200bn(x)", "x\u2060y", "1.\ufeff5"])
def test_what_is_invisible_inside_a_name_or_a_number_is_refused(typed: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(typed)
    assert "invisible" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("pasted", "plain"),
    [
        ("∑_{n=0}^{5} x^n", "sum(n=0..5, x^n)"),
        ("∏_{k=1}^{3} (x+k)", "prod(k=1..3, x+k)"),
        ("∫_0^x t dt", "integrate(t, t=0..x)"),
        ("∫_{0}^{1} e^{-s t} dt", "integrate(e^(-s t), t=0..1)"),
        ("{\\displaystyle x^{2}}", "x^2"),
        ("sin″(x)", "sin''(x)"),
        ("2\u2062x", "2x"),
        ("sin\u2061(x)", "sin(x)"),
        ("amplitude*e^{-rate*t}", "amplitude*e^(-rate*t)"),
        ("x_0 e^{-gamma t} cos(omega t + phi)", "x_0*e^(-gamma*t)*cos(omega*t + phi)"),
    ],
)
def test_signs_of_mathematics(pasted: str, plain: str) -> None:
    assert parse(pasted).read_as == parse(plain).read_as


@pytest.mark.parametrize("typed", ["x $ y", "2x$^2", "sin($x$)*$2$ $ 3", "x$$y"])
def test_a_dollar_inside_a_formula_is_refused(typed: str) -> None:
    with pytest.raises(DiffcliError):
        parse(typed)


CALLS = ["sin", "cos", "tan", "exp", "ln", "sqrt", "arctan", "sinh"]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", range(60))
def test_letters_run_together_that_hide_functions_are_refused_with_the_guess(seed: int) -> None:
    random = Random(seed)
    before = random.choice(["", "x", "k", "xy"])
    calls = [(random.choice(CALLS), random.choice("xytuw")) for _ in range(random.choice([1, 2]))]
    run = before + "".join(name + letter for name, letter in calls)
    guess = "*".join([*before, *(f"{name}({letter})" for name, letter in calls)])
    for typed in (run, f"2{run}", f"{run} + 1", f"{run}^2"):
        with pytest.raises(FormulaError) as caught:
            parse(typed)
        assert "did you mean" in (caught.value.hint or "")
    assert parted(run) == guess
    assert parse(run, declared=[run]).variables == (run,)


@pytest.mark.parametrize(
    "word", ["distance", "resistance", "constant", "single", "rating", "rate", "section", "plan"]
)
def test_words_that_only_hold_a_function_stay_names(word: str) -> None:
    assert parse(f"2*{word}").variables == (word,)


@pytest.mark.parametrize("word", ["help", "version", "foo", "quit", "Help", "grd", "xy", "derive"])
def test_one_word_says_what_it_may_mean(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        rewrite([word], lambda _: {"--at": True}, lambda: ["grad", "eval"], ["--help"])
    assert f"diffcli grad {word}" in (caught.value.hint or "")


@pytest.mark.parametrize("typed", [["x"], ["alpha"], ["β"], ["pi"], ["foo", "--at", "3"], ["x1"]])
def test_what_is_a_formula_without_doubt_is_one(typed: list[str]) -> None:
    made = rewrite(typed, lambda _: {"--at": True}, lambda: ["grad", "eval"], ["--help"])
    assert made[0] == "grad"

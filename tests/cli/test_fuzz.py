"""Arbitrary and nearly right text: an answer or a refusal of diffcli's own, and soon.

``pytest -m slow -n 0 -s tests/cli/test_fuzz.py`` draws a hundred thousand examples in a
hundred shares, each with a seed of its own: ``-k share7`` draws one of them.
"""

from __future__ import annotations

import json
import re
import sys
from random import Random
from time import process_time

import pytest
from forking import Commands
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from pace import is_within

from diffcli.differentiation import Settings, derive
from diffcli.errors import DiffcliError
from diffcli.language.expression import VARIABLE
from diffcli.language.function import Function
from diffcli.language.functions import BY_NAME
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.language.ranges import read_ranges
from diffcli.language.spellings import CAPITALS, LIBRARIES, SPELLINGS
from diffcli.operators import Grad
from diffcli.output.answers import answer_of
from diffcli.output.formats import FORMATS, View, render

SHORT, SHARES, SHARE = 200, 100, 1000
SECONDS = 2
"""Of the processor."""
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}

PIECES = [
    *sorted({*BY_NAME, *SPELLINGS, *CAPITALS, *LIBRARIES}), *"xyzabtk", *"0123456789",
    *"+-*/^!%()[]{}|,;:=<>.'\"_@&~#\\$ \n\t",
    "**", "<=", "==", "..", "0.1", "1e-3", "pi", "e", "i", "inf", "alpha", "α", "π", "²", "⁻¹",
    "√", "∛", "×", "·", "÷", "−", "≤", "⌊", "⌉", "∞", "°", "∂", "∑", "∫", "if", "else", "and",
    "or", "not", "where(", "piecewise((", "sum(k=1..3, ", "integrate(", "diff(", "max(", "x[0]",
    "x.T", ".mean()", "\\frac{", "\\sqrt[3]{", "\\left(", "\\right)", "\\sin", "\\cdot", "^{",
    "_{", "\\begin{cases}", "\\end{cases}", "\\int_0^1", "\\sum_{k=1}^{3}", "linspace(0,1,3)",
    "ones(2)", "[1,2]", "х", "ｘ", "\0", "\u202e", "\U0001d465", "é", "漢",
]  # fmt: skip
NEARLY = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
ANY = st.text(max_size=60)
TEXTS = st.one_of(NEARLY, NEARLY, ANY)


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    """What is imported with the first derivative is no part of any example's time."""
    derive(Grad(), parse("sin(x)*y"), [read_points(["1,2"])[0].bind(["x", "y"])])


def expect(error: DiffcliError, codes: tuple[int, ...]) -> None:
    assert error.exit_code in codes, error


def soon(begun: float) -> None:
    assert is_within(process_time() - begun, SECONDS)


def is_read(text: str) -> Function | None:
    """The Function of a text, or None where it is refused in diffcli's own words."""
    begun = process_time()
    try:
        return parse(text)
    except DiffcliError as error:
        expect(error, (2, 3, 6))
        return None
    finally:
        soon(begun)


def reads_itself(function: Function) -> None:
    again = parse(function.read_as, variables=function.variables)
    assert again.outputs == function.outputs
    assert again.read_as == function.read_as


def parsed(text: str) -> None:
    function = is_read(text)
    if function is not None:
        reads_itself(function)
    for reader in (lambda: read_points([text]), lambda: read_ranges(text, ["x", "y"])):
        begun = process_time()
        try:
            reader()
        except DiffcliError as error:
            expect(error, (2, 6))
        soon(begun)


def judged(text: str, place: str) -> None:
    """Go the whole way, from the text to the verdict in every format."""
    function = is_read(text)
    if function is None or len(function.nodes) > 200:
        return
    begun = process_time()
    try:
        at = [",".join(f"{name}={place}" for name in function.variables)]
        points = [each.bind(function.variables) for each in read_points(at)] if at[0] else []
        report = derive(Grad(), function, points, Settings(budget=0.2))
        for name in FORMATS:
            render(name, answer_of(report), View())
        json.loads(render("json", answer_of(report), View()), parse_constant=pytest.fail)
    except DiffcliError as error:
        expect(error, (2, 3, 4, 6))
    soon(begun)


PLACES = st.sampled_from(["1", "0", "-1", "0.5", "1e300", "1e-300", "-0.0", "pi", "[1,2]", "2"])


FUNCTIONS = {"sin": r"\sin", "cos": r"\cos", "exp": r"\exp", "ln": r"\ln", "tan": r"\tan"}
GREEK = {"alpha": "α", "beta": "β", "omega": "ω"}


def tree(random: Random, depth: int) -> tuple:
    """A random formula: an operation and its operands, or a leaf."""
    if depth == 0:
        return ("leaf", random.choice(["x", "y", "2", "3", "alpha", "beta", "omega", "pi"]))
    kind = random.choice(["+", "-", "*", "/", "^", "neg", "call", "sqrt"])
    if kind == "call":
        return (kind, random.choice(list(FUNCTIONS)), tree(random, depth - 1))
    if kind in ("neg", "sqrt"):
        return (kind, tree(random, depth - 1))
    if kind == "^":
        return (kind, tree(random, depth - 1), ("leaf", random.choice(["2", "3", "x"])))
    return (kind, tree(random, depth - 1), tree(random, depth - 1))


def spelled(each: tuple, random: Random, *, latex: bool) -> str:
    """One of the ways to write a formula; everything that isn't a leaf stands in brackets."""

    def blank() -> str:
        return random.choice(["", " ", "  "])

    def inner(part: tuple) -> str:
        text = spelled(part, random, latex=latex)
        if part[0] == "leaf":
            return text
        left, right = (r"\left(", r"\right)") if latex and random.random() < 0.5 else "()"
        return f"{left}{blank()}{text}{blank()}{right}"

    kind, *parts = each
    if kind == "leaf":
        name = parts[0]
        if latex and name in ("pi", *GREEK):
            return f"\\{name} "
        greek = {**GREEK, "pi": "π"}
        return greek[name] if name in greek and random.random() < 0.5 else name
    if kind == "call":
        name = FUNCTIONS[parts[0]] if latex else parts[0]
        return f"{name}({spelled(parts[1], random, latex=latex)})"
    if kind == "sqrt":
        if latex:
            return rf"\sqrt{{{spelled(parts[0], random, latex=latex)}}}"
        return f"{random.choice(['sqrt', '√'])}({spelled(parts[0], random, latex=latex)})"
    if kind == "neg":
        return f"{random.choice('-−')}{inner(parts[0])}"
    left, right = (inner(part) for part in parts)
    if kind == "^":
        if latex:
            return f"{left}^{{{right}}}"
        if parts[1][1] in "23" and random.random() < 0.3:
            return left + {"2": "²", "3": "³"}[parts[1][1]]
        return f"{left}{blank()}{random.choice(['^', '**'])}{blank()}{right}"
    if kind == "/" and latex:
        return rf"\frac{{{left}}}{{{right}}}"
    if kind == "*" and right.startswith("(") and left[-1] in ")23":
        return f"{left}{random.choice(['', ' ', '*', '·', '×'])}{right}"
    signs = {"*": ["*"] if not latex else [r"\cdot ", "*"], "/": ["/", "÷"], "-": ["-", "−"]}
    if not latex:
        signs["*"] = ["*", "·", "×"]
    return f"{left}{blank()}{random.choice(signs.get(kind, [kind]))}{blank()}{right}"


def alike(seed: int) -> None:
    random = Random(seed)
    formula = tree(random, random.choice((1, 2, 3, 4)))
    variables = ("x", "y", *GREEK)
    spellings = [spelled(formula, random, latex=latex) for latex in (False, False, True, True)]
    found = [parse(text, variables=variables) for text in spellings]
    assert len({each.outputs for each in found}) == 1, spellings
    for each in found:
        reads_itself(each)
    assert {node.value for node in found[0].nodes if node.op == VARIABLE} <= set(variables)


FUZZED = {
    "read or refused": (parsed, (TEXTS,), 1),
    "given a verdict": (judged, (NEARLY, PLACES), 5),
    "read alike": (alike, (st.integers(0, 2**32),), 1),
}
"""A check, what it is given, and how much rarer than the others it is made."""


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", FUZZED)
def test_examples(name: str) -> None:
    check, drawn, rarer = FUZZED[name]
    settings(max_examples=SHORT // rarer, **QUIET)(given(*drawn)(check))()


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES), ids=lambda share: f"share{share}")
@pytest.mark.parametrize("name", FUZZED)
def test_very_many_examples(name: str, share: int) -> None:
    check, drawn, rarer = FUZZED[name]
    chosen = settings(max_examples=SHARE // rarer, database=None, **QUIET)
    seed(share)(chosen(given(*drawn)(check)))()


@pytest.mark.slow
def test_random_command_lines(runner: Commands) -> None:
    """Words of command lines in random order: an exit code of the list, and no traceback."""
    random, count = Random(7), 500
    words = [
        *"grad eval partial jacobian hessian jvp vjp hvp vhp taylor implicit check steps".split(),
        *"critical uncertainty graph profile export functions x^2 sin(x)*y [x,y] x=1,y=2".split(),
        *"--at --vars --wrt --order 2 --let --dtype float32 --mode forward --format json".split(),
        *"--json --precision 20 --engines autograd --no-check --strict -q -v --vector".split(),
        *"--to python --range -1:1 --sparse --kinds value x=±1 1 [1,2] x=ones(2) -- -".split(),
    ]
    for _ in range(count):
        line = random.choices(words, k=random.randint(1, 8))
        ended = runner.run(*line)
        assert ended.code in (0, 2, 3, 4, 5, 6), (line, ended.stderr)
        assert not re.search(r"Traceback|defect", ended.stderr), (line, ended.stderr)
    sys.stdout.write(f"{count} command lines\n")

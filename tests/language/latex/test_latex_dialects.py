r"""A formula is one formula in any spelling of LaTeX: braces left out, other commands and spaces.

Random formulas are written plainly, with every bracket, and in ten dialects of LaTeX by a writer of
the tests' own; what is read must have the same value. Garbage is read or refused.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from diffcli import errors
from diffcli.engines.enclosure import partials
from diffcli.language.expression import number
from diffcli.language.function import Given
from diffcli.language.latex.commands import (
    ACCENTS,
    BLANKS,
    FONTS,
    FUNCTIONS,
    REFUSED,
    SIGNS,
    SIZES,
)
from diffcli.language.latex.structures import STRUCTURES
from diffcli.language.parser import parse

VARIABLES = ("x", "y", "t", "k", "alpha", "omega", "x_1", "v_max")
AT = {name: number(place + 2) for place, name in enumerate(VARIABLES)}
CALLS = ("sin", "cos", "tan", "exp", "ln", "arctan", "sinh", "tanh")


@dataclass(frozen=True)
class Dialect:
    """How formulas are written in LaTeX by somebody."""

    braces: float
    """How often braces stay where TeX lets one leave them out."""
    space: tuple[str, ...]
    times: tuple[str, ...]
    bracket: tuple[tuple[str, str], ...]
    fraction: tuple[str, ...]
    around: tuple[str, str]
    name: str = r"\{}"
    """How a function is named."""
    bars: tuple[str, str] = ("|", "|")


DIALECTS = {
    "plain TeX": Dialect(0, ("",), (" ",), (("(", ")"),), ("over",), ("$", "$")),
    "careful": Dialect(1, (" ",), (r"\cdot",), ((r"\left(", r"\right)"),), (r"\frac",), ("", "")),
    "Wikipedia": Dialect(
        1, (" ",), (" ", r"\cdot "), ((r"\left(", r"\right)"), ("(", ")")), (r"\frac ",),
        (r"{\displaystyle ", "}"),
    ),
    "chat": Dialect(
        1, (" ",), (" ", r"\cdot", r"\,"), (("(", ")"), (r"\left( ", r" \right)")), (r"\frac",),
        (r"\[ ", r" \]"),
    ),
    "terse": Dialect(0, ("",), ("",), (("(", ")"),), (r"\frac", r"\tfrac"), (r"\(", r"\)")),
    "paper": Dialect(
        0.5, ("", " "), (r"\,", r"\;", " "), ((r"\bigl(", r"\bigr)"), (r"\Big[", r"\Big]")),
        (r"\dfrac", r"\frac"), (r"\begin{equation}", r"\label{eq:1}\end{equation}"),
    ),
    "sympy": Dialect(
        1, (" ",), (r" \cdot ", " "), ((r"\left(", r" \right)"),), (r"\frac",), ("", ""),
        bars=(r"\left|{", r"}\right|"),
    ),
    "operators": Dialect(
        1, ("",), (r"\cdot ", r"\times "), (("(", ")"), ("[", "]"), (r"\{", r"\}")),
        (r"\cfrac",), ("$$", "$$"), name=r"\operatorname{{{}}}", bars=(r"\lvert ", r"\rvert "),
    ),
    "aligned": Dialect(
        0.5, (" ", r"\ "), (r"\cdot", " "), (("(", ")"),), (r"\frac",),
        (r"\begin{aligned}f &= ", r".\end{aligned}"), name=r"\mathrm{{{}}}",
    ),
    "boxed": Dialect(
        0.3, ("", " ", "~"), (r"\!\cdot\!", r"\ "), ((r"\biggl(", r"\biggr)"),),
        (r"\frac", "over"), (r"\boxed{", "}"), bars=(r"\bigl|", r"\bigr|"),
    ),
}  # fmt: skip

Tree = tuple  # an operation, then its operands; or a name, or digits


def tree(rng: random.Random, depth: int) -> Tree | str:
    if depth == 0 or rng.random() < 0.15:
        return rng.choice((*VARIABLES, "2", "3", "10", "0.5", "pi"))
    kind = rng.choice(
        ["add", "sub", "mul", "mul", "div", "pow", "call", "call", "sqrt", "abs", "neg"]
    )
    if kind in ("add", "sub", "mul", "div"):
        return (kind, tree(rng, depth - 1), tree(rng, depth - 1))
    if kind == "pow":
        return (kind, tree(rng, depth - 1), rng.choice(("2", "3", "x", "12", ("div", "1", "2"))))
    if kind == "call":
        return (kind, rng.choice(CALLS), tree(rng, depth - 1))
    return (kind, tree(rng, depth - 1))


def plain(each: Tree | str) -> str:
    """Write a formula with every bracket."""
    if isinstance(each, str):
        return each
    match each:
        case ("call", name, x):
            return f"{name}({plain(x)})"
        case ("sqrt" | "abs" as name, x):
            return f"{name}({plain(x)})"
        case ("neg", x):
            return f"(-({plain(x)}))"
        case (op, x, y):
            sign = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^"}[op]
            return f"(({plain(x)}){sign}({plain(y)}))"
    raise AssertionError(each)


SUM, PRODUCT, FACTOR, ATOM = range(4)


class Writer:
    """Writes formulas in a dialect; a text comes with how tightly it holds together."""

    def __init__(self, dialect: Dialect, rng: random.Random) -> None:
        self.dialect, self.rng = dialect, rng

    def pick(self, choices: tuple[str, ...]) -> str:
        return self.rng.choice(choices)

    def held(self, each: Tree | str, tightness: int) -> str:
        text, own = self.write(each)
        if own >= tightness:
            return text
        opened, closed = self.rng.choice(self.dialect.bracket)
        return f"{opened}{text}{closed}"

    def argument(self, text: str) -> str:
        """Write what a command applies to: braces may stay away around one sign."""
        is_one = len(text) == 1 or (text[0] == "\\" and text[1:].isalpha())
        if is_one and self.rng.random() >= self.dialect.braces:
            return text if text[0] == "\\" or text.isdigit() else f" {text}"
        return f"{{{text}}}"

    def name(self, name: str) -> str:
        base, _, below = name.partition("_")
        base = f"\\{base}" if len(base) > 1 else base
        if not below:
            return base
        text = rf"\mathrm{{{below}}}" if len(below) > 1 else below
        return f"{base}_{self.argument(text).strip() if len(text) == 1 else f'{{{text}}}'}"

    def write(self, each: Tree | str) -> tuple[str, int]:
        if isinstance(each, str):
            is_number = each[0].isdigit()
            return (each if is_number else self.name(each)), ATOM
        space = self.pick(self.dialect.space)
        match each:
            case ("add" | "sub" as op, x, y):
                sign = "+" if op == "add" else "-"
                right = self.held(y, PRODUCT)
                right = f"({right})" if right.startswith("-") else right
                return f"{self.held(x, SUM)}{space}{sign}{space}{right}", SUM
            case ("neg", x):
                text = self.held(x, PRODUCT)
                return f"-{f'({text})' if text.startswith('-') else text}", SUM
            case ("mul", x, y):
                return self.product(self.held(x, PRODUCT), self.held(y, FACTOR)), PRODUCT
            case ("div", x, y):
                return self.fraction(x, y), FACTOR
            case ("pow", x, y):
                base = self.held(x, ATOM)
                exponent = "12" if y == "12" else self.write(y)[0]
                return f"{base}^{self.argument(exponent)}", FACTOR
            case ("sqrt", x):
                return rf"\sqrt{self.argument(self.write(x)[0])}", FACTOR
            case ("abs", x):
                left, right = self.dialect.bars
                inner = self.write(x)[0]
                if "|" in inner or "vert" in inner:
                    # Two bars that touch are a norm.
                    left, right = r"\left|", r"\right|"
                return f"{left}{inner}{right}", ATOM if left != "|" else FACTOR
            case ("call", name, x):
                return self.call(name, x), FACTOR
        raise AssertionError(each)

    def fraction(self, x: Tree | str, y: Tree | str) -> str:
        command = self.pick(self.dialect.fraction)
        above, below = self.write(x)[0], self.write(y)[0]
        if command == "over":
            return rf"{{{above} \over {below}}}"
        return f"{command}{self.argument(above)}{self.argument(below)}"

    def product(self, left: str, right: str) -> str:
        """Write a product such that mathematics reads it as one, whatever stands there."""
        times = self.pick(self.dialect.times)
        if r"\cdot" in times or r"\times" in times:
            return f"{left}{times}{' ' if times[-1].isalpha() else ''}{right}"
        is_bare = _BARE.search(left) is not None
        starts_anew = right.startswith(_ANEW)
        is_letter = right[0].isalpha() or (
            right[0] == "\\" and not starts_anew and _NAME.match(right)
        )
        follows = left[-1] in ")]}" or left[-1].isalnum() or left.endswith(r"\right)")
        if follows and (starts_anew or (is_letter and not is_bare)) and not _OPEN.search(left):
            glue = " " if left[-1].isalpha() and right[0].isalpha() else ""
            return f"{left}{times or glue}{'' if times[-1:] == ' ' else ' '}{right}"
        return rf"{left}\cdot {right}"

    def call(self, name: str, x: Tree | str) -> str:
        text, _ = self.write(x)
        command = self.dialect.name.format(name)
        is_short = isinstance(x, str) or (x[0] == "mul" and all(isinstance(y, str) for y in x[1:]))
        is_plain = text[0].isalpha() or _NAME.match(text)
        if is_short and is_plain and not _SIGNED.search(text) and self.rng.random() < 0.6:
            return f"{command} {text}"
        opened, closed = self.rng.choice(self.dialect.bracket)
        return f"{command}{opened}{text}{closed}"


_CALLS = "|".join(CALLS)
_NAMED = rf"(?:\\(?:{_CALLS})|\{{(?:{_CALLS})\}})"
_UNBRACKETED = rf"(?:[^()\[\]{{}}\\]|\\(?!{_CALLS}|right|big|Big)[a-z]+|_\{{\\mathrm\{{max\}}\}})"
_BARE = re.compile(rf"{_NAMED}\s*{_UNBRACKETED}*$")
"""A function whose argument has no brackets, at the end of a text."""
_ANEW = tuple(f"\\{name}" for name in (*CALLS, "sqrt", "operatorname", "mathrm"))
_NAME = re.compile(r"\\(?:alpha|omega)(?![a-z])")
_OPEN = re.compile(r"[|]$|/[^(]*$|\\over[^}]*$")
_SIGNED = re.compile(r"\\cdot|\\times|\\[ ;!,]|~|\d$")


def ball(text: str) -> arb | str:
    """Return a formula's value at the point, or why it has none."""
    function = parse(text, declared=VARIABLES)
    at = {name: AT[name] for name in function.variables}
    found = partials(function.outputs[0], at, [()], digits=15)[()]
    return found.outcome.name if found.ball is None else found.ball


def alike(first: arb | str, second: arb | str) -> bool:
    if isinstance(first, str) or isinstance(second, str):
        return first == second
    return first.overlaps(second)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_says_the_same(dialect: str) -> None:
    rng = random.Random(dialect)
    for _ in range(150):
        formula = ("add", tree(rng, rng.randint(1, 4)), "x")
        left, right = DIALECTS[dialect].around
        latex = f"{left}{Writer(DIALECTS[dialect], rng).write(formula)[0]}{right}"
        latex = latex if "\\" in latex or "$" in latex else f"${latex}$"
        assert alike(ball(plain(formula)), ball(latex)), (latex, plain(formula))


COMMANDS = sorted({*STRUCTURES, *FUNCTIONS, *SIGNS, *REFUSED, *ACCENTS, *FONTS, *BLANKS, *SIZES})
SIGNED = (
    "{ } ( ) [ ] | _ ^ & $ % ~ ' , . ; = + - * / < > ! 1 2 0{,}5 x y dx e d \\\\ \\{ \\} \\| "
    "\\, \\! \\[ \\] ^{2} _{1} {x} {cases} {aligned} {pmatrix} {array} "
    "{if } {where } α × ² ∑ ∫ \u200b \\ if and"
)  # fmt: skip
PIECES = [*SIGNED.split(" "), *(f"\\{name}" for name in (*COMMANDS, "begin", "end"))]


@given(st.lists(st.sampled_from(PIECES), max_size=20), st.sampled_from(["", " "]))
def test_pasted_garbage_is_read_or_refused(pieces: list[str], glue: str) -> None:
    text = glue.join(pieces)
    shapes = Given({"x": (3,), "y": ()}, {"y": 2})
    for declared in ((), ("x", "y")):
        try:
            outputs = parse(text, declared=declared, given=shapes).outputs
        except (errors.FormulaError, errors.LimitError):
            continue
        assert outputs


@given(st.randoms(use_true_random=False), st.sampled_from(sorted(DIALECTS)), st.data())
def test_a_formula_that_lost_or_won_signs_is_read_or_refused(
    rng: random.Random, dialect: str, data: st.DataObject
) -> None:
    text = Writer(DIALECTS[dialect], rng).write(tree(rng, 3))[0]
    text = DIALECTS[dialect].around[0] + text + DIALECTS[dialect].around[1]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 3, len(text))))
    try:
        parse(text[:start] + data.draw(st.sampled_from(["", *PIECES])) + text[end:])
    except (errors.FormulaError, errors.LimitError):
        return

"""What all threads of a process share: flint's precision, under a lock, and caches, bounded."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from random import Random

import mpmath
import pytest
from flint import ctx

from diffcli.engines.balls.holomorphic import series
from diffcli.engines.balls.precision import working
from diffcli.engines.balls.signs import proved_sign
from diffcli.engines.difficult import classify
from diffcli.engines.enclosure import constant_value, partial
from diffcli.errors import PointError
from diffcli.language.expression import number
from diffcli.language.parser import parse

ROOT = Path(__file__).parents[2] / "diffcli"
SOURCES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}

FORMULAS = {
    "exp(sin(x))*x^5": ("x",) * 6,
    "log(1-tanh(x*100))": ("x",),
    "polygamma(2, x)*x": ("x", "x"),
    "integrate(exp(-t^2)*x, t=0..x)": ("x", "x"),
    "x*abs(x-2)": ("x",),
    "gammainc(3, x)": ("x", "x", "x"),
    "tan(x)/(x+1)^7": ("x",) * 9,
    "1/(1-cos(x-2))": ("x",),
}


def answers(seed: int) -> list[str]:
    """Return proofs of different precision and order, in an order of their own."""
    texts = [*FORMULAS] * 2
    Random(seed).shuffle(texts)
    found = {}
    for text in texts:
        output = parse(text, variables=["x"]).outputs[0]
        for at in (Fraction(2), Fraction(5, 7)):
            enclosure = partial(output, {"x": number(at)}, FORMULAS[text])
            ball = None if enclosure.ball is None else enclosure.ball.str(60, more=True)
            found[f"{text} at {at}"] = f"{enclosure.outcome} {ball} {enclosure.reason}"
    kink = parse("abs(x-2)*x + x").outputs[0]
    difficulty = classify(kink, {"x": number(2)}, ("x",))
    # A ball's own repr has the digits of whatever precision another thread works in.
    sides = [None if ball is None else float(ball) for ball in (difficulty.left, difficulty.right)]
    found["kink"] = f"{difficulty.kind} {sides} {difficulty.reason}"
    found["pi"] = constant_value(parse("pi^2/6").outputs[0], 700).str(200)
    found["zero"] = str(proved_sign(parse("sqrt(2)*sqrt(3) - sqrt(6)").outputs[0], {}))
    from flint import acb

    complex_formula = parse("exp(z)*sin(z)").outputs[0]
    coefficients = series(complex_formula, {"z": acb(1, 2)}, "z", 7, 300).coeffs()
    found["complex"] = " ".join(each.str(60, more=True) for each in coefficients)
    return [f"{key}: {found[key]}" for key in sorted(found)]


@pytest.fixture
def often_interrupted() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.slow
@pytest.mark.usefixtures("often_interrupted")
def test_eight_threads_prove_what_one_does() -> None:
    alone = answers(0)
    with ThreadPoolExecutor(8) as pool:
        assert all(found == alone for found in pool.map(answers, range(16)))


#: Terms whose terms cancel, each to a precision of its own; by mpmath alone.
CANCELLING = {"(1 - cos(x))/x^2": 1e-9, "erfc(x)*exp(x^2)": 9.0, "gamma(x)/x": 3.7}


def _values(_: int) -> list[float]:
    from diffcli.engines.symbolic import expression
    from diffcli.engines.terms.numeric import evaluate

    found = []
    for digits in (15, 60, 25):
        for text, x in CANCELLING.items():
            terms = expression(parse(text))
            number = evaluate(terms, {"x": x}, wanted=digits).number
            assert number is not None
            found.append(float(number))
    return found


@pytest.mark.usefixtures("often_interrupted")
def test_eight_threads_evaluate_what_one_does() -> None:
    """mpmath's precision is everybody's, as flint's is."""
    alone = _values(0)
    with mpmath.workdps(50):
        x = [mpmath.mpf(each) for each in CANCELLING.values()]
        truths = [
            (1 - mpmath.cos(x[0])) / x[0] ** 2,
            mpmath.erfc(x[1]) * mpmath.exp(x[1] ** 2),
            mpmath.gamma(x[2]) / x[2],
        ]
        assert alone == [float(each) for each in truths] * 3
    before = mpmath.mp.prec
    with ThreadPoolExecutor(8) as pool:
        assert all(found == alone for found in pool.map(_values, range(16)))
    assert mpmath.mp.prec == before


def test_precision_is_given_back() -> None:
    before = ctx.prec, ctx.cap
    with working(999, 3), working(77, None):
        assert (ctx.prec, ctx.cap) == (77, 4)
    with pytest.raises(PointError):
        constant_value(parse("log(-1)").outputs[0], 500)
    assert (ctx.prec, ctx.cap) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.filterwarnings("ignore:This process")
def test_a_fork_does_not_wait_for_a_thread_of_its_parent() -> None:
    def hold() -> None:
        with working(200):
            entered.set()
            leave.wait()

    from threading import Event, Thread

    entered, leave = Event(), Event()
    thread = Thread(target=hold)
    thread.start()
    entered.wait()
    child = os.fork()
    if not child:
        with working(100):
            os._exit(7)
    leave.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_one_place_sets_the_precision_of_flint() -> None:
    setting = re.compile(
        r"\bctx\.(prec|cap|dps|unicode|threads)\s*[-+*/]?=[^=]|\bctx\.work(prec|dps)|ctx, ?\""
    )
    flint = [name for name, path in SOURCES.items() if "flint" in path.read_text(encoding="utf-8")]
    assert len(flint) > 20
    assert [
        name for name in flint if setting.search(SOURCES[name].read_text(encoding="utf-8"))
    ] == ["engines/balls/precision.py"]


UNBOUNDED = {
    "engines/balls/holomorphic.py:definition_of": "the table's definitions",
    "engines/kernels/closed.py:program": "the table's partials",
    "engines/kernels/quadrature.py:_rule": "the two orders that quadrature has",
    "engines/terms/operations.py:operation": "the table of tensor operations",
    "engines/terms/stated.py:_read": "the table's formulas",
    "export/targets/__init__.py:targets": "nothing: one table of languages",
    "language/pratt.py:formula": "the table's partials, and the spellings of other systems",
    "language/tokens.py:_fonts": "nothing: one table of mathematical letters",
    "output/plots/live/page.py:_file": "the files of the page, which are part of the package",
    "studies/critical/clearing.py:self._factors": "the derivatives of one study, which ends",
    "studies/critical/proofs.py:boxes": "the outputs of one study, which ends",
}
"""The caches without a bound, and what they are keyed by: never what is typed."""


def caches(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Yield the name of each function that is cached and whether its cache is bounded."""
    for each in ast.walk(tree):
        if isinstance(each, ast.FunctionDef):
            for decorator in each.decorator_list:
                text = ast.unparse(decorator)
                if re.fullmatch(r"(functools\.)?(cache|lru_cache)(\(.*\))?", text):
                    yield each.name, "lru_cache(" in text and "None" not in text
        elif isinstance(each, ast.Assign) and ast.unparse(each.value).startswith("cache("):
            yield ast.unparse(each.targets[0]), False


def test_caches_of_what_is_typed_are_bounded() -> None:
    found = {
        f"{name}:{function}": bounded
        for name, path in SOURCES.items()
        if "cache" in (text := path.read_text(encoding="utf-8"))
        for function, bounded in caches(ast.parse(text))
    }
    assert {name for name, bounded in found.items() if not bounded} == set(UNBOUNDED)
    assert sum(found.values()) > 15


def test_what_is_typed_does_not_stay() -> None:
    from diffcli.engines.kernels.elementary import MAX_CACHED, _rational_power

    for q in range(3, 3 + 4 * MAX_CACHED, 2):
        _rational_power(1, q)
    assert _rational_power.cache_info().currsize == MAX_CACHED

"""The symbolic engine's own process: it answers alike, is ended in time, and outlives nobody.

What forks is run as a process of its own, as pytest's has threads by now.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest

from diffcli.clock import now
from diffcli.engines import remote, worker
from diffcli.engines.symbolic import Symbolic
from diffcli.language.function import Function
from diffcli.language.parser import parse

HEAD = """\
import builtins, json, os, signal, sys, time
from time import monotonic
from diffcli.clock import now
from diffcli.engines import remote, worker
from diffcli.errors import DiffcliError
from diffcli.language.parser import parse
"""
FORMULAS = ("6*x**2 + 2*x + 4", "exp(-x^2)*sin(3x)/(1+x^2)", "x^x + abs(x) + gamma(x)")


def ran(code: str, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HEAD + code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **more,
    )


def answers(start: str) -> dict[str, object]:
    """Formulas, numbers and programs, and whether sympy was imported here for them."""
    done = ran(
        f"{start}\nfound = []\n"
        f"for text in {FORMULAS}:\n"
        "    function = parse(text)\n"
        "    partials = remote.Partials(function, now() + 30)\n"
        "    formula = partials.formula(['x', 'x'])\n"
        "    number = partials.number({'x': 0.7}, ('x',), 0, now() + 30)\n"
        "    source = remote.lower(function).source\n"
        "    found.append([formula.text, formula.latex, number, source])\n"
        "print(json.dumps({'found': found, 'here': 'sympy' in sys.modules}))"
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.slow
def test_the_process_answers_as_this_one_would() -> None:
    there, here = answers("worker.start()"), answers("")
    assert (there["here"], here["here"]) == (False, True)
    assert there["found"] == here["found"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "start",
    [
        pytest.param("del os.fork; worker.start()", id="no fork"),
        pytest.param(
            "signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as the command line does\n"
            "worker.start(); os.kill(worker._worker._template, signal.SIGKILL); time.sleep(0.1)",
            id="a template that died",
        ),
    ],
)
def test_without_a_process_the_work_is_done_here(start: str) -> None:
    found = answers(start)
    assert found["here"]
    assert found["found"][0][0] == "12"


def test_no_process_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuse)
    worker.start()
    with pytest.raises(worker.LostError):
        worker.call(abs, -1)


OVERRUN = """
worker.start()
def overrun(left):
    process, begun = worker.call(os.getpid), monotonic()
    try:
        worker.call(pow, 3, 3**20, deadline=now() + left)
    except DiffcliError as error:
        return process, type(error).__name__
"""


def test_an_overrunning_call_is_really_stopped_and_the_next_one_answered() -> None:
    done = ran(
        f"{OVERRUN}"
        "for _ in range(3):\n"
        "    ended, kind = overrun(0.1)\n"
        "    try:\n"
        "        os.kill(ended, 0)\n"
        "    except ProcessLookupError:\n"
        "        print(kind, worker.call(abs, -1), worker.call(os.getpid) != ended)\n"
    )
    assert done.stderr == ""
    assert done.stdout == "OutOfTimeError 1 True\n" * 3


@pytest.mark.slow
def test_the_time_of_the_process_is_the_budget_s() -> None:
    done = ran(
        f"{OVERRUN}"
        "begun = now()\n"
        "worker.call(sum, range(10**7))\n"
        "worked = now() - begun\n"
        "worker.call(time.sleep, 0.3)\n"
        "slept = now() - begun - worked\n"
        "deadline = now() + 0.3\n"
        "overrun(0.3)\n"
        "print(worked > 0.02, slept < 0.2, deadline <= now() < deadline + 0.2)"
    )
    assert done.stderr == ""
    assert done.stdout == "True True True\n"


def test_a_formula_that_was_stopped_is_not_tried_again() -> None:
    done = ran(
        "worker.start()\n"
        "attempts, call = [], worker.call\n"
        "def overrun(*arguments, deadline):\n"
        "    attempts.append(arguments)\n"
        "    return call(pow, 3, 3**20, deadline=now() - 0.2)\n"
        "def asked(text, formula):\n"
        "    worker.call = formula\n"
        "    return remote.Partials(parse(text), now() + 9)\n"
        "stuck = asked('x^2', overrun)\n"
        "for _ in range(2):\n"
        "    print(stuck.formula(['x']).reason, len(attempts))\n"
        "for text in ('x^3', 'x^2'):\n"
        "    print(asked(text, call).formula(['x']).text)"
    )
    assert done.stderr == ""
    reason = "the time for the formula ran out 2"  # the formula, and what it is unsimplified
    assert done.stdout.splitlines() == [reason, reason, "3*x**2", "2*x"]


STUDIES = {
    "print(explain(parse('x^2*sin(x)'), budget=0.1).derivations[0].proof)": (
        "Proof(exact=False, points=50)"
    ),
    "claim = read_claim('2*x')\n"
    "print(decide(parse(['x^2', '2*x']), claim, budget=0.4).proof.value)": "equal_at_points",
    "found = analyse(parse('x^2 - 2*x'), [(0.5, 3.0)], budget=0.1)\n"
    "print([point.tag.value for point in found.critical.points])": "['certified']",
    "function = parse('x^2 + y^2 - 25')\n"
    "unknowns = Unknowns(('y',), ('x',))\n"
    "settings = Settings(budget=0.1)\n"
    "print(derivatives(function, unknowns, [], settings)[0][0].formula.text)": "None",
    "settings = Settings(engines=('symbolic', 'enclosure'), budget=0.1)\n"
    "_, (found,) = expand(parse('sin(x)'), [Point({'x': number(0)})], settings, order=2)\n"
    "print(found.exact)": "{}",
}
"""What is asked, and what is answered in time."""


@pytest.mark.slow
def test_studies_end_where_sympy_does_not() -> None:
    asked = "\n".join(
        f"ended = worker.generation()\n{study}\n"
        "print(worker.generation() > ended, worker.call(abs, -1))"
        for study in STUDIES
    )
    done = ran(
        "from diffcli.differentiation import Settings\n"
        "from diffcli.engines.terms import formulas, identity\n"
        "from diffcli.language.expression import number\n"
        "from diffcli.language.points import Point\n"
        "hang = lambda *_: pow(3, 3**20)\n"
        "formulas.evaluated = identity.evaluated = identity.proved_equal = hang\n"
        "from diffcli.studies.critical.analysis import analyse\n"
        "from diffcli.studies.check.judgement import decide\n"
        "from diffcli.studies.check.claim import read_claim\n"
        "from diffcli.studies.implicit.derivatives import derivatives\n"
        "from diffcli.studies.implicit.formulas import Unknowns\n"
        "from diffcli.studies.steps.differentiation import explain\n"
        "from diffcli.studies.taylor.expansion import expand\n"
        "worker.start()\n"
        f"{asked}"
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        line for answer in STUDIES.values() for line in (answer, "True 1")
    ]


def test_what_the_process_kept_is_sent_again_to_the_next_one() -> None:
    done = ran(
        f"{OVERRUN}"
        "partials = remote.Partials(parse('x^2'), now() + 9)\n"
        "for _ in range(2):\n"
        "    print(partials.number({'x': 3.0}, ('x',), 0, now() + 9))\n"
        "    overrun(0)"
    )
    assert done.stderr == ""
    assert done.stdout == "6.0\n6.0\n"


def test_a_process_that_fails_is_replaced() -> None:
    done = ran(
        "worker.start()\n"
        "try:\n"
        "    worker.call(os.abort)\n"
        "except DiffcliError as error:\n"
        "    print(error)\n"
        "print(worker.call(abs, -1))"
    )
    assert done.stdout == "the formula takes too much memory\n1\n"


def test_the_process_has_a_limit_of_memory() -> None:
    done = ran(
        "worker.start()\n"
        "try:\n"
        "    worker.call(bytearray, 3 << 30)\n"
        "except DiffcliError as error:\n"
        "    print(type(error).__name__, error)\n"
        "print(worker.call(abs, -1))"
    )
    assert done.stdout == "LimitError the formula takes too much memory\n1\n"


def test_only_its_owner_asks_the_process() -> None:
    done = ran(
        "worker.start()\n"
        "def tried():\n"
        "    try:\n"
        "        return worker.call(abs, -1)\n"
        "    except worker.LostError:\n"
        "        return None\n"
        "if os.fork() == 0:\n"
        "    first = tried()\n"
        "    worker.adopt()\n"
        "    print(first, tried(), flush=True)\n"
        "    os._exit(0)\n"
        "os.wait()"
    )
    assert done.stdout == "None 1\n"


def test_the_process_keeps_within_the_system_s_limits() -> None:
    low = 1 << 29
    done = ran(
        "import resource\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({low}, {low}))\n"
        "worker.start()\n"
        "print(worker.call(resource.getrlimit, resource.RLIMIT_AS))"
    )
    assert done.stdout == f"({low}, {low})\n"


def test_an_error_is_raised_where_it_was_asked_for() -> None:
    done = ran("worker.start()\nworker.call(int, 'x')")
    assert "ValueError: invalid literal for int()" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a busy process ends after its call")
def test_the_process_does_not_outlive_its_parent() -> None:
    code = (
        "worker.start()\n"
        "print(worker._worker._template, worker.call(os.getpid), flush=True)\n"
        "worker.call(pow, 3, 3**22)"
    )
    with subprocess.Popen([sys.executable, "-c", HEAD + code], stdout=subprocess.PIPE) as parent:
        processes = list(map(int, parent.stdout.readline().split()))
        time.sleep(0.2)
        for process in processes:
            os.kill(process, 0)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(map(_is_there, processes)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_there(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    "text", ["y = x + 2; z = y*y*3; z/w", "[x^2, sin(x)/x]", "sum(x[1:]*2) + A[0,1]"]
)
def test_a_function_is_pickled_to_the_same_nodes(text: str) -> None:
    function = parse(text)
    again = pickled(function)
    assert again == function
    assert all(a is b for a, b in zip(again.outputs, function.outputs, strict=True))
    assert again.readings == function.readings


def test_a_deep_function_is_pickled() -> None:
    deep = "".join(f"y{n} = y{n - 1}*y{n - 1} + 1; " for n in range(1, 2000))
    function = parse(f"y0 = x; {deep}y1999")
    assert pickled(function) == function


def pickled(function: Function) -> Function:
    found: Function = pickle.loads(pickle.dumps(function))  # noqa: S301  made here
    return found


def test_the_library_computes_here() -> None:
    with pytest.raises(worker.LostError):
        worker.call(abs, -1)
    assert remote.Partials(parse("x^2"), now() + 30).formula(["x"]).text == "2*x"


def test_a_partial_in_a_variable_that_the_function_lacks_is_zero() -> None:
    partials = remote.Partials(parse("x^2*y"), now() + 10)
    assert partials.formula(("z",)).text == "0"
    assert partials.combination([(1.0, 0, ("z", "x")), (1.0, 0, ("y", "x"))]).text == "2*x"


@pytest.mark.parametrize(
    ("formula", "wrt"),
    [
        ("x_0*exp(-g*t)*cos(w*t + p)", "t"),
        ("(a*x^2 + b)^(c*x)*atan2(x, y)", "x"),
        ("m*log(1 + exp(k*(x - x_0)))/sqrt(s)", "k"),
    ],
)
def test_a_small_formula_is_written_out_past_its_deadline(formula: str, wrt: str) -> None:
    function = parse(formula)
    partials = remote.Partials(function, now() + 1e-4)
    while now() < partials.deadline:
        pass
    text = partials.formula([wrt]).text
    assert text is not None
    at = {name: 1.5 + k / 7 for k, name in enumerate(function.variables)}

    def value(formula: str, **moved: float) -> float:
        point = {name: Fraction(number) for name, number in (at | moved).items()}
        read = parse(formula, variables=function.variables)
        found = Symbolic(read, None).value(point, (), 0).number
        assert found is not None
        return float(found)

    step = 2.0**-20
    rise = value(formula, **{wrt: at[wrt] + step}) - value(formula, **{wrt: at[wrt] - step})
    assert value(text) == pytest.approx(rise / (2 * step), rel=1e-6)
    assert remote.Partials(function, now() - 1).formula([wrt]).text is None


def test_a_long_formula_keeps_its_deadline() -> None:
    function = parse("*".join(f"sin(x + {k})" for k in range(300)))
    partials = remote.Partials(function, now() + 1e-4)
    while now() < partials.deadline:
        pass
    assert "time" in (partials.formula(["x"]).reason or "")

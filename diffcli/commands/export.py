"""``diffcli export``: the formula and its derivatives as code that runs without diffcli."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from diffcli.commands.record import Command, Plan, Request
from diffcli.errors import UsageError
from diffcli.export.targets import ALIASES, LANGUAGES
from diffcli.options import (
    ASSUME,
    DEBUG,
    FILE,
    FORMAT,
    JSON,
    LET,
    NO_CHECK,
    OUTPUT_FILE,
    QUIET,
    SEED,
    SHAPES,
    STRICT,
    TIMEOUT,
    VARS,
    VERBOSE,
    WRT,
    Kind,
    Option,
    names,
    one_of,
    variables,
)
from diffcli.output.document import Answer, Document, Text
from diffcli.output.report import Facts

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.export.code import Code
    from diffcli.export.routines import Kind as CodeKind
    from diffcli.export.trial import Trial
    from diffcli.language.function import Function
    from diffcli.language.points import Point

_CODE = "Code"
TO = Option(
    "to",
    Kind.TEXT,
    "Language (default python): {choices}.",
    metavar="LANGUAGE",
    group=_CODE,
    choices=tuple(LANGUAGES),
)
KINDS = Option(
    "kinds",
    Kind.NAMES,
    "Functions to write: value,grad,jacobian,hessian, in C also hvp,sparse_jacobian,"
    "sparse_hessian (default value and grad).",
    metavar="KINDS",
    group=_CODE,
)
NAME = Option(
    "name", Kind.TEXT, "Name of the function (default f).", default="f", metavar="NAME", group=_CODE
)


def plan(request: Request) -> Plan:
    """Return how code is written, and tried before it is shown."""
    from diffcli.export.targets import endings, named_by

    output, wrt = request["output"], variables(request["wrt"])
    suffix = output.suffix.lower() if output else ""
    is_code = request["format"] in (None, "table") and not request["json"]
    if suffix and is_code and request["to"] is None and suffix not in endings():
        raise UsageError(
            f"no language's files end in {suffix}",
            hint=f"there are {' '.join(endings())}; under any name: --to c",
        )
    by_output = named_by(suffix) if suffix else None
    asked = request["to"] or by_output or "python"
    target = one_of(ALIASES.get(asked, asked), LANGUAGES, "--to")

    def compute(function: Function, _: Sequence[Point], settings: Settings) -> Answer:
        from diffcli.export.code import export

        code = export(
            function, target, kinds=_kinds(request["kinds"]), name=request["name"], wrt=wrt
        )
        return _answer(*_tried(code, request, settings.seed), function)

    return Plan(compute, declared=wrt)


def _kinds(text: str | None) -> list[CodeKind]:
    from diffcli.export.routines import KINDS as KNOWN

    asked = [one_of(kind, KNOWN, "--kinds") for kind in names(text)]
    return [kind for kind in KNOWN if kind in asked]


def _tried(code: Code, request: Request, seed: int) -> tuple[Code, Trial]:
    """Return the code with what it can't do right in its heading, and say so."""
    from diffcli.export.targets import targets
    from diffcli.export.trial import Trial, examined

    if request["no_check"]:
        return code, Trial(reason="--no-check")
    code, trial = examined(code, seed=seed)
    for note in code.notes:
        request.host.say(f"warning: {note}")
    if trial.reason and targets()[code.target].is_code:
        request.host.say(f"not run: {trial.reason}")
    return code, trial


def _answer(code: Code, trial: Trial, function: Function) -> Answer:
    truth = "proved" if trial.is_proved else "autograd gives them"
    told = (
        f"run at {trial.points} random points: {trial.numbers} numbers are as {truth}, "
        f"to {trial.error:.0e} of each; and at {trial.difficult} difficult ones"
    )
    facts = Facts.of("export", function, told=() if trial.reason else (told,))
    checked = {
        "points": trial.points,
        "numbers": trial.numbers,
        "error": trial.error,
        "difficult": trial.difficult,
    }
    asked = ("schema", "command", "expression", "read_as", "variables")
    data = {
        **{key: facts.data[key] for key in asked},
        "target": code.target,
        "functions": {routine.name: routine.kind for routine in code.routines},
        "code": code.text + "\n",
        "checked": None if trial.reason else checked,
        "caveats": [caveat.document for caveat in trial.caveats],
        "reason": trial.reason,
    }
    document = Document((Text(code.text),))
    return Answer(facts, 0, lambda: data, lambda _: document)


COMMAND = Command(
    "export",
    help="""Write the formula and its derivatives as code.

The code runs without diffcli, shares what is computed twice, and computes no branch that isn't
taken. Before it is shown it is run, at random points and at the formula's difficult ones, and
held against proved numbers; where it isn't right its heading says so.""",
    examples="""\
diffcli export "u^3 + v^2 + 4uv" --to python
diffcli export "x^2*sin(y)" --to torch --kinds value,grad,hessian
diffcli export "piecewise((sqrt(x), x > 1), (x, True))" --to c --name root -o root.c""",
    options=(TO, KINDS, NAME, WRT, SHAPES, ASSUME),
    common=(
        *(VARS, LET, FILE),
        replace(SEED, help="Seed of the random points that the code is run at (default 0)."),
        replace(NO_CHECK, help="Show the code without running it."),
        *(STRICT, FORMAT, JSON, OUTPUT_FILE, QUIET),
        replace(VERBOSE, help="Say how the code was run."),
        *(TIMEOUT, DEBUG),
    ),
    fills_files=True,
    plan=plan,
)

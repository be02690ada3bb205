"""``diffcli export``: the formula and its derivatives as code that runs without diffcli."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from typer import Option

from diffcli.cli.answer import serve
from diffcli.cli.messages import say
from diffcli.cli.options import (
    Common,
    Debug,
    File,
    Format,
    Formulas,
    Json,
    Let,
    Output,
    Quiet,
    Strict,
    Timeout,
    Vars,
    Wrt,
    names,
    one_of,
    variables,
)
from diffcli.derivation import Settings
from diffcli.export.targets import LANGUAGES
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.output.document import Answer, Document, Text
from diffcli.output.report import Facts

if TYPE_CHECKING:
    from diffcli.export.code import Code
    from diffcli.export.trial import Trial

EXAMPLES = """\
diffcli export "u^3 + v^2 + 4uv" --to python
diffcli export "x^2*sin(y)" --to torch --kinds value,grad,hessian
diffcli export "piecewise((sqrt(x), x > 1), (x, True))" --to c --name root -o root.c"""

_option = partial(Option, rich_help_panel="Code", show_default=False)
_To = Annotated[str | None, _option("--to", metavar="LANGUAGE", help=f"{', '.join(LANGUAGES)}.")]
_Kinds = Annotated[
    str | None,
    _option("--kinds", metavar="KINDS", help="value,grad,jacobian,hessian; value and grad."),
]
_Name = Annotated[str, _option("--name", metavar="NAME", help="Of the function; f.")]
_Seed = Annotated[int, _option("--seed", metavar="N", help="Of the points that it is tried at.")]
_NoCheck = Annotated[bool, _option("--no-check", help="Show it untried.")]
_Verbose = Annotated[bool, _option("--verbose", "-v", help="Say how it was tried.")]


def export(
    formulas: Formulas = None,
    *,
    to: _To = None,
    kinds: _Kinds = None,
    name: _Name = "f",
    wrt: Wrt = None,
    vars: Vars = None,  # noqa: A002  (the option's name)
    let: Let = None,
    file: File = None,
    seed: _Seed = 0,
    no_check: _NoCheck = False,
    strict: Strict = False,
    format: Format = "table",  # noqa: A002  (the option's name)
    json: Json = False,
    output: Output = None,
    quiet: Quiet = False,
    verbose: _Verbose = False,
    timeout: Timeout = None,
    debug: Debug = False,
) -> int:
    """Write the formula and its derivatives as code.

    The code runs without diffcli, shares what is computed twice, and computes no branch that isn't
    taken. Before it is shown it is run, at random points and at the formula's difficult ones, and
    held against proved numbers; where it isn't right its heading says so.
    """
    from diffcli.export.code import export as code_of
    from diffcli.export.routines import KINDS
    from diffcli.export.targets import named_by, targets

    by_output = named_by(output.suffix.lower()) if output else None
    target = one_of(to or by_output or "python", LANGUAGES, "--to")
    chosen = [kind for kind in KINDS if kind in _kinds(kinds)]

    common = Common(
        vars=vars,
        let=let,
        file=file,
        seed=seed,
        no_check=no_check,
        strict=strict,
        format=format,
        json=json,
        output=output,
        quiet=quiet,
        verbose=verbose,
        timeout=timeout,
        debug=debug,
    )

    def study(function: Function, _: Sequence[Point], settings: Settings) -> Answer:
        code = code_of(function, target, kinds=chosen, name=name, wrt=variables(wrt))
        code, trial = _tried(code, common, settings.seed)
        return _answer(code, trial, function)

    single = output if targets()[target].is_code else None
    return serve(study, formulas or (), common, variables(wrt), single=single)


def _kinds(text: str | None) -> list[str]:
    from diffcli.export.routines import KINDS

    return [one_of(kind, KINDS, "--kinds") for kind in names(text)]


def _tried(code: Code, common: Common, seed: int) -> tuple[Code, Trial]:
    """Return the code with what it can't do right in its heading, and say so."""
    from diffcli.export.targets import targets
    from diffcli.export.trial import Trial, examined

    if common.no_check:
        return code, Trial(reason="--no-check")
    code, found = examined(code, seed=seed)
    if not common.quiet:
        for note in code.notes:
            say(f"warning: {note}")
        if found.reason and targets()[code.target].is_code:
            say(f"not run: {found.reason}")
    if common.verbose and not found.reason:
        say(
            f"run at {found.points} random points: {found.numbers} numbers are as proved, "
            f"to {found.error:.0e} of each; and at {found.difficult} difficult ones"
        )
    return code, found


def _answer(code: Code, trial: Trial, function: Function) -> Answer:
    facts = Facts.of("export", function)
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
        "caveats": [each.document for each in trial.caveats],
        "reason": trial.reason,
    }
    document = Document((Text(code.text),))
    return Answer(facts, 0, lambda: data, lambda _: document)

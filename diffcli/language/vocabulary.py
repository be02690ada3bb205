"""Every name that the language knows, and what was probably meant by one that it doesn't."""

from __future__ import annotations

import re
from difflib import get_close_matches

from diffcli.language.functions import BY_NAME, OPERATORS, TABLE
from diffcli.language.remedies import FINITE, FUNCTIONS, INFINITY, WORDS
from diffcli.language.tensors import BY_TENSOR_NAME
from diffcli.language.tokens import GREEK_NAMES
from diffcli.language.unknown import may_name

CONSTANTS = {
    "pi": "pi",
    "e": "e",
    "E": "e",
    "tau": "tau",
    "True": "true",
    "False": "false",
    "true": "true",
    "false": "false",
    "otherwise": "true",
}
ECHOED = {"E": "E is Euler's number 2.718…", "tau": "tau is the constant 2π"}
IMAGINARY = {"i": "i", "I": "i"}
INFINITE = {"inf": "inf", "infinity": "inf", "oo": "inf"}
INFIX_WORDS = {"mod": "the remainder", "choose": "binomial"}
"""Functions that are also written between their arguments, by what they are."""

FORMS = {
    "piecewise": "piecewise",
    "where": "where",
    "log": "log",
    "pow": "pow",
    "power": "pow",
    "exp2": "exp2",
    "diff": "diff",
    "sum": "sum",
    "prod": "prod",
    **dict.fromkeys(["integrate", "integral", "int"], "integral"),
    **dict.fromkeys(["max", "maximum", "min", "minimum"], "tensor"),
    "matrix_power": "matrix_power",
    **dict.fromkeys(
        ["hyper", "hypergeom", "hypergeometric", "HypergeometricPFQ"], "hypergeometric"
    ),
}
"""Names read by a form of their own, because their arguments aren't plain expressions."""

LOG_WITH_BASE = re.compile(r"log_(?:[0-9]+|[A-Za-z][A-Za-z0-9]*)?")
ORDERED = {
    "J": "besselj", "Y": "bessely", "I": "besseli", "K": "besselk", "P": "legendre",
    "H": "hermite", "T": "chebyshevt", "U": "chebyshevu", "L": "laguerre", "E": "expint",
    "Li": "polylog",
}  # fmt: skip
"""Functions by the letters of mathematics, whose subscript is their first argument."""
ALWAYS_CALLED = frozenset({"J", "Y", "K", "Li"})
"""Those of these letters that are functions with a subscript whatever stands in the bracket."""
OF_LETTER = re.compile(rf"({'|'.join(ORDERED)})_([0-9]+|[A-Za-z]+)")
OF_ORDER = "_{"
"""The end of a letter of mathematics whose subscript is a formula, in braces."""
PRIMED, AT, MATRIX, NORM_2 = "'_", "|_", "[_", "‖_2"
INTERNAL = {PRIMED: "primed", AT: "at", MATRIX: "matrix", NORM_2: "norm_2"}
"""Names that only LaTeX's reader writes: ``(…)'``, ``…|_{x=2}``, the rows of a matrix; by form."""
_SUBSCRIPTED = frozenset(name for name in BY_NAME if re.fullmatch("[A-Za-z][0-9]", name))
"""Functions whose names are mostly variables (``y1``, ``k0``): only a bracket makes them calls,
as it does those of tensors (``mean``, ``var``)."""
CALLABLE = frozenset({*BY_NAME, *FORMS}) - _SUBSCRIPTED
BRACKETED = _SUBSCRIPTED.union(BY_TENSOR_NAME)
LOWER = {
    **{name.lower(): name for name in sorted({*CALLABLE, *BY_TENSOR_NAME}, reverse=True)},
    "derivative": "diff",
    "product": "prod",
    "variance": "var",
    "inverse": "inv",
}
"""Functions by their names without capitals."""
WOLFRAM = {"D": "diff"}
"""Functions of Mathematica that have another name here."""
_LONG = "|".join(sorted((name for name in CALLABLE if len(name) > 1), key=len, reverse=True))
GLUED = re.compile(rf"(?P<before>[a-zA-Z]?)(?P<function>{_LONG})(?P<after>[0-9]*[a-zA-Z]?|pi)")

ELEMENTARY_GROUPS = frozenset(
    {
        "trigonometric", "inverse trigonometric", "hyperbolic", "inverse hyperbolic",
        "exponential and logarithm", "powers and roots",
    }
)  # fmt: skip
_ELEMENTARY = sorted(
    {
        spelling
        for row in TABLE.values()
        if row.group in ELEMENTARY_GROUPS and row.name not in OPERATORS
        for spelling in (row.name, *row.aliases)
        if len(spelling) > 2 or spelling == "ln"
    },
    key=len,
    reverse=True,
)
_HIDDEN = rf"(?:{'|'.join(_ELEMENTARY)})"
_GREEK = "|".join(sorted(GREEK_NAMES | {"pi"}, key=len, reverse=True))
_FACTOR = rf"(?:{_GREEK}|[0-9]*[a-zA-Z]{{1,2}}?(?:_?[0-9]+)?|[0-9]+)"
HIDING = re.compile(rf"(?P<before>[a-zA-Z]{{0,2}}?)(?P<calls>(?:{_HIDDEN}+{_FACTOR})+)")
"""Letters run together that are calls of elementary functions: ``sinxcosx``, ``2costheta``."""
_CALL = re.compile(rf"(?P<functions>{_HIDDEN}+)(?P<argument>{_FACTOR})(?={_HIDDEN}|$)")


def parted(run: str) -> str | None:
    """Return letters run together as the calls that they hide: ``sin(x)*cos(x)``; None for none."""
    match = HIDING.fullmatch(run)
    if match is None:
        return None
    factors = [*match["before"]]
    for call in _CALL.finditer(match["calls"]):
        functions = _nested(call["functions"])
        argument = call["argument"]
        is_run = argument.isalpha() and argument not in {*GREEK_NAMES, "pi"}
        inner = "*".join(argument) if is_run else argument
        factors.append(f"{'('.join(functions)}({inner}{')' * len(functions)}")
    return "*".join(factors)


def _nested(run: str) -> list[str]:
    """Return the functions whose names a run of letters consists of."""
    for name in _ELEMENTARY:
        rest = _nested(run[len(name) :]) if run.startswith(name) else []
        if run == name or rest:
            return [name, *rest]
    return []


_DECLARED = "variable of that name is declared with --vars"


def function_meant(name: str) -> str:
    """Return the remedy for a name before a bracket that is no function."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    glued = GLUED.fullmatch(name)
    if glued and glued["before"] and not glued["after"]:
        return f"did you mean '{glued['before']}*{glued['function']}(…)'?"
    if len(name) > 2 and name not in GREEK_NAMES:
        for close in get_close_matches(name, CALLABLE, n=1, cutoff=0.6):
            return f"did you mean '{close}(…)'?"
    defined = f"; to define it, {name}(…) = …; first" if may_name(name) else ""
    return f"to multiply, write {name}*(…){defined}"


def refusal(name: str) -> tuple[str, str] | None:
    """Return why a name can't be that of a variable, and the remedy; None where it can be."""
    if name in WORDS:
        return f"{name!r} is a word, and no part of a formula", f"{WORDS[name]}; a {_DECLARED}"
    if name in INFINITE:
        return INFINITY, FINITE
    meant = formula_meant(name)
    return (f"unknown name {name!r}", f"did you mean '{meant}'? A {_DECLARED}") if meant else None


def formula_meant(name: str) -> str | None:
    """Return the formula of which a name may be what is left without its signs: ``sin(x)``."""
    if name in GREEK_NAMES:
        return None
    glued = GLUED.fullmatch(name)
    if glued and glued["after"]:
        before = f"{glued['before']}*" if glued["before"] else ""
        return f"{before}{glued['function']}({glued['after']})"
    return parted(name)

"""A derivative calculator: the formula, the number, and proof that the number is right.

Names are imported when first used, so that importing diffcli loads no engine.
"""

from __future__ import annotations

from diffcli._version import __version__

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any

    from diffcli.api.function import Function, parse
    from diffcli.api.gradients import verify_gradients
    from diffcli.api.results import Derivative
    from diffcli.differentiation import Settings, derive
    from diffcli.engines.callable import lambdify
    from diffcli.errors import (
        DiffcliError,
        DisagreementError,
        FileError,
        FormulaError,
        LimitError,
        NoDerivativeError,
        OutOfTimeError,
        PointError,
        UsageError,
    )
    from diffcli.language.points import Point, read_points
    from diffcli.operators import (
        Curl,
        Directional,
        Divergence,
        Eval,
        Grad,
        Hessian,
        Hvp,
        Jacobian,
        Jvp,
        Laplacian,
        Operator,
        Partial,
        Vhp,
        Vjp,
    )
    from diffcli.output.report import Report, Result
    from diffcli.verdict import Check, Verdict

_HOMES = {
    "diffcli.differentiation": "Settings derive",
    "diffcli.errors": "DiffcliError DisagreementError FileError FormulaError LimitError "
    "NoDerivativeError OutOfTimeError PointError UsageError",
    "diffcli.api.function": "Function parse",
    "diffcli.api.gradients": "verify_gradients",
    "diffcli.api.results": "Derivative",
    "diffcli.engines.callable": "lambdify",
    "diffcli.language.points": "Point read_points",
    "diffcli.operators": "Curl Directional Divergence Eval Grad Hessian Hvp Jacobian Jvp Laplacian "
    "Operator Partial Vhp Vjp",
    "diffcli.output.report": "Report Result",
    "diffcli.verdict": "Check Verdict",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [
    "Check",
    "Curl",
    "Derivative",
    "DiffcliError",
    "Directional",
    "DisagreementError",
    "Divergence",
    "Eval",
    "FileError",
    "FormulaError",
    "Function",
    "Grad",
    "Hessian",
    "Hvp",
    "Jacobian",
    "Jvp",
    "Laplacian",
    "LimitError",
    "NoDerivativeError",
    "Operator",
    "OutOfTimeError",
    "Partial",
    "Point",
    "PointError",
    "Report",
    "Result",
    "Settings",
    "UsageError",
    "Verdict",
    "Vhp",
    "Vjp",
    "__version__",
    "derive",
    "lambdify",
    "parse",
    "read_points",
    "verify_gradients",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # slow for a command that is handed over

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__

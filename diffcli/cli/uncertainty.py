"""``diffcli uncertainty``: what the uncertainty of the inputs makes of the value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from diffcli.cli.answer import serve
from diffcli.cli.options import Common, Formulas
from diffcli.derivation import Settings
from diffcli.errors import PointError, UsageError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.points import Point, Typed
from diffcli.language.uncertain import read_correlations, read_measured
from diffcli.output.document import Answer

if TYPE_CHECKING:
    from diffcli.studies.uncertainty.propagation import Array

EXAMPLES = """\
diffcli uncertainty "x*y" --at "x=3±0.1, y=2±0.05"
diffcli uncertainty "4 pi^2 l/t^2" --at "l=1+-0.002, t=2.007+-0.01" --order 2
diffcli uncertainty "u/i" --at "u=5±0.1, i=0.02±0.001" --cov "u,i=-0.4\""""


def _option(name: str, metavar: str, what: str, **more: Any) -> Any:
    return Option(
        name, metavar=metavar, help=what, rich_help_panel="Uncertainty", show_default=False, **more
    )


def uncertainty(
    formulas: Formulas = None,
    *,
    common: Common,
    order: Annotated[
        int, _option("--order", "N", "2 adds the second derivatives.", min=1, max=2)
    ] = 1,
    cov: Annotated[
        str | None, _option("--cov", "TEXT", "Correlations x,y=0.3; or a csv of covariances.")
    ] = None,
    samples: Annotated[
        int, _option("--samples", "N", "For the check; 100000.", min=1000, max=10_000_000)
    ] = 100_000,
) -> int:
    """Propagate the inputs' uncertainties to the value.

    By the gradient, from standard uncertainties; each input's share of the variance stands beside
    it. Sampling normal inputs tells whether f is linear enough for that, and in which it is not.
    """
    if not common.at or common.points:
        raise UsageError("at which values?", hint='--at "x=3±0.1, y=2±0.05"')
    values, spreads = read_measured(common.at)

    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.uncertainty.document import answer
        from diffcli.studies.uncertainty.propagation import propagate

        found = [
            propagate(
                function,
                point,
                _covariance(function.variables, spread, cov),
                chosen,
                order=order,
                samples=samples,
            )
            for point, spread in zip(points, spreads, strict=True)
        ]
        return answer(found)

    return serve(study, formulas or (), replace(common, at=values))


def _covariance(variables: Sequence[str], spread: Typed, cov: str | None) -> Array:
    """Return the covariances that were typed, or those of a file."""
    from diffcli.engines.exact import nearest
    from diffcli.studies.uncertainty.propagation import checked, covariance_matrix

    typed = spread.bind(variables).values
    sigmas = [nearest(each) for each in typed.values() if isinstance(each, Node)]
    if len(sigmas) < len(typed) or any(each < 0 for each in sigmas):
        raise PointError("an uncertainty is one number above 0", hint="x=3±0.1")
    if cov and "=" not in cov:
        if any(sigmas):
            raise PointError("uncertainties both typed and in a file", hint="leave out the ±")
        return checked(_read(Path(cov), variables))
    place = {name: i for i, name in enumerate(variables)}
    pairs = read_correlations(cov, variables) if cov else {}
    return covariance_matrix(
        sigmas, {(place[a], place[b]): nearest(each) for (a, b), each in pairs.items()}
    )


def _read(path: Path, variables: Sequence[str]) -> Array:
    """Read a matrix under a line of names, in any order. Raises FileError, PointError."""
    import numpy as np

    from diffcli.rows.formats import kind_of, records

    rows = [row for _, row in records(path, kind_of(path) or "csv")]
    by_name = dict(zip(rows[0] if rows else (), rows, strict=False))
    try:
        return np.array([[float(by_name[a][b]) for b in variables] for a in variables])
    except (KeyError, TypeError, ValueError):
        raise PointError(
            f"{path} isn't the covariances of {', '.join(variables)}",
            hint="a line of names, then a line of numbers for each",
        ) from None

"""What is known of the uncertainty of the inputs: typed, or read from a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from diffcli.engines.exact import nearest
from diffcli.errors import PointError
from diffcli.language.expression import Node
from diffcli.language.points import Typed
from diffcli.language.uncertain import read_correlations
from diffcli.studies.uncertainty.propagation import checked, covariance_matrix

if TYPE_CHECKING:
    from diffcli.studies.uncertainty.propagation import Array


def covariance(variables: Sequence[str], spread: Typed, cov: str | None) -> Array:
    """Return the covariances that were typed, or those of a file."""
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

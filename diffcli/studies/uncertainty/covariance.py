"""The covariances of the inputs: typed, or read from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from diffcli.engines.exact import nearest
from diffcli.errors import LimitError, PointError
from diffcli.language.expression import Node
from diffcli.language.points import Typed
from diffcli.language.uncertain import read_correlations
from diffcli.studies.uncertainty.propagation import EPSILON, Array

MAX_SIGMA = 1e150
"""The largest standard uncertainty of an input."""


def covariance(variables: Sequence[str], spread: Typed, cov: str | None) -> Array:
    """Return the covariances that were typed, or those of a file."""
    typed = spread.bind(variables).values
    sigmas = [nearest(value) for value in typed.values() if isinstance(value, Node)]
    if len(sigmas) < len(typed) or any(sigma < 0 for sigma in sigmas):
        raise PointError("an uncertainty is one number above 0", hint="x=3±0.1")
    if cov and "=" not in cov:
        if any(sigmas):
            raise PointError("uncertainties both typed and in a file", hint="leave out the ±")
        return checked(_read(Path(cov), variables))
    index = {name: i for i, name in enumerate(variables)}
    pairs = read_correlations(cov, variables) if cov else {}
    return covariance_matrix(
        sigmas, {(index[a], index[b]): nearest(value) for (a, b), value in pairs.items()}
    )


def covariance_matrix(
    sigmas: Sequence[float], correlations: Mapping[tuple[int, int], float]
) -> Array:
    """Return the covariances of inputs.

    Raises PointError for impossible correlations, LimitError where a square isn't a float.
    """
    if max(sigmas, default=0.0) > MAX_SIGMA:
        raise LimitError(f"an uncertainty of more than {MAX_SIGMA:g}", hint="choose another unit")
    matrix = np.eye(len(sigmas))
    for (row, column), coefficient in correlations.items():
        matrix[row, column] = matrix[column, row] = coefficient
    scale = np.array(sigmas)
    return np.asarray(checked(matrix) * np.outer(scale, scale))


def checked(covariance: Array) -> Array:
    """Return a covariance matrix, if it is one; raises PointError if not."""
    symmetric = np.array_equal(covariance, covariance.T)
    if not symmetric or np.linalg.eigvalsh(covariance).min() < -EPSILON * np.trace(covariance):
        raise PointError(
            "no inputs have these covariances", hint="correlations lie between -1 and 1"
        )
    return covariance


def _read(path: Path, variables: Sequence[str]) -> Array:
    """Read a matrix under a line of names, in any order. Raises FileError, PointError."""
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

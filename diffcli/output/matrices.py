"""Files of a matrix: pictures, scipy.sparse's npz, and Matrix Market's mtx."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from diffcli.errors import UsageError
from diffcli.layouts import Matrix, SparseMatrix
from diffcli.output.report import Facts, Report

if TYPE_CHECKING:
    from scipy.sparse import coo_array


def matrix_file(facts: Facts, kind: str) -> bytes:
    """Return the matrix of a report as the bytes of a file; a missing number is nan.

    Raises UsageError unless the facts are a report that holds one matrix.
    """
    report = facts if isinstance(facts, Report) else Report(**vars(facts), results=())
    if kind in PICTURES:
        from diffcli.output.plots.matrix import report_figure
        from diffcli.output.plots.style import Canvas

        return report_figure(report, Canvas(kind=kind))
    derivatives = [result.derivative for result in report.results]
    if len(derivatives) != 1 or not (isinstance(derivatives[0], Matrix | SparseMatrix)):
        raise UsageError(
            f"a file of this kind holds one matrix, and {report.command} gives none or several",
            hint="jacobian or hessian at one point; other files: -o answer.json --json",
        )
    file = BytesIO()
    _WRITERS[kind](file, _as_coo(derivatives[0]))
    return file.getvalue()


def _as_coo(derivative: Mapping[str, Any]) -> coo_array:
    import numpy as np
    from scipy.sparse import coo_array

    if isinstance(derivative, Matrix):
        return coo_array(np.array(derivative["matrix"], dtype=np.float64))
    triplets = np.array(derivative["entries"], dtype=np.float64).reshape(-1, 3)
    positions = triplets[:, :2].T.astype(np.int64)
    return coo_array((triplets[:, 2], tuple(positions)), shape=tuple(derivative["shape"]))


def _npz(file: BytesIO, matrix: coo_array) -> None:
    from scipy.sparse import save_npz

    save_npz(file, matrix)


def _mtx(file: BytesIO, matrix: coo_array) -> None:
    from scipy.io import mmwrite

    mmwrite(file, matrix)


PICTURES = ("png", "svg", "pdf")
"""The endings of pictures."""
_WRITERS: Mapping[str, Callable[[BytesIO, Any], None]] = {"npz": _npz, "mtx": _mtx}
DRAWN = (*PICTURES, *_WRITERS)
"""The endings of the files that take a matrix: drawn as a heat map, or written as it is."""

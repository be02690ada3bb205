"""Runs exported code: each function of it, at points of numbers or of tensors.

Only text that this package wrote is ever run.
"""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from math import nan
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from diffcli.errors import UsageError
from diffcli.export.code import Code
from diffcli.export.routines import Routine
from diffcli.programs import called

Vector = tuple[float, ...]
Runner = Callable[[Sequence[Vector]], list[list[float]]]
"""From points to each point's entries."""


SECONDS = 60.0
"""Longest time of a compiler."""


def cannot(target: str) -> str | None:
    """Return why a language can't be run here."""
    if target not in _LOADERS:
        return f"{target} isn't run"
    if target == "c" and not _compiler():
        return "there is no C compiler"
    if target == "jax" and find_spec("jax") is None:
        return "jax isn't installed"
    return None


def _compiler() -> str | None:
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def runners(codes: Sequence[Code]) -> list[dict[str, Runner]]:
    """Return what runs each function of some codes in one language, by name."""
    return _LOADERS[codes[0].target](codes)


def _modules(codes: Sequence[Code]) -> list[dict[str, Runner]]:
    loaded = []
    for code in codes:
        functions, run = namespace(code), _RUNS[code.target]
        loaded.append(
            {each.name: run(functions[each.name], len(each.indices)) for each in code.routines}
        )
    return loaded


def namespace(code: Code) -> dict[str, Any]:
    """Return what a module of Python defines."""
    defined: dict[str, Any] = {}
    exec(compile(code.text, "<exported>", "exec"), defined)  # noqa: S102  it holds nothing that was typed
    return defined


def _one_by_one(function: Callable[..., Any], count: int) -> Runner:
    def flat(value: Any) -> list[float]:
        if isinstance(value, tuple):
            return [number for part in value for number in flat(part)]
        return [float(value)]

    def run(points: Sequence[Vector]) -> list[list[float]]:
        rows = []
        for point in points:
            try:
                rows.append(flat(function(*point)))
            except (ArithmeticError, ValueError):  # how math reports what has no value
                rows.append([nan] * count)
        return rows

    return run


def _numpy(function: Callable[..., Any], count: int) -> Runner:
    def run(points: Sequence[Vector]) -> list[list[float]]:
        import numpy as np

        columns = [np.array(column) for column in zip(*points, strict=True)]
        with np.errstate(all="ignore"):
            found = np.asarray(function(*columns), dtype=float)
        rows: list[list[float]] = found.reshape(count, -1).T.tolist()
        return rows

    return run


def _torch(function: Callable[..., Any], count: int) -> Runner:
    def run(points: Sequence[Vector]) -> list[list[float]]:
        import torch

        columns = torch.tensor(points, dtype=torch.float64).T
        return torch.as_tensor(function(*columns)).reshape(count, -1).T.tolist()

    return run


def _jax(function: Callable[..., Any], count: int) -> Runner:
    def run(points: Sequence[Vector]) -> list[list[float]]:
        import jax

        with jax.enable_x64(True):
            columns = [jax.numpy.asarray(column) for column in zip(*points, strict=True)]
            found = jax.numpy.asarray(function(*columns)).reshape(count, -1).T
            rows: list[list[float]] = found.tolist()
        return rows

    return run


_RUNS: Mapping[str, Callable[[Callable[..., Any], int], Runner]] = MappingProxyType(
    {"python": _one_by_one, "numpy": _numpy, "torch": _torch, "jax": _jax}
)


def _compiled(codes: Sequence[Code]) -> list[dict[str, Runner]]:
    """Compile C into a library, and load it."""
    paragraphs = "\n\n".join(code.text for code in codes).split("\n\n")
    with TemporaryDirectory() as folder:
        source, library = Path(folder, "code.c"), Path(folder, "code.so")
        # What several need, such as an include, stands there once.
        source.write_text("\n\n".join(dict.fromkeys(paragraphs)) + "\n", encoding="utf-8")
        command = [str(_compiler()), *_FLAGS, str(source), "-o", str(library), "-lm"]
        compiled = called(command, SECONDS)
        if compiled.returncode:
            raise UsageError(
                f"{command[0]} can't compile: {compiled.stderr.decode(errors='replace').strip()}",
                hint="--no-check shows the code untried",
            )
        loaded = ctypes.CDLL(str(library))
    return [{each.name: _c(loaded, each, code) for each in code.routines} for code in codes]


_FLAGS = ("-std=c99", "-D_XOPEN_SOURCE=700", "-shared", "-fPIC")


def _c(library: ctypes.CDLL, routine: Routine, code: Code) -> Runner:
    count = len(routine.indices)
    function = library[routine.name]
    function.argtypes = [ctypes.c_double] * len(code.function.variables)
    function.restype = None if routine.shape else ctypes.c_double
    if routine.shape:
        function.argtypes = [*function.argtypes, ctypes.POINTER(ctypes.c_double)]

    def run(points: Sequence[Vector]) -> list[list[float]]:
        rows = []
        for point in points:
            out = (ctypes.c_double * count)()
            found = function(*point, out) if routine.shape else function(*point)
            rows.append(list(out) if routine.shape else [found])
        return rows

    return run


_LOADERS: Mapping[str, Callable[[Sequence[Code]], list[dict[str, Runner]]]] = MappingProxyType(
    {**dict.fromkeys(_RUNS, _modules), "c": _compiled}
)

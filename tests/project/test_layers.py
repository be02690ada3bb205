"""One data flow: imports go only down it, engines stay apart, and what is heavy comes late."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "diffcli"
FLOW = [
    "_version",
    "errors",
    "clock",
    "programs",
    "language",
    "layouts",
    "tensors",
    "verdict",
    "options",
    "engines",
    "operators",
    "output",
    "differentiation.settings",
    "differentiation.numbers.arrays",
    "differentiation.numbers.positions",
    "differentiation.checks",
    "differentiation.forms.blocks",
    "differentiation.forms.closed",
    "differentiation.problem",
    "differentiation.results",
    "differentiation.numbers",
    "differentiation.forms",
    "differentiation.answers",
    "differentiation.flow",
    "differentiation",
    "export",
    "rows",
    "commands.record",
    "commands.boxes",
    "studies",
    "output.plots",
    "output.matrices",
    "studies.descent",
    "studies.graph",
    "studies.taylor",
    "commands",
    "batch",
    "api",
    "testing",
    "pytest_plugin",
    "repl",
    "cli",
]
ENGINES = {
    "autograd": (
        *("autograd", "differences", "tensors", "kernels", "throughput.reverse"),
        "taylor",
    ),
    "symbolic": ("symbolic", "terms"),
    "enclosure": (
        "enclosure",
        "balls",
        "boxes",
        "difficult",
        "one_sided",
        "quotients",
        "rounding",
        "evidence",
        "trace",
    ),
}
"""Whatever in ``engines`` has rules of differentiation, or proves a number by those that have."""
FOREIGN = {
    "autograd": ("flint", "sympy"),
    "symbolic": ("flint", "torch"),
    "enclosure": ("mpmath", "scipy", "sympy", "torch"),
}
"""What an engine computes without, itself and in all that it imports; other engines besides."""
SHARED = {
    ("kernels.closed", "terms.meanings"): "mpmath's values of special functions are both engines'",
    ("kernels.closed", "terms.precision"): "mpmath has one precision for all",
    ("kernels.closed", "remote"): "which makes torch of the partials that the table states",
    ("kernels.quadrature", "terms.chain"): "Leibniz's rule takes the partials of an integrand",
    ("kernels.quadrature", "terms.moving"): "and where that rule doesn't hold",
    ("kernels.quadrature", "lambdify"): "which makes torch of it and of these",
    ("taylor.jets", "remote"): "where lambdify makes torch of a term's value",
    ("trace.record", "torch"): "which notes what torch does, and differentiates nothing",
    ("trace.operations", "torch"): "whose operations these are",
    ("trace.departures", "torch"): "where a number that left it is still one of its tensors",
    ("trace.steps", "torch"): "whose tensors these notes hold",
    ("trace.blame", "torch"): "which runs autograd, to name what is wrong of it",
    ("kernels.quadrature", "sympy"): "in whose terms an integrand is handed over",
}
"""Imports that two engines have in common, and why. Balls share nothing with either."""
TABLES_PARTIALS = {
    "engines.kernels.closed": "torch's backward passes of special functions",
    "engines.taylor.rules": "Taylor arithmetic, which is autograd's from order 5 on",
    "engines.terms.special": "sympy's derivatives of special functions",
    "language.derivative": "derivatives in formulas and the closed forms of tensors",
    "studies.steps.calls": "the steps that are shown",
}
"""Who differentiates by the ``partials`` of the table; ``engines.sharing`` tells which rows.

Two that are here are one witness: where only they agree, the verdict is unverified.
"""
HEAVY = (
    *("torch", "sympy", "matplotlib", "scipy", "numpy", "mpmath", "flint"),
    *("pyarrow", "dask", "prompt_toolkit"),
)


def name_of(path: Path) -> str:
    """The name by which a file of the project is imported."""
    name = ".".join(("diffcli", *path.relative_to(ROOT).with_suffix("").parts))
    return name.removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def is_within(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def layer(module: str) -> int:
    """The place of a module in the flow: that of the longest name it begins with."""
    name = module.removeprefix("diffcli.")
    return max(
        (place for place, part in enumerate(FLOW) if is_within(name, part)),
        key=lambda place: len(FLOW[place]),
    )


@cache
def imports(module: str) -> tuple[str, ...]:
    """The modules of the project and the packages beside it that one imports, but for types."""

    def walk(node: ast.AST) -> list[str]:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return []
        if isinstance(node, ast.ImportFrom):
            return [f"{node.module}.{each.name}" for each in node.names]
        if isinstance(node, ast.Import):
            return [each.name for each in node.names]
        return [name for child in ast.iter_child_nodes(node) for name in walk(child)]

    def home(name: str) -> str:
        if not is_within(name, "diffcli"):
            return name.partition(".")[0]
        while name not in MODULES:
            name = name.rpartition(".")[0]
        return name

    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    return tuple(dict.fromkeys(map(home, walk(tree))))


def ways(start: str, never: Sequence[str]) -> list[str]:
    """How a module comes to import what it never should, in however many steps."""
    found = {start: start}
    left = [start]
    for module in left:
        for name in imports(module) if module in MODULES else ():
            step = tuple(each.removeprefix("diffcli.engines.") for each in (module, name))
            if name not in found and step not in SHARED:
                found[name] = f"{found[module]} → {name}"
                left.append(name)
    return [way for name, way in found.items() if any(is_within(name, each) for each in never)]


def test_imports_go_only_down() -> None:
    upwards = [
        f"{module} → {name}"
        for module in MODULES
        if module != "diffcli"
        for name in imports(module)
        if is_within(name, "diffcli") and name != "diffcli" and layer(name) > layer(module)
    ]
    assert upwards == []


def reached(start: str) -> set[str]:
    """The modules of the project that one imports, in however many steps."""
    found, left = set[str](), [start]
    while left:
        new = {name for name in imports(left.pop()) if name in MODULES} - found
        found |= new
        left += new
    return found


def test_no_modules_import_each_other_in_a_circle() -> None:
    circles = {
        frozenset(name for name in own if module in reached(name))
        for module in MODULES
        if module in (own := reached(module)) and module != "diffcli"
    }
    assert sorted(map(sorted, circles)) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_share_no_rules(engine: str) -> None:
    others = [
        f"diffcli.engines.{part}" for name in ENGINES if name != engine for part in ENGINES[name]
    ]
    own = [
        module
        for module in MODULES
        if any(is_within(module, f"diffcli.engines.{part}") for part in ENGINES[engine])
    ]
    assert len(own) >= len(ENGINES[engine])
    assert [way for each in own for way in ways(each, [*others, *FOREIGN[engine]])] == []


def test_what_engines_share_is_what_they_import() -> None:
    stale = [
        (module, name)
        for module, name in SHARED
        if not {name, f"diffcli.engines.{name}"} & set(imports(f"diffcli.engines.{module}"))
    ]
    assert stale == []


def test_who_reads_the_partials_of_the_table_is_listed() -> None:
    reading = re.compile(r"(TABLE\[[^\]]*\]|\brow)\.partials\b")
    readers = {
        name.removeprefix("diffcli.")
        for name, path in MODULES.items()
        if reading.search(path.read_text(encoding="utf-8"))
    }
    assert readers == set(TABLES_PARTIALS)


@pytest.mark.parametrize(
    "code",
    [
        "import diffcli",
        "import diffcli.cli.main",
        "from diffcli.language.parser import parse; parse('sin(x)^2/y')",
        "from diffcli.language.points import read_points; read_points(['x=pi/2'])",
        "from diffcli.operators import OPERATORS",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code: str) -> None:
    script = f"{code}\nimport sys; print(*[m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []

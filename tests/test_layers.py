"""One data flow: imports go only down it, and what is heavy is imported late."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "diffcli"
FLOW = [
    "_version",
    "errors",
    "clock",
    "language",
    "formula",
    "verdict",
    "engines",
    "operators",
    "verify",
    "output.report",
    "userfunction",
    "derivation.settings",
    "derivation.numbers",
    "derivation.normwise",
    "derivation.places",
    "derivation.checker",
    "derivation.samples",
    "derivation.cases",
    "derivation.large",
    "derivation.alike",
    "derivation.stacked",
    "derivation.vectors",
    "derivation.evaluation",
    "derivation.answers",
    "derivation.flow",
    "derivation",
    "export",
    "studies",
    "output",
    "batch",
    "api",
    "repl",
    "cli",
]
HEAVY = ("torch", "sympy", "matplotlib", "scipy", "numpy", "mpmath", "flint")


def layer(module: str) -> int:
    """The place of a module in the flow: that of the longest name it begins with."""
    name = module.removeprefix("diffcli.")
    return max(
        (place for place, part in enumerate(FLOW) if f"{name}.".startswith(f"{part}.")),
        key=lambda place: len(FLOW[place]),
    )


def imports(path: Path) -> list[str]:
    """What a file imports of the project, but for the types' sake."""

    def walk(node: ast.AST) -> list[str]:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return []
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("diffcli."):
            return [str(node.module)]
        return [name for child in ast.iter_child_nodes(node) for name in walk(child)]

    return walk(ast.parse(path.read_text(encoding="utf-8")))


def modules() -> list[Path]:
    return [path for path in sorted(ROOT.rglob("*.py")) if path != ROOT / "__init__.py"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_only_down(path: Path) -> None:
    own = ".".join(("diffcli", *path.relative_to(ROOT).with_suffix("").parts))
    own = own.removesuffix(".__init__")
    upwards = [name for name in imports(path) if layer(name) > layer(own)]
    assert upwards == []


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

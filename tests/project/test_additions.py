"""What CONTRIBUTING says suffices to add something, suffices: it is added to a copy and used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import diffcli

PROJECT = Path(diffcli.__file__).parents[1]
LANGUAGE = '''
from textwrap import indent

from diffcli.export.target import ARITHMETIC, POWER, PRODUCT, Target, alike
from diffcli.export.writers import Writer


class Script(Writer):
    """A file of JavaScript."""

    def page(self, heading, needed, body):
        return "\\n".join([*(f"// {line}".rstrip() for line in heading), "", body])

    def routine(self, routine, body):
        lines = [f"const {line.name} = {line.text};" for line in body.lines]
        results = ", ".join(body.results)
        lines.append(f"return {f'[{results}]' if routine.shape else results};")
        inner = indent("\\n".join(lines), "  ")
        return f"function {routine.name}({', '.join(self.parameters)}) {{\\n{inner}\\n}}"


TARGET = Target(
    name="typescript",
    page=Script.written,
    suffixes=(".ts",),
    lexer="typescript",
    reserved=frozenset({"var"}),
    calls=alike("Math.{}", "sin cos exp log sqrt abs floor"),
    choice="{condition} ? {value} : {other}",
    infix={**ARITHMETIC, "and": (" && ", PRODUCT), "or": (" || ", PRODUCT), "not": ("!", POWER)},
    nan="NaN",
    infinity="Infinity",
)
'''


def used(
    folder: Path, files: Mapping[str, str], lines: Mapping[str, tuple[str, str]], script: str
) -> str:
    """Return what a script prints with files and lines added to a copy of the package."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "diffcli", folder / "diffcli", ignore=ignored)
    for name, text in files.items():
        (folder / "diffcli" / name).write_text(text)
    for name, (before, after) in lines.items():
        path = folder / "diffcli" / name
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after, 1))
    paths = os.pathsep.join([str(folder), str(PROJECT / "docs")])
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_an_export_language_is_a_file_and_a_line(tmp_path: Path) -> None:
    script = """
import reference
from pathlib import Path
from diffcli.cli.main import run
assert run(["export", "var + sin(x)*sin(x)", "-o", "f.ts"]) == 0
assert run(["export", "gamma(x)", "--to", "typescript"]) == 2
run(["export", "--help"])
print(Path("f.ts").read_text())
assert "latex, typescript." in reference.commands_page()
"""
    shown = used(
        tmp_path,
        {"export/targets/typescript.py": LANGUAGE},
        {
            "export/targets/__init__.py": (
                '"latex",\n)',
                '"latex",\n    "typescript",\n)',
            )
        },
        script,
    )
    assert "c, javascript, julia, rust, fortran, matlab, latex, typescript." in " ".join(
        shown.split()
    )
    assert "function f(var_, x) {\n  const t1 = Math.sin(x);\n  return var_ + t1 * t1;\n}" in shown


SUM = 'TensorRow("sum", "reductions", "sum of all entries", axis=True),'
IN_TORCH = """
def energy(x: Tensor, axis: int | None = None) -> Tensor:
    return (x * x).sum() if axis is None else (x * x).sum(axis)


"""
RECORD = """
        "energy": _reduction(
            lambda terms: total([_square(term) for term in terms]),
            _times(lambda at, each, arg: at.algebra.mul(number(2), arg)),
        ),
"""


@pytest.mark.slow
def test_a_tensor_operation_is_a_row_a_function_and_a_record(tmp_path: Path) -> None:
    script = """
import reference
from diffcli.cli.main import run
assert run(["grad", "energy(x*x)", "--at", "x=[1,2,3]"]) == 0
assert run(["hessian", "sum(energy(A, axis=0))", "--at", "A=[[1,2],[3,4]]", "--json"]) == 0
run(["functions", "energy"])
assert "energy(x)" in reference.functions_page()
"""
    row = f'{SUM} TensorRow("energy", "reductions", "sum of all squares", axis=True),'
    shown = used(
        tmp_path,
        {},
        {
            "language/tensors.py": (SUM, row),
            "engines/tensors.py": ("def prod(", f"{IN_TORCH}def prod("),
            "tensors/reductions.py": ('        "sum": _red', f'{RECORD}        "sum": _red'),
        },
        script,
    )
    assert "4*x*x**2" in shown or "4*x**3" in shown
    assert "sum of all squares" in shown
    assert '"verdict": "certified"' in shown


DOTS = """
from functools import partial

import numpy as np

from diffcli.output.plots.pictures import PlotKind
from diffcli.output.plots.plane import PlanePicture, compose


class Dots(PlanePicture):
    def paint(self, figure):
        axes = figure.subplots()
        x, y = np.meshgrid(self.plane.x[::40], self.plane.y[::40])
        axes.plot(x.ravel(), y.ravel(), "o", gid="of the kind that was added")


KIND = PlotKind(lambda function: int(len(function.variables) == 2), partial(compose, Dots))
"""


@pytest.mark.slow
def test_a_plot_kind_is_a_file_and_a_line(tmp_path: Path) -> None:
    script = """
import reference
from pathlib import Path
from diffcli.cli.main import run
assert run(["plot", "x*y", "--kind", "dots", "-o", "dots.svg", "--range", "x=0:1,y=0:1"]) == 0
assert run(["plot", "x", "--kind", "dots", "-o", "no.svg"]) == 2
assert not Path("no.svg").exists()
run(["plot", "--help"])
print(Path("dots.svg").read_text().count("of the kind that was added"), "in the picture")
assert "stream, dots." in reference.commands_page()
"""
    shown = used(
        tmp_path,
        {"output/plots/kinds/dots.py": DOTS},
        {
            "output/plots/kinds/__init__.py": (
                '"surface", "stream")',
                '"surface", "stream", "dots")',
            )
        },
        script,
    )
    assert "lines, curve, field, surface, stream, dots." in shown
    assert "\n1 in the picture" in shown


SIN = '    row("sin", '
VERSINE = """    row(
        "versine", "trigonometric", "1 − cos(x)", "kernels:versine", "symbols:versine",
        aliases="versin", range="[0, 2]", partials="sin(x)", is_smooth=True,
    ),
"""
IN_SYMPY = """
from sympy import sin
versine = real_function("versine", lambda x: 1 - mpmath.cos(x), sin)
"""


def test_a_function_is_a_row_and_what_the_row_names(tmp_path: Path) -> None:
    script = r"""
import reference
from diffcli.cli.main import run
from diffcli.language.parser import parse
assert run(["grad", r"\operatorname{versin}(2x)", "--at", "1/3", "--json"]) == 0
assert run(["grad", "versinn(x)"]) == 3
run(["functions", "versin"])
print(parse("diff(versin 2x, x)").read_as)
assert "versine(x)" in reference.functions_page()
"""
    shown = used(
        tmp_path,
        {},
        {
            "language/functions.py": (SIN, f"{VERSINE}{SIN}"),
            "engines/kernels/elementary.py": (
                "# --- powers and roots",
                "def versine(x: Tensor) -> Tensor:\n    return 1 - torch.cos(x)\n",
            ),
            "engines/terms/symbols.py": ("\nrelu = ", f"{IN_SYMPY}relu = "),
            "engines/balls/elementary.py": (
                "def exp(x: Ball)",
                "def versine(x: Ball) -> Ball:\n    return 1 - x.cos()\n\n\ndef exp(x: Ball)",
            ),
        },
        script,
    )
    assert '"read_as": "versine(2*x)"' in shown
    assert '"verdict": "certified"' in shown
    assert "1 − cos(x)" in shown
    assert "2*sin(2*x)" in shown


THIRD_SUM = '''

@dataclass(frozen=True)
class ThirdSum(Chosen, Number):
    """The sum of the third derivatives in each variable of one formula."""

    name: ClassVar[str] = "thirdsum"
    of_one_number: ClassVar[bool] = True
    examples: ClassVar[str] = 'diffcli thirdsum "x^3*y + y^4" --at 1,2'

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return the sum of the pure third partials."""
        return (weighted("f", "∇³{f}", ((1.0, 0, (x, x, x)) for x in function.variables)),)

    def torch(self, at: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the sum of nested reverse passes."""
        return [sum(at.partial((name,) * 3) for name in at.variables)]
'''


@pytest.mark.slow
def test_an_operator_is_a_class_and_its_name(tmp_path: Path) -> None:
    """By hand: of x^3*y + y^4 at (1, 2) the third derivatives are 6y and 24y, 60 together."""
    script = r"""
import reference
from diffcli.cli.commands import names
from diffcli.cli.main import run
from diffcli.commands.json_requests import answer
assert run(["thirdsum", "x^3*y + y^4", "--at", "1,2"]) == 0
assert run(["thirdsum", "x^3*y + y^4", "--at", "1,2", "--wrt", "y", "--json", "-q"]) == 0
assert run(["thirdsum", "--help"]) == 0
print(answer(b'{"kind": "thirdsum", "expression": "x^3", "at": {"x": 1}}', 1, {})[0])
assert "thirdsum" in names()
assert "The sum of the third derivatives" in reference.commands_page()
"""
    registry = (PROJECT / "diffcli/operators/__init__.py").read_text()
    registry = registry.replace("Divergence, Laplacian\n", "Divergence, Laplacian, ThirdSum\n")
    registry = registry.replace("Curl, Taylor,\n", "Curl, Taylor, ThirdSum,\n")
    first = "_CYCLES = "
    shown = used(
        tmp_path,
        {"operators/__init__.py": registry},
        {"operators/fields.py": (first, f"{THIRD_SUM}\n\n{first}")},
        script,
    )
    assert "∇³f" in shown
    assert "60" in shown
    assert '"derivative": 48.0' in shown
    assert '"derivative": 6.0' in shown
    assert "diffcli thirdsum" in shown

"""LaTeX that documents print: signs, numbers, operators; a LaTeX compiler is the oracle of all."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from diffcli.cli.main import run
from diffcli.output.document import Line
from diffcli.output.latex import derivative_latex, right_side
from diffcli.output.text import latex_text

LATEX = [
    ["curl", "[y*z, x*z, x*y]", "--at", "1,2,3"],
    ["laplacian", "x^2 + y^2", "--at", "1,1"],
    ["divergence", "[x, y]"],
    ["hessian", "x^2*y + sin(x*y)", "--at", "1,2"],
    ["grad", "2.5e-20*x^2 + 1e300^x", "--at", "1"],
    ["grad", "x if x > 0 else -x", "--at", "1"],
    ["bounds", "x^2 - x", "--range", "0:1"],
    ["critical", "x^3 - 3x"],
    ["critical", "x^2 + y^2 - x*y"],
    ["taylor", "exp(sin(x))", "--order", "4"],
    ["steps", "x^2*sin(x)"],
    ["limit", "sin(x)/x", "--at", "0"],
    ["implicit", "x^3 + y^3 = 6xy", "--at", "3,3"],
    ["descend", "x^2 + y^2", "--from", "1,2", "--steps", "3"],
    ["uncertainty", "4pi^2*l/T^2", "--at", "l=1.00+-0.01,T=2.01+-0.02", "--siunitx"],
    ["grad", "x.T @ A @ x", "--at", "x=[1,2],A=[[1,2],[3,4]]"],
    ["prove", "x^2 + 1 > 0", "--in", "x=0:1"],
]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX is installed")
def test_all_latex_is_typeset(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    parts = []
    for arguments in LATEX:
        run([*arguments, "--format", "latex"])
        parts.append(capsys.readouterr().out)
    head = r"\documentclass{article}\usepackage{amsmath,amssymb,siunitx}\begin{document}"
    text = "\n\n".join([head, *parts, r"\end{document}"])
    assert [char for char in text if ord(char) > 255] == []
    (tmp_path / "all.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize(
    ("notation", "expected"),
    [
        ("(∇×f) x", r"(\nabla \times f)_{x}"),
        ("∇·f", r"\nabla \cdot f"),
        ("∇²f", r"\nabla ^{2} f"),
    ],
)
def test_operators_are_typeset(notation: str, expected: str) -> None:
    assert derivative_latex(notation) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.5e-20*x", r"2.5 \cdot 10^{-20} x"),
        ("1e300^x", r"\left(10^{300}\right)^{x}"),
        ("0 <= x and x < 1", r"0 \leq x \text{ and } x < 1"),
        ("zeta(x) + lambertw(x)", r"\zeta\left(x\right) + \operatorname{lambertw}\left(x\right)"),
        ("lambertw(x, -1)", r"\operatorname{lambertw}\left(x, -1\right)"),
    ],
)
def test_a_formula_is_as_papers_print_it(text: str, expected: str) -> None:
    assert right_side(Line("", text)) == expected


def test_signs_in_words_are_latex() -> None:
    assert latex_text("within ±3σ, −1 ≤ x²") == r"within $\pm$3$\sigma$, $-$1 $\leq$ x$^{2}$"

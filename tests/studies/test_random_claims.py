"""Random claims, true and false, held against dense samples in numpy."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from diffcli.language.ranges import read_ranges
from diffcli.studies.prove.answers import answered
from diffcli.studies.prove.claims import read_claim

CLAIMS, PARTS = 1000, 20
GRID = 317
"""Samples of each of the two variables: 100,489 points in all."""
CLEAR = 1e-9
"""Relative distance from which a sample counts as a counterexample."""
SPOKEN = {"sqrt": np.sqrt, "cbrt": np.cbrt, "floor": np.floor, "abs": np.abs, "sin": np.sin}
FAILS = {
    "<=": lambda gap, slack: gap > slack,
    "<": lambda gap, slack: gap > slack,
    ">=": lambda gap, slack: gap < -slack,
    ">": lambda gap, slack: gap < -slack,
    "=": lambda gap, slack: np.abs(gap) > slack,
}


def drawn(draw: random.Random, depth: int) -> str:
    if depth == 0 or draw.random() < 0.15:
        return draw.choice(["x", "y", "x", "y", str(draw.randint(1, 4)), "1/2"])
    kind = draw.choice(["+", "-", "*", "*", "/", *SPOKEN, "square"])
    first = drawn(draw, depth - 1)
    if kind in SPOKEN:
        return f"{kind}({first})"
    if kind == "square":
        return f"({first})^2"
    return f"(({first}){kind}({drawn(draw, depth - 1)}))"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_sample_contradicts_a_proof(part: int) -> None:
    draw = random.Random(part)
    verdicts: Counter[str] = Counter()
    while verdicts.total() < CLAIMS // PARTS:
        left, right = drawn(draw, 3), drawn(draw, 2)
        sign, low = draw.choice(list(FAILS)), draw.choice([0, 0, -1, 1])
        read = read_claim([f"{left} {sign} {right} + 0*x + 0*y"])
        ranges = read_ranges(f"x={low}:{low + 2},y={low}:{low + 2}", read.variables)
        proof = answered(read, {name: ranges[name] for name in read.variables}, 0.5).proof
        verdicts[proof.verdict.value] += 1
        if proof.verdict.value != "proved":
            continue
        x, y = np.meshgrid(*([np.linspace(low, low + 2, GRID)] * 2))
        with np.errstate(all="ignore"):
            sides = [
                eval(side.replace("^", "**"), {}, {**SPOKEN, "x": x, "y": y}) + 0 * x  # noqa: S307
                for side in (left, right)
            ]
            slack = CLEAR * (1 + np.abs(sides[0]) + np.abs(sides[1]))
            fails = FAILS[sign](sides[0] - sides[1], slack)
        assert np.isfinite(sides).all(), (left, sign, right, low)
        assert not fails.any(), (left, sign, right, low)
    assert verdicts["proved"]
    assert verdicts["refuted"]

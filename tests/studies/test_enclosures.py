"""Bands around a curve hold it at every sample, whatever it does there."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from diffcli.language.parser import parse
from diffcli.studies.curves.enclosure import band

CURVES = [
    ("x*sin(x)", lambda x: x * mpmath.sin(x), -10.0, 10.0),
    ("tan(x) + abs(x)", lambda x: mpmath.tan(x) + abs(x), -3.0, 3.0),
    ("floor(3x) + x^2", lambda x: mpmath.floor(3 * x) + x**2, -1.0, 1.0),
    ("exp(-1/x^2)", lambda x: mpmath.exp(-1 / x**2), 0.01, 2.0),
]


@pytest.mark.parametrize(("formula", "function", "low", "high"), CURVES)
def test_a_band_holds_every_sample(formula: str, function, low: float, high: float) -> None:
    function_ = parse(formula)
    found = band(0, function_.outputs[0], "x", low, high)
    assert found is not None
    for x in np.random.default_rng(0).uniform(low, high, 400):
        stretch = min(int(np.searchsorted(found.edges, x, "right")) - 1, len(found.low) - 1)
        with mpmath.workdps(30):
            value = function(mpmath.mpf(float(x)))
        assert found.low[stretch] <= value <= found.high[stretch]


def test_a_pole_has_no_bounds_and_a_missing_value_no_band() -> None:
    pole = band(0, parse("1/x").outputs[0], "x", -1.0, 1.5)
    assert pole is not None
    inside = (pole.edges[:-1] < 0) & (pole.edges[1:] > 0)
    assert np.isinf(pole.high[inside]).all()
    missing = band(0, parse("sqrt(x)").outputs[0], "x", -1.0, 1.0)
    assert missing is not None
    assert np.isnan(missing.low[0])
    assert missing.low[-1] <= 1 <= missing.high[-1]

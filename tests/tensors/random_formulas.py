"""Random formulas of tensors, at random shapes, with points at which all of them are smooth."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import numpy as np

Shape = tuple[int, ...]

_NUMBERS = ("sum({v})", "mean({v})", "dot({v}, {v})", "norm({v})", "logsumexp({v})", "norm({M})^2",
            "trace({S})", "sum({M})", "{v} @ {v}", "prod({v})", "var({v})", "std({v})",
            "log(det({P}))", "logdet({P})", "sum(cholesky({P}))",
            "trace({S} @ {S})", "{v} @ {S} @ {v}", "sum({s})", "mean({M})",
            "{v}[0]", "{M}[0,1]", "exp({s}/9)", "tanh({s})", "{s}*{s}", "{s} + {s}", "{s} - {s}",
            "{s}/(2 + {s}^2)", "max({v})", "log(1 + {s}^2)")  # fmt: skip
_VECTORS = ("{v} + {v}", "{v} - {v}", "{v}*{v}", "{v}/(2 + {v}^2)", "{N} @ {w}", "{s}*{v}",
            "softmax({v})", "log_softmax({v})", "exp({v}/4)", "sin({v})", "tanh({v})", "-{v}",
            "sum({M2}, axis=0)", "mean({M2}, axis=0)", "sum({M1}, axis=1)", "cumsum({v})",
            "inv({P}) @ {v}", "solve({P}, {v})", "{v}^2", "{v} + {s}", "norm({M2}, axis=0)",
            "logsumexp({M1}, axis=1)", "{v}/norm({v})", "{S} @ {v}", "{v} @ {S}", "diag({S})",
            "layernorm({v})", "cholesky({P}) @ {v}",
            "{M1}[:,1]", "2*{v}", "{v}/3", "where({v} > 1, {v}, {v}^2)")  # fmt: skip
_MATRICES = ("{M} + {M}", "{M}*{M}", "{M} - {M}", "{L} @ {M}", "{M} @ {R}", "{s}*{M}", "tanh({M})",
             "outer({a}, {b})", "{M} + {b}", "{M}*{b}", "{T}.T", "softmax({M}, axis=1)",
             "softmax({M}, axis=0)", "exp({M}/4)", "-{M}", "{M}/(2 + {M}^2)", "cumsum({M}, axis=0)",
             "log_softmax({M}, axis=1)",
             "layernorm({M}, axis=1)", "layernorm({M}, axis=0)", "{M}^2", "diag({a}) @ {M}",
             "{M}/2", "inv({Q}) @ {M}")  # fmt: skip


class Formulas:
    """A generator of formulas over variables of a few shapes."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        lengths = self.random.sample([2, 3, 4, 5], 2)
        m, n = lengths
        self.shapes: Mapping[str, Shape] = {
            "s": (), "x": (n,), "y": (n,), "u": (m,), "A": (n, n), "B": (n, n), "C": (m, m),
            "X": (m, n), "Z": (m, n), "W": (n, m),
        }  # fmt: skip
        self.lengths = m, n

    def point(self) -> dict[str, np.ndarray]:
        """Return values between 0.5 and 1.5, of square matrices with a large diagonal."""
        chance = np.random.default_rng(self.random.randrange(2**32))
        values = {}
        for name, shape in self.shapes.items():
            value = chance.uniform(0.5, 1.5, shape)
            square = len(shape) == 2 and shape[0] == shape[1]
            values[name] = value + 4 * np.eye(shape[0]) if square else value
        return values

    def formula(self, shape: Shape, depth: int) -> str:
        """Return a formula of a shape; ``depth`` operations may stand inside each other."""
        leaves = [name for name, own in self.shapes.items() if own == shape]
        if depth <= 0 and leaves:
            return self.random.choice(leaves)
        templates = (_NUMBERS, _VECTORS, _MATRICES)[len(shape)]
        template = self.random.choice(templates)
        return "(" + self._filled(template, shape, depth - 1) + ")"

    def _filled(self, template: str, shape: Shape, depth: int) -> str:
        m, n = shape if len(shape) == 2 else self.lengths
        own = shape[0] if shape else n
        other = self.random.choice(self.lengths)
        square = (own, own)
        chosen: dict[str, Shape] = {
            "s": (), "v": shape if len(shape) == 1 else (n,), "w": (other,), "N": (own, other),
            "M": shape if len(shape) == 2 else (m, n), "M1": (own, other), "M2": (other, own),
            "S": square, "L": (m, m), "R": (n, n), "a": (m,), "b": (n,), "T": (n, m),
        }  # fmt: skip
        text = template
        for key, wanted in chosen.items():
            while f"{{{key}}}" in text:
                text = text.replace(f"{{{key}}}", self.formula(wanted, depth), 1)
        for key, size in (("P", own), ("Q", m)):
            while f"{{{key}}}" in text:
                text = text.replace(f"{{{key}}}", self._invertible(size, depth), 1)
        return text

    def _invertible(self, size: int, depth: int) -> str:
        """Return a matrix with a large diagonal."""
        leaves = [name for name, own in self.shapes.items() if own == (size, size)]
        name = self.random.choice(leaves)
        if depth < 1:
            return name
        return f"({name} + tanh({self.formula((size, size), depth - 1)})/9)"

"""A Function as what is minimised: a value, a gradient and a Hessian of one flat vector."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, prod
from typing import Any, cast

import numpy as np
import torch

from diffcli.differentiation import Settings
from diffcli.engines.autograd import gradient
from diffcli.engines.coordinates import arrays_of
from diffcli.engines.exact import nearest
from diffcli.engines.remote import lower
from diffcli.errors import PointError, UsageError
from diffcli.language.expression import Node, number
from diffcli.language.function import Function
from diffcli.language.points import Point, Tensor
from diffcli.language.ranges import Interval

MOST_CURVATURES = 1000
"""Variables of a Hessian whose eigenvalues are computed."""


class Objective:
    """A function of one output, or its negative, of its variables laid end to end.

    ``theta`` is the current place: a vector that requires grad, the start at first. Raises
    UsageError where the function has several outputs or values, PointError where the start lies
    outside the bounds.
    """

    def __init__(
        self,
        function: Function,
        start: Point,
        bounds: Mapping[str, Interval],
        settings: Settings,
        *,
        maximize: bool,
    ) -> None:
        if not function.is_scalar:
            raise UsageError(
                "descend takes one formula, and several are given", hint="choose one of them"
            )
        self.sign = -1 if maximize else 1
        self._program = lower(function)
        arrays = arrays_of(start, dtype=settings.dtype, seed=settings.seed)
        self._shapes = {name: array.shape for name, array in arrays.items()}
        self.theta = torch.tensor(
            [x for array in arrays.values() for x in array.ravel()],
            dtype=getattr(torch, settings.dtype),
            device=settings.device,
            requires_grad=True,
        )
        ends = [bounds.get(name, Interval()) for name in function.variables]
        self._low = self._spread([-inf if end.low is None else nearest(end.low) for end in ends])
        self._high = self._spread([inf if end.high is None else nearest(end.high) for end in ends])
        if not torch.equal(self.project(self.theta), self.theta):
            raise PointError("the start lies outside the bounds", hint="start within them")
        if self(self.theta).dim():
            raise UsageError(
                "f has many values at the start, and one number is minimised",
                hint="start from one number a variable",
            )

    def __call__(self, theta: torch.Tensor) -> torch.Tensor:
        """Return what is minimised."""
        (value,) = self._program(*self._parts(theta).values())
        return self.sign * value

    def _spread(self, numbers: list[float]) -> torch.Tensor:
        """Return a vector with each variable's number at all its elements."""
        sizes = torch.tensor([prod(shape) for shape in self._shapes.values()])
        return torch.tensor(numbers).to(self.theta).repeat_interleave(sizes.to(self.theta.device))

    def _parts(self, theta: torch.Tensor) -> dict[str, torch.Tensor]:
        pieces = theta.split([prod(shape) for shape in self._shapes.values()])
        return {
            name: piece.reshape(shape)
            for (name, shape), piece in zip(self._shapes.items(), pieces, strict=True)
        }

    def measure(self) -> float:
        """Return what is minimised at ``theta``, whose ``grad`` becomes its gradient."""
        value = self(self.theta)
        (self.theta.grad,) = gradient(value, [self.theta])
        return value.item()

    def hessian(self) -> torch.Tensor:
        """Return the second derivatives of what is minimised at ``theta``: reverse mode twice."""
        (slope,) = gradient(self(self.theta), [self.theta], higher=True)
        return torch.stack([gradient(entry, [self.theta])[0] for entry in slope])

    def curvatures(self) -> list[float]:
        """Return the eigenvalues of f's Hessian at ``theta``, where no bound holds it.

        None where they aren't finite, or too many.
        """
        if self.theta.numel() > MOST_CURVATURES:
            return []
        free = self.free()
        hessian = self.sign * self.hessian()[free][:, free]
        return torch.linalg.eigvalsh(hessian).tolist() if hessian.isfinite().all() else []

    def project(self, theta: torch.Tensor) -> torch.Tensor:
        """Return the nearest place within the bounds."""
        return theta.clamp(self._low, self._high)

    @property
    def slope(self) -> torch.Tensor:
        """The gradient that was measured last."""
        if self.theta.grad is None:
            self.measure()
        return cast(torch.Tensor, self.theta.grad)

    def keep_bounds(self) -> None:
        """Bring ``theta`` back within the bounds."""
        theta = self.theta.detach()
        theta.copy_(self.project(theta))

    def free(self) -> torch.Tensor:
        """Return which elements of ``theta`` the gradient doesn't push against their bound."""
        theta, slope = self.theta.detach(), self.slope
        return ~(((slope > 0) & (theta <= self._low)) | ((slope < 0) & (theta >= self._high)))

    def residual(self) -> float:
        """Return how far the projected gradient step goes: |∇f| where there are no bounds."""
        theta = self.theta.detach()
        return float((self.project(theta - self.slope) - theta).norm())

    def move_to(self, point: Mapping[str, Any]) -> None:
        """Make a place ``theta``, and measure there."""
        flat = [x for value in point.values() for x in np.ravel(value)]
        self.theta.detach().copy_(torch.tensor(flat, dtype=self.theta.dtype))
        self.measure()

    def at(self) -> dict[str, Any]:
        """Return each variable's value at ``theta``, a number or nested lists."""
        return {name: part.tolist() for name, part in self._parts(self.theta.detach()).items()}


def exact_point(coordinates: Mapping[str, Any]) -> Point:
    """Return floats, or nested lists of them, as a Point of exact numbers."""
    return Point(
        {name: _exactly(torch.tensor(x, dtype=torch.float64)) for name, x in coordinates.items()}
    )


def _exactly(part: torch.Tensor) -> Node | Tensor:
    entries = tuple(number(x) for x in part.flatten().tolist())
    return Tensor(tuple(part.shape), entries) if part.dim() else entries[0]

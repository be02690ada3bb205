"""The operators as methods: derivatives of a Function at points of Python's own numbers.

Every operator of :data:`diffcli.operators.OPERATORS` is a method. Its values stand in the order of
the variables, or by name; a name that is a parameter of the method itself goes in a mapping:
``f.grad({"order": 2.0})``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from diffcli.api.results import Derivative
from diffcli.api.values import (
    At,
    Number,
    arranged,
    kind_of,
    names_of,
    one_of,
    order_of,
    point_of,
    typed_of,
)
from diffcli.differentiation import Settings, derive
from diffcli.errors import UsageError
from diffcli.language.expression import Node
from diffcli.language.function import Function as ReadFunction
from diffcli.language.given import given_by
from diffcli.language.parser import parse
from diffcli.language.points import Point, Typed
from diffcli.language.tokens import is_latex
from diffcli.operators import (
    Curl,
    Divergence,
    Eval,
    Grad,
    Hessian,
    Hvp,
    Jacobian,
    Jvp,
    Laplacian,
    Operator,
    Partial,
    Taylor,
    Vhp,
    Vjp,
)
from diffcli.operators.partials import MODES, Mode

if TYPE_CHECKING:
    from diffcli.output.document import Answer


@dataclass(frozen=True)
class Differentiable(ReadFunction):
    """A formula with a method for every operator.

    A method takes a point and returns a :class:`~diffcli.api.results.Derivative`; without a point
    it gives formulas alone. It raises PointError where a value is missing, is no number or has no
    variable, and UsageError where the operator doesn't apply or shapes don't go together. ``wrt``
    names the variables to differentiate in, ``["x", "y"]`` or ``"x,y"``, all of them unless given;
    the others are constants.
    ``settings`` say which engines take part, and how long the proofs may take; the dtype and the
    device are those of the values otherwise.

    Arrays given to a formula of numbers are many points, one at each element, and broadcast; every
    answer is that at each point. Their axes come first: at points of shape ``(n,)`` a gradient has
    ``(n,)`` for each variable, a Jacobian of m formulas in v variables ``(n, m, v)``, a Hessian
    ``(n, v, v)``. A vector has numbers for all points or arrays that broadcast with them, by name
    or along its last axis. Up to 64 points are answered one by one, of more a sample, and every
    point where a number is missing or a kink may be, as long as the time allows.
    In a formula of tensors, such as ``sum(x^2)``, an array is the tensor.
    """

    def eval(self, *at: At, settings: Settings | None = None, **point: Number) -> Derivative:
        """Return the value, as ``value``, shaped as the values broadcast.

        >>> import diffcli
        >>> diffcli.parse("x^2 + y").eval(x=3, y=1).value
        10.0
        """
        return self._derived(Eval(), at, point, settings)

    def grad(
        self,
        *at: At,
        order: int = 1,
        wrt: Sequence[str] = (),
        mode: Mode = "auto",
        settings: Settings | None = None,
        **point: Number,
    ) -> Derivative:
        """Return the ``order``-th derivative in each variable, or in those of ``wrt``, by name.

        Of a formula of tensors each is shaped like its variable.

        >>> import diffcli
        >>> diffcli.parse("u^3 + v^2 + 4uv").grad(u=3, v=4)
        <grad {'u': 43.0, 'v': 20.0}, certified>
        >>> diffcli.parse("abs(x)").grad(x=[-2, 0, 2])["x"]
        array([-1., nan,  1.])
        """
        return self._derived(
            Grad(order_of(order), names_of(wrt), one_of("mode", mode, MODES)), at, point, settings
        )

    def partial(
        self,
        *wrt: str,
        at: str | Mapping[str, Number] | None = None,
        settings: Settings | None = None,
        **point: Number,
    ) -> Derivative:
        """Return the mixed partial in each variable of ``wrt`` in turn, a number.

        Raises UsageError where there is none.

        >>> import diffcli
        >>> float(diffcli.parse("x^2*y^3").partial("x", "y", "y", x=1, y=2))
        24.0
        """
        if not wrt:
            raise UsageError("a partial in which variables?", hint='partial("x", "y", x=1, y=2)')
        return self._derived(Partial(tuple(wrt)), [at] if at else [], point, settings)

    def jacobian(
        self,
        *at: At,
        mode: Mode = "auto",
        sparse: bool = False,
        wrt: Sequence[str] = (),
        settings: Settings | None = None,
        **point: Number,
    ) -> Derivative:
        """Return the matrix of first derivatives: (outputs, variables), tensors by components.

        ``mode`` is ``reverse`` (by rows), ``forward`` (by columns) or ``auto``; ``sparse`` gives
        what isn't always zero, as scipy's ``coo_array`` or a sparse tensor, at one point.

        >>> import diffcli
        >>> diffcli.parse("[x^2*y, 5x + sin(y)]").jacobian(x=1, y=0).derivative.tolist()
        [[0.0, 1.0], [5.0, 1.0]]
        """
        return self._derived(
            Jacobian(one_of("mode", mode, MODES), sparse=sparse, wrt=names_of(wrt)),
            at,
            point,
            settings,
        )

    def hessian(
        self,
        *at: At,
        sparse: bool = False,
        wrt: Sequence[str] = (),
        settings: Settings | None = None,
        **point: Number,
    ) -> Derivative:
        """Return the symmetric matrix of second derivatives: (variables, variables).

        ``sparse`` as in :meth:`jacobian`.

        >>> import diffcli
        >>> diffcli.parse("x^2*y + y^3").hessian(x=1, y=2).derivative.tolist()
        [[4.0, 2.0], [2.0, 12.0]]
        """
        return self._derived(Hessian(sparse=sparse, wrt=names_of(wrt)), at, point, settings)

    def jvp(
        self,
        *at: At,
        vector: At,
        wrt: Sequence[str] = (),
        settings: Settings | None = None,
        **point: Number,
    ) -> Derivative:
        """Return the Jacobian times a vector of the variables' shapes; shaped like the value.

        >>> import diffcli
        >>> diffcli.parse("[x^2*y, 5x]").jvp(x=1, y=2, vector=[1, -1]).derivative
        array([3., 5.])
        """
        return self._derived(Jvp(_vector(vector), wrt=names_of(wrt)), at, point, settings)

    def vjp(
        self,
        *at: At,
        vector: At,
        wrt: Sequence[str] = (),
        settings: Settings | None = None,
        **point: Number,
    ) -> Derivative:
        """Return a vector of the value's shape times the Jacobian, by variable.

        >>> import diffcli
        >>> diffcli.parse("2x").vjp(x=[1, 1, 1], vector=[0.1, 1, 10])["x"].tolist()
        [0.2, 2.0, 20.0]
        """
        return self._derived(Vjp(_vector(vector), wrt=names_of(wrt)), at, point, settings)

    def hvp(
        self,
        *at: At,
        vector: At,
        wrt: Sequence[str] = (),
        settings: Settings | None = None,
        **point: Number,
    ) -> Derivative:
        """Return the Hessian times a vector of the variables' shapes, by variable.

        >>> import diffcli
        >>> diffcli.parse("x^2*y").hvp(x=1, y=2, vector={"x": 1, "y": 0})
        <hvp {'x': 4.0, 'y': 2.0}, certified>
        """
        return self._derived(Hvp(_vector(vector), wrt=names_of(wrt)), at, point, settings)

    def vhp(
        self,
        *at: At,
        vector: At,
        wrt: Sequence[str] = (),
        settings: Settings | None = None,
        **point: Number,
    ) -> Derivative:
        """Return a vector times the Hessian, which is symmetric: as :meth:`hvp`."""
        return self._derived(Vhp(_vector(vector), wrt=names_of(wrt)), at, point, settings)

    def laplacian(
        self,
        *at: At,
        wrt: Sequence[str] = (),
        settings: Settings | None = None,
        **point: Number,
    ) -> Derivative:
        """Return the sum of the second derivatives in each variable, a number.

        >>> import diffcli
        >>> float(diffcli.parse("x^2*y + y^3").laplacian(x=1, y=2))
        16.0
        """
        return self._derived(Laplacian(wrt=names_of(wrt)), at, point, settings)

    def divergence(
        self,
        *at: At,
        wrt: Sequence[str] = (),
        settings: Settings | None = None,
        **point: Number,
    ) -> Derivative:
        """Return the sum of each output's derivative in its own variable, a number."""
        return self._derived(Divergence(wrt=names_of(wrt)), at, point, settings)

    def curl(self, *at: At, settings: Settings | None = None, **point: Number) -> Derivative:
        """Return the rotation of a field of three outputs in three variables, by variable."""
        return self._derived(Curl(), at, point, settings)

    def taylor(
        self, *at: At, order: int = 5, settings: Settings | None = None, **point: Number
    ) -> Derivative:
        """Return the Taylor polynomial's coefficients about a point, by monomial.

        A monomial is in the distances from the point; that of the constant term is ``1``.

        >>> import diffcli
        >>> diffcli.parse("exp(2x)").taylor(x=0, order=3)["x**2"]
        2.0
        """
        result = self._derived(Taylor(order_of(order)), at, point, settings)
        if len(result.report.results) > 1 or result.verdict is None:
            return result
        chosen = kind_of([*at, point]).settings(settings)
        centre = point_of(at, point, self.variables)
        return replace(result, answer=partial(_expansion, self, centre, chosen, order))

    def _derived(
        self,
        operator: Operator,
        at: Sequence[At],
        named: Mapping[str, Number],
        settings: Settings | None,
    ) -> Derivative:
        kind = kind_of([*at, named])
        chosen = kind.settings(settings)
        if not at and not named and self.variables:
            report = derive(operator, self, (), chosen)
            return Derivative(report, figure=partial(_figure, self, ()))
        point = point_of(at, named, self.variables)
        function = read_at(self, point)
        if not function.has_tensors and not all(isinstance(x, Node) for x in point.values.values()):
            from diffcli.api.many import derivative_at_points

            return derivative_at_points(operator, function, point, kind, chosen)
        report = derive(operator, function, [point], chosen)
        (result,) = report.results
        numbers = arranged(result.derivative, kind)
        figure = partial(_figure, function, (point,))
        return Derivative(report, kind.made(result.value), numbers, figure=figure)


def _figure(function: ReadFunction, points: Sequence[Point]) -> str | None:
    """Return the plot beside a derivative."""
    from diffcli.output.plots.beside import figure_beside

    return figure_beside(function, points)


def read_at(function: ReadFunction, point: Point) -> ReadFunction:
    r"""Return a formula in LaTeX as it reads beside the tensors of a point: ``A^{-1} x``."""
    if all(isinstance(value, Node) for value in point.values.values()):
        return function
    if function.definitions or not any(map(is_latex, function.text)):
        return function
    given = given_by([Typed(point.values)])
    read = parse(function.text, variables=function.variables, given=given)
    return function if read.outputs == function.outputs else read


def _expansion(function: ReadFunction, point: Point, settings: Settings, order: int) -> Answer:
    """Return a Taylor polynomial as its command shows it."""
    from diffcli.studies.taylor.document import answer
    from diffcli.studies.taylor.expansion import expand

    return answer(*expand(function, [point], settings, order=order), order)


def _vector(given: At) -> Typed:
    """Return a vector, as an operator takes it."""
    return typed_of([given], {})

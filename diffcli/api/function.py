"""A formula as an object: its derivatives, proofs, pictures and code as methods."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from math import isinf
from typing import TYPE_CHECKING, Any

from diffcli.api.derivatives import Differentiable
from diffcli.api.results import Ball, Derivative, Finding, Plot
from diffcli.api.values import (
    At,
    Number,
    arranged,
    ends_of,
    kind_of,
    names_of,
    one_of,
    order_of,
    point_of,
    written_point,
)
from diffcli.differentiation import Settings
from diffcli.errors import UsageError
from diffcli.language import parser
from diffcli.language.declarations import declarations
from diffcli.language.formula import Formula
from diffcli.language.function import Function as ReadFunction
from diffcli.operators import Eval, Grad
from diffcli.output.report import Facts

if TYPE_CHECKING:
    from torch import Tensor

    from diffcli.export.code import Code
    from diffcli.export.routines import Kind as CodeKind


_SHOWN = 200
"""Of a formula in a representation, in characters."""


@dataclass(frozen=True, repr=False)
class Function(Differentiable):
    """A formula that has been read: made by :func:`diffcli.parse`."""

    def __call__(self, *at: At, **point: Number) -> Any:
        """Return the value at a point, in the order of the variables or by name; as ``eval`` does.

        >>> import diffcli
        >>> f = diffcli.parse("x^2 + y")
        >>> f(2.0, 1), f(x=2, y=0.5)
        (5.0, 4.5)
        """
        return self._derived(Eval(), at, point, None).value

    def implicit(
        self,
        *at: At,
        of: Sequence[str] = (),
        wrt: Sequence[str] = (),
        order: int = 1,
        settings: Settings | None = None,
        **point: Number,
    ) -> Derivative:
        """Return the derivatives of what the formula's being 0 makes of a variable, by name.

        ``of`` are the variables that depend, as many as outputs, the last ones if none is said;
        ``wrt`` the others. The point must lie where every output is 0.

        >>> import diffcli
        >>> circle = diffcli.parse("x^2 + y^2 - 25")
        >>> float(circle.implicit(x=3, y=4))
        -0.75
        """
        from diffcli.studies.implicit import report_of
        from diffcli.studies.implicit.document import answer

        kind = kind_of([*at, point])
        points = [point_of(at, point, self.variables)] if at or point else []
        report = report_of(
            self, points, kind.settings(settings), names_of(of), names_of(wrt), order_of(order)
        )
        answered = partial(answer, report)
        if not points:
            return Derivative(report, answer=answered)
        numbers = arranged(report.results[0].derivative, kind)
        return Derivative(report, derivative=numbers, answer=answered)

    @property
    def symbolic(self) -> Mapping[str, Formula]:
        """The formulas of the first derivatives, by entry: ``x``, or ``f1,x`` of several outputs.

        >>> import diffcli
        >>> diffcli.parse("x^2*sin(y)").symbolic["x"].text
        '2*x*sin(y)'
        """
        return (self.grad() if self.is_scalar else self.jacobian()).symbolic

    @property
    def sympy(self) -> Any:
        """The formula as a sympy expression as typed, unevaluated; a tuple of several.

        Its symbols are real.
        """
        from diffcli.engines.symbolic import expression as terms

        nodes = terms(self)
        return nodes[0] if self.is_scalar else nodes

    @property
    def torch(self) -> Callable[..., Tensor | tuple[Tensor, ...]]:
        """The formula as a function of tensors, in the order of the variables or by name.

        It can be differentiated by autograd at any order, vectorised by ``torch.func.vmap``,
        compiled by ``torch.compile``, pickled, and called in a module's ``forward``.

        >>> import diffcli, torch
        >>> energy = diffcli.parse("k*x^2/2").torch
        >>> energy(x=torch.tensor([1.0, 2.0]), k=torch.tensor(3.0))
        tensor([1.5000, 6.0000])
        """
        from diffcli.engines.callable import callable_of

        return callable_of(self)

    @property
    def latex(self) -> str:
        r"""The formula in LaTeX.

        >>> import diffcli
        >>> print(diffcli.parse("x^2/y").latex)
        \frac{x^{2}}{y}
        """
        from diffcli.language.latex.printer import latex_of

        return latex_of(self)

    def enclosure(
        self, *at: At, wrt: Sequence[str] = (), output: int = 0, digits: int = 17, **point: Number
    ) -> Ball:
        """Prove the value, or the partial in the variables of ``wrt`` in turn, to so many digits.

        The point is exact: ``"1/3"`` is a third, a float the binary number that it is. By Taylor
        arithmetic on balls (Johansson, IEEE Trans. Computers 66, 2017).

        >>> import diffcli
        >>> diffcli.parse("exp(pi*sqrt(x))").enclosure(x=163, digits=30).digits
        '262537412640768743.999999999999'
        """
        from diffcli.engines import enclosure
        from diffcli.engines.progressions import exact

        by = names_of(wrt)
        for name in by:
            one_of("variable of the formula", name, self.variables)
        if output not in range(len(self.outputs)):
            raise UsageError(
                f"there is no output {output!r}", hint=f"0 to {len(self.outputs) - 1}, in order"
            )
        values = point_of(at, point, self.variables).values
        coordinates = {name: exact(value) for name, value in values.items()}
        if any(entries is None or len(entries) != 1 for entries in coordinates.values()):
            raise UsageError("an enclosure is of one point", hint="give every variable a number")
        single = {name: entries[0] for name, entries in coordinates.items() if entries}
        found = enclosure.partial(self.outputs[output], single, by, digits=digits)
        return Ball(",".join(by) or "f", found.digits(digits), found.interval(digits), found)

    def verify(
        self,
        *at: At,
        claim: str | None = None,
        order: int | None = None,
        wrt: Sequence[str] = (),
        settings: Settings | None = None,
        **point: Number,
    ) -> Finding:
        """Show what every engine says of the derivative at a point, or decide a claim about it.

        A ``claim`` is a formula, or a list of them: ``"[2xy, x^2]"``; of tensors, whose shapes the
        point gives, a formula for each variable. ``wrt`` names the variables to differentiate in.
        The result is true where nothing disagrees, or the claim holds.

        >>> import diffcli
        >>> square = diffcli.parse("x^2")
        >>> bool(square.verify(claim="2x")), bool(square.verify(claim="x"))
        (True, False)
        >>> bool(diffcli.parse("sum((A@w - b)^2)").verify(
        ...     claim="2*A.T@(A@w - b)", wrt="w", A=[[1, 2], [3, 4]], w=[1, 2], b=[1, 1]
        ... ))
        True
        """
        kind = kind_of([*at, point])
        chosen, names = kind.settings(settings), names_of(wrt)
        points = [point_of(at, point, self.variables)] if at or point else []
        if claim is None:
            from diffcli.studies.check.document import evidence_answer
            from diffcli.studies.check.evidence import gather

            if not points:
                raise UsageError("verify what?", hint='a point: x=3; or a claim: claim="2x"')
            comparison = gather(Grad(order or 1, names), self, points, chosen)
            return Finding(
                comparison, partial(evidence_answer, comparison), comparison.exit_code == 0
            )
        from diffcli.studies.check.claim import read_claim
        from diffcli.studies.check.decision import judged
        from diffcli.studies.check.document import decision_answer

        typed = read_claim(claim)
        # As it was read, so that the claim may name what the formula defines.
        both = parser.parse(
            [self.read_as, *typed.formulas], variables=self.variables, said=self.said
        )
        both = replace(both, text=(*self.text, *typed.formulas))
        decision = judged(
            both, typed, points, chosen, wrt=names, declared=self.variables, order=order
        )
        return Finding(decision, partial(decision_answer, decision), decision.exit_code == 0)

    def steps(self, *, wrt: Sequence[str] = (), order: int = 1) -> Finding:
        """Write the differentiation out: which rule, what is u and what is v, what comes of it."""
        from diffcli.studies.steps.differentiation import explain
        from diffcli.studies.steps.document import explanation_answer

        explanation = explain(self, wrt=names_of(wrt), order=order_of(order))
        return Finding(
            explanation, partial(explanation_answer, explanation, Facts.of("steps", self))
        )

    def limit(self, at: At | str, *, side: str = "both", wrt: str | None = None) -> Finding:
        """Find the limit at a point, with proof; it is true where there is one.

        The point may be infinite, or as on the command line a text: ``"0+"``, ``"-inf"``. ``side``
        is both, left or right, ``wrt`` the variable that moves where there are several.

        >>> import diffcli
        >>> diffcli.parse("(1 + 1/x)^x").limit("inf").found["results"][0]["exact"]
        'e'
        """
        target = str(at) if isinstance(at, float) and isinf(at) else at
        options = {} if wrt is None else {"wrt": wrt}
        return self.study("limit", at=target, side=side, **options)

    def study(self, name: str, *, at: At | None = None, **options: Any) -> Finding:
        """Return what a command of the command line answers about the formula.

        ``options`` are the command's, by their keys in a request of ``diffcli batch``; ``in``,
        which is a word of Python, is written ``in_``. ``at`` is the point. ``found`` of the result
        is the JSON of the command. Raises UsageError for another name and for options that the
        command doesn't have.

        >>> import diffcli
        >>> search = diffcli.parse("x^4 - 2x^2").study("critical", range="-3:3")
        >>> [point["at"]["x"] for point in search.found["results"]]
        [-1.0, 0.0, 1.0]
        >>> diffcli.parse("x^2").study("bounds", in_="x=-1:2").found["monotone"]
        {'x': 'neither'}
        """
        from diffcli.commands.json_requests import as_written, request_of
        from diffcli.commands.run import run

        given = {key.removesuffix("_"): value for key, value in options.items()}
        asked = {"kind": name, "expression": self.read_as, "vars": list(self.variables), **given}
        if at is not None:
            asked["at"] = written_point(at)
        answer = run(request_of(as_written(json.dumps(asked)), {}))
        return Finding(answer.data(), lambda: answer, answer.exit_code == 0)

    def plot(
        self,
        *,
        orders: Sequence[int] = (0, 1),
        kind: str | None = None,
        title: str | None = None,
        **ranges: tuple[Number, Number],
    ) -> Plot:
        """Plot the formula and its derivatives; a range by variable: ``x=(-2, 2)``.

        Two variables make contours with the gradient, two outputs a curve or a field of arrows. The
        picture shows itself in a notebook; ``save`` writes it. Raises UsageError where it can't be
        drawn, PointError where a range isn't two numbers.
        """
        from diffcli.output.plots.compose import compose
        from diffcli.output.plots.pictures import Request

        for name in ranges:
            one_of("variable of the formula", name, self.variables)
        ends = {name: ends_of(name, end) for name, end in ranges.items()}
        composed = compose(self, Request(kind=kind, orders=tuple(orders), ranges=ends))
        return Plot(self.read_as, composed.picture, title, composed.chosen)

    def export(
        self,
        target: str = "python",
        *,
        kinds: Sequence[CodeKind] = (),
        name: str = "f",
        wrt: Sequence[str] = (),
        check: bool = True,
    ) -> Code:
        """Return the formula and its derivatives as code: :func:`diffcli.export.code.export`.

        With ``check`` it is run first, and ``notes`` of the code, which its heading says too, tell
        where it isn't right; raises DisagreementError where it is wrong at an ordinary point.
        """
        from diffcli.export.code import export
        from diffcli.export.trial import examined

        code = export(self, target, kinds=kinds, name=name, wrt=names_of(wrt))
        return examined(code)[0] if check else code

    def _repr_html_(self) -> str:
        from diffcli.output.answers import function_lines
        from diffcli.output.document import Document, Formulas
        from diffcli.output.formats import View
        from diffcli.output.html import fragment

        lines = tuple(function_lines(Facts.of("eval", self)))
        return fragment(Document((Formulas(lines),)), View())

    def _repr_latex_(self) -> str:
        return f"${self.latex}$"

    def __str__(self) -> str:
        return self.read_as

    def __repr__(self) -> str:
        read_as = self.read_as
        shown = read_as if len(read_as) <= _SHOWN else f"{read_as[:_SHOWN]} …"
        return f"<Function {shown} of {', '.join(self.variables) or 'no variables'}>"

    def __reduce__(self) -> tuple[object, ...]:
        restore, arguments = super().__reduce__()
        return _restored, (restore, arguments)


def parse(
    text: str | Sequence[str],
    *,
    variables: Sequence[str] = (),
    declared: Iterable[str] = (),
    definitions: Sequence[str] = (),
    complex_numbers: bool = False,
    shapes: str | None = None,
    assume: str | None = None,
) -> Function:
    """Read one formula, or several as the outputs of one Function.

    ``variables`` come first in the order of the variables, the others follow in natural order
    (``x2`` before ``x10``). These names and those ``declared`` are variables whatever else they
    might mean. ``definitions`` (``"y = x + 2"``) are read first. With ``complex_numbers``, ``i``
    and ``I`` are the imaginary unit. ``shapes`` (``"X=(m,n), w=n"``) are those of tensors without a
    value, and ``assume`` (``"A symmetric, S posdef, D diagonal, Q orthogonal"``) says what is known
    of matrices. Raises FormulaError where the text can't be read, LimitError where it is too large,
    UsageError for what is no text.

    >>> import diffcli
    >>> diffcli.parse("u + v + 4uv").read_as
    'u + v + 4*u*v'
    >>> diffcli.parse("x.T @ A @ x", assume="A symmetric").grad(wrt="x").symbolic["x"].text
    '2*A @ x'
    """
    texts = [text] if isinstance(text, str) else text
    if not (isinstance(texts, Sequence) and texts and all(isinstance(one, str) for one in texts)):
        raise UsageError(
            f"a formula is a text, not {text!r}", hint='parse("x^2 + 1"), or several in a list'
        )
    read = parser.parse(
        text,
        variables=variables,
        declared=declared,
        definitions=definitions,
        complex_numbers=complex_numbers,
        said=declarations(shapes, assume),
    )
    return _function(read)


def _function(read: ReadFunction) -> Function:
    return Function(
        **{field.name: getattr(read, field.name) for field in fields(read) if field.init}
    )


def _restored(restore: Callable[..., ReadFunction], arguments: Iterable[Any]) -> Function:
    """Make a pickled Function again."""
    return _function(restore(*arguments))

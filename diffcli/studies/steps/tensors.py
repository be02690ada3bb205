"""Derivations by differentials, of formulas of tensors, and the proof of what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from diffcli.differentiation.forms.agreement import agreement
from diffcli.differentiation.forms.assumed import assumed_form
from diffcli.differentiation.forms.blocks import ClosedForm
from diffcli.differentiation.settings import Settings
from diffcli.errors import DisagreementError, LimitError, UsageError
from diffcli.language.expression import variable
from diffcli.language.function import Function
from diffcli.operators import Grad, Jacobian, Operator
from diffcli.studies.steps.differentiation import checked_names
from diffcli.tensors.calculus.derivation import Derivation, derivation
from diffcli.tensors.calculus.errors import NoClosedFormError
from diffcli.tensors.calculus.identities import rewritten
from diffcli.tensors.calculus.networks import Space
from diffcli.tensors.shapes import shapes_of
from diffcli.verdict import Agreement


@dataclass(frozen=True)
class TensorDerivation:
    """How a derivative comes about; ``form`` is what it is.

    ``taken`` says what was guessed of the variables, ``agreed`` at how many random points another
    engine has the same derivative.
    """

    function: Function
    output: int
    wrt: str
    lines: Derivation
    form: ClosedForm
    taken: str
    agreed: Agreement


def explain_tensors(
    function: Function, *, wrt: Sequence[str], order: int, seed: int
) -> list[TensorDerivation]:
    """Derive the first derivative of each output in each variable by differentials.

    Raises UsageError for another order, LimitError where a derivative has no closed form, and
    DisagreementError where autograd has another one.
    """
    if order != 1:
        raise UsageError(
            "steps of tensors are those of a first derivative",
            hint="hessian gives the second one in closed form",
        )
    names = checked_names(function, wrt)
    return [
        _derived(function, output, name, seed)
        for output in range(len(function.outputs))
        for name in names
    ]


def _derived(function: Function, output: int, name: str, seed: int) -> TensorDerivation:
    (root,) = outputs = (function.outputs[output],)
    single = replace(function, outputs=outputs)
    operator, form, taken = _form(single, name)
    agreed = agreement(operator, single, form, Settings(seed=seed))
    if agreed is None:
        raise DisagreementError(f"another engine has another derivative in {name} than the steps")
    known = {variable(own): shape for own, shape in form.variables.items()}
    any_length = replace(single, said=replace(single.said, any_length=form.names))
    space = Space(known | shapes_of(any_length, form.variables), form.names)
    try:
        lines = derivation(space, root, name)
    except NoClosedFormError:
        # A maximum has no rule of its own; what it is rewritten by has.
        lines = derivation(space, rewritten(root), name)
    return TensorDerivation(single, output, name, lines, form, taken, agreed)


def _form(function: Function, name: str) -> tuple[Operator, ClosedForm, str]:
    """Return the derivative of a number, else of a tensor."""
    gradient = Grad(wrt=(name,))
    try:
        return gradient, *assumed_form(gradient, function)
    except LimitError:
        jacobian = Jacobian(wrt=(name,))
        return jacobian, *assumed_form(jacobian, function)

"""An operator of a user's function at points.

What the function does is recorded, and proved balls of its derivatives are compared with autograd's
numbers. Where nothing can be proved, difference quotients of the function's own values are the
evidence: where they are steady they agree with autograd or contradict it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from diffcli.clock import now, uncollected
from diffcli.differentiation.code.functions import HALF, UserFunction, refused
from diffcli.errors import NoDerivativeError, UsageError
from diffcli.language.expression import number
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.operators import Entry, Grad, Matrix, Notation, Operator, Scalars
from diffcli.operators.operator import Chosen, no_variable
from diffcli.output.report import Report, Result
from diffcli.verdict import Check, Verdict

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.differentiation.code.proofs import Certificate
    from diffcli.differentiation.numbers.arrays import Array
    from diffcli.engines.differences import Estimate

NO_VALUE = "the value is no finite number to torch"
NO_FORMULA = "a Python function has no formula"


def derive_user(
    operator: Operator, function: UserFunction, points: Sequence[Point], settings: Settings
) -> Report:
    """Differentiate a user's function at points.

    Raises UsageError where the operator doesn't apply, NoDerivativeError where autograd can't
    follow the function.
    """
    if isinstance(operator, Matrix) and operator.sparse:
        raise UsageError(f"{NO_FORMULA}, which shows what is zero", hint="leave --sparse out")
    if not points:
        raise UsageError(f"{NO_FORMULA}: it is differentiated at a point", hint="add --at")
    user = _User(_expanded(operator, function.variables), function, settings)
    results = tuple(map(user.result, points))
    return Report(
        command=operator.name,
        expression=(function.text,),
        read_as=function.text,
        variables=function.variables,
        dtype=settings.dtype,
        device=settings.device,
        results=results,
        warnings=tuple(f"{function.text}: {remark}" for remark in user.remarks),
        notation=user.notation,
    )


def _expanded(operator: Operator, variables: Sequence[str]) -> Operator:
    """Return an operator whose layers of a module, as ``encoder.0``, are all their parameters.

    Raises UsageError for what is neither a variable nor a layer.
    """
    if not isinstance(operator, Chosen | Grad):
        return operator
    chosen: list[str] = []
    for name in operator.wrt:
        own = [variable for variable in variables if f"{variable}.".startswith(f"{name}.")]
        if not own and name.partition("[")[0] not in variables:
            raise no_variable(name, variables)
        chosen += own or [name]
    return replace(operator, wrt=tuple(chosen))


class _User:
    """One operator of one user's function, whatever the points."""

    def __init__(self, operator: Operator, function: UserFunction, settings: Settings) -> None:
        self._operator, self._function, self._settings = operator, function, settings
        self._seconds_left = settings.code_budget
        self.notation: Mapping[str, str] = {}
        self.remarks: dict[str, None] = {}

    def result(self, point: Point) -> Result:
        """Return the answer at a point."""
        import numpy as np

        from diffcli.differentiation.code.proofs import Certificate
        from diffcli.engines.autograd import Evaluation, held, tensors, to_array
        from diffcli.engines.coordinates import along, arrays_of

        operator, function, settings = self._operator, self._function, self._settings
        # What is of half precision was computed, and comes as it is.
        kind = "float64" if settings.dtype in HALF else settings.dtype
        arrays = arrays_of(point, dtype=kind, seed=settings.seed)
        if settings.dtype in HALF:  # which numpy lacks in part: rounded by torch
            rounded = tensors(arrays, settings.dtype, settings.device)
            arrays = {name: to_array(value) for name, value in rounded.items()}
        shapes = {name: array.shape for name, array in arrays.items()}
        scalars = operator.moving(Scalars(None, shapes, ()))
        given, moving = tensors(arrays, settings.dtype, settings.device), tuple(scalars.variables)
        evaluation = Evaluation(*held(function, given, moving))
        if not all(output.requires_grad for output in evaluation.outputs):
            raise NoDerivativeError(
                f"{function.text} cuts the graph: autograd can't see how its result comes about",
                hint="without no_grad, detach, .data or numpy on the way",
            )
        scalars = replace(
            scalars, outputs=tuple(tuple(output.shape) for output in evaluation.outputs)
        )
        operator.check(scalars)
        vector: Sequence[Array] = ()
        if operator.direction is not None:
            vector = along(operator.direction, scalars.spaces[operator.along], seed=settings.seed)
        directions_of = map(str, range(len(vector)))
        directions = tensors(
            dict(zip(directions_of, vector, strict=True)), settings.dtype, settings.device
        )
        try:
            blocks = [
                to_array(block) for block in operator.torch(evaluation, list(directions.values()))
            ]
        except RuntimeError as error:  # what torch finds only on its way back
            raise refused(function.text, error) from error
        outputs = [to_array(output) for output in evaluation.outputs]
        names = tuple(scalars.columns)
        # The numbers are named as those of any function with as many components.
        outline = Function(("",), (number(0),) * len(scalars.rows), names)
        flat = [float(component) for part in vector for component in part.flat]
        entries = operator.entries(outline, flat)
        own = Notation(entries, outline)
        self.notation = {**self.notation, **own} if self.notation else own
        program, inputs = held(replace(function, is_silent=True), given, moving)
        asked = "enclosure" in settings.engines
        begun = now()
        deadline = begun + self._seconds_left
        proof = Certificate(
            program, inputs, scalars, settings.dtype, is_asked=asked, deadline=deadline
        )
        unsteady = proof.unsteadiness(outputs)
        if unsteady is None:
            numbers = np.concatenate([block.ravel().astype(np.float64) for block in blocks])
            judgement = proof.judge(operator, entries, vector, numbers, settings.digits)
            self._seconds_left -= now() - begun
            evidence = self._quotients(proof, judgement.checks, arrays, moving, vector)
            value_checks = proof.values(outputs, settings.digits)
            point_of = np.concatenate([arrays[name].ravel() for name in moving])
            coordinates = dict(zip(names, point_of.tolist(), strict=True))
            checks = _undefined(
                entries, _at_numbers(entries, evidence, coordinates), outputs, proof
            )
            self.remarks |= dict.fromkeys([*proof.remarks, *proof.sampled(judgement.checks)])
        else:
            checks = value_checks = (Check("f", Verdict.UNVERIFIED, reason=unsteady),)
            self.remarks[unsteady] = None
        values = [output.tolist() for output in outputs]
        return Result(
            at={name: array.tolist() for name, array in arrays.items()},
            value=values[0] if len(values) == 1 else values,
            derivative=operator.layout(_standing(blocks, checks), scalars),
            symbolic={},
            checks=checks,
            value_checks=value_checks,
        )

    def _quotients(
        self,
        proof: Certificate,
        checks: Sequence[Check],
        arrays: Mapping[str, Array],
        moving: Sequence[str],
        vector: Sequence[Array],
    ) -> Sequence[Check]:
        """Return the checks with a difference quotient as evidence where nothing is proved.

        Next to a jump a quotient that differs contradicts nothing: it may step over the jump.
        """
        if all(check.verdict is not Verdict.UNVERIFIED for check in checks):
            return checks
        estimates = self._function.quotients(self._operator, arrays, moving, vector, self._settings)
        if isinstance(estimates, str):
            with uncollected():
                return [
                    check.because(f"{check.reason}; {estimates}")
                    if check.verdict is Verdict.UNVERIFIED
                    else check
                    for check in checks
                ]
        has_jump = proof.has_jump
        return [
            _by_quotient(check, estimate, has_jump=has_jump)
            if check.verdict is Verdict.UNVERIFIED
            else check
            for check, estimate in zip(checks, estimates, strict=True)
        ]


def _undefined(
    entries: Sequence[Entry],
    checks: Sequence[Check],
    outputs: Sequence[Array],
    proof: Certificate,
) -> tuple[Check, ...]:
    """Return the checks, of which none is proved where the function has no value.

    It is undefined where that is proved: a value that is no finite number to torch may have
    overflowed.
    """
    if all(isfinite(number) for output in outputs for number in output.flat):
        return tuple(checks)
    known, gap = proof.known_values, proof.gap

    def judged(check: Check) -> Check:
        if gap is not None:
            return Check(check.entry, Verdict.UNDEFINED, autograd=check.autograd, reason=gap)
        said = check.reason if check.verdict is Verdict.UNVERIFIED else "there is no proof of one"
        reason = f"{NO_VALUE}; {said}"
        return replace(check, verdict=Verdict.UNVERIFIED, value=None, reason=reason)

    return tuple(
        check if all(known[output] for _, output, _ in entry.parts) else judged(check)
        for entry, check in zip(entries, checks, strict=True)
    )


def _at_numbers(
    entries: Sequence[Entry], checks: Sequence[Check], coordinates: Mapping[str, float]
) -> Sequence[Check]:
    """Return the checks, open where a derivative is by a coordinate that is no finite number."""
    strange = {name for name, value in coordinates.items() if not isfinite(value)}
    if not strange or len(checks) != len(entries):
        return checks

    def judged(entry: Entry, check: Check) -> Check:
        own = next((name for _, _, wrt in entry.parts for name in wrt if name in strange), None)
        if own is None or check.verdict is Verdict.UNDEFINED:
            return check
        reason = f"{own} is {coordinates[own]}, where no difference quotient has a limit"
        return replace(check, verdict=Verdict.UNVERIFIED, value=None, reason=reason)

    return [judged(*pair) for pair in zip(entries, checks, strict=True)]


def _standing(blocks: Sequence[Array], checks: Sequence[Check]) -> list[Any]:
    """Return the numbers as nested lists: what is proved, None where there is no derivative."""
    import numpy as np

    nested, start = [], 0
    if len(checks) != sum(block.size for block in blocks):  # one stands for all
        has_value = all(check.verdict.has_value for check in checks)
        return [
            block.tolist() if has_value else np.full(block.shape, None).tolist() for block in blocks
        ]
    for block in blocks:
        kept = np.empty(block.size, dtype=object)
        kept[:] = [check.value for check in checks[start : start + block.size]]
        nested.append(kept.reshape(block.shape).tolist())
        start += block.size
    return nested


def _by_quotient(check: Check, estimate: Estimate, *, has_jump: bool) -> Check:
    """Hold autograd's number against the difference quotients."""
    from diffcli.engines.differences import Finding

    finding = estimate.judge(check.autograd if check.autograd is not None else nan)
    if finding is Finding.CONTRADICTS and has_jump:
        finding = Finding.OPEN
    verdict = {
        Finding.AGREES: Verdict.AGREES,
        Finding.CONTRADICTS: Verdict.DISAGREES,
        Finding.OPEN: Verdict.UNVERIFIED,
    }[finding]
    is_known = isfinite(estimate.value) and isfinite(estimate.error)
    said = {
        Finding.AGREES: "a difference quotient agrees",
        Finding.CONTRADICTS: "a difference quotient contradicts it: is a part of the graph cut, or "
        "a backward wrong?",
        Finding.OPEN: "the difference quotient is too rough to tell, or a kink is near"
        if is_known
        else "it has no finite difference quotient here, or none near",
    }[finding]
    evidence = (estimate.value, estimate.error) if is_known else None
    reason = f"{check.reason}; {said}"
    return replace(check, verdict=verdict, reason=reason, quotient=evidence)

"""A user's Python function of tensors in place of a formula: its file is run, and nothing else.

What it does is recorded, and proved balls of its derivatives are compared with autograd's numbers.
Where nothing can be proved, difference quotients of the function's own values are the evidence:
where they are steady they agree with autograd or contradict it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from copy import deepcopy
from dataclasses import dataclass, replace
from importlib.util import module_from_spec, spec_from_file_location
from inspect import Parameter, signature
from io import StringIO
from math import isfinite, isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffcli.clock import now
from diffcli.errors import FileError, NoDerivativeError, UsageError
from diffcli.language.expression import number
from diffcli.language.function import Function
from diffcli.language.points import Computed, Point
from diffcli.operators import Entry, Grad, Matrix, Operator, Scalars
from diffcli.operators.operator import Chosen, no_variable
from diffcli.output.report import Report, Result
from diffcli.verdict import NOT_A_NUMBER, Check, Verdict

if TYPE_CHECKING:
    from torch import Tensor

    from diffcli.differentiation import Settings
    from diffcli.differentiation.numbers import Array
    from diffcli.engines.differences import Estimate
    from diffcli.language.points import Typed

NO_FORMULA = "a Python function has no formula"
HALF = ("float16", "bfloat16")
"""The types that only code has."""
UNSTEADY = "a second call at the same point gives other values: it is random, or keeps a state"


@dataclass(frozen=True)
class UserFunction:
    """A function of a user's file: how it was named, its arguments, and what calls it."""

    text: str
    variables: tuple[str, ...]
    call: Callable[..., Any]
    is_silent: bool = False
    starts: tuple[Point, ...] = ()
    """The points it is differentiated at, where it has its own: a module's parameters."""

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return its outputs. What it prints goes to standard error.

        Raises NoDerivativeError where it raises, or gives something else than floating tensors.
        """
        import torch

        try:
            with redirect_stdout(StringIO() if self.is_silent else sys.stderr):
                found = self.call(*inputs)
        except (Exception, SystemExit) as error:  # a user's code may raise anything
            raise _refused(self.text, error) from error
        outputs = tuple(found) if isinstance(found, tuple | list) else (found,)
        for output in outputs:
            if not isinstance(output, torch.Tensor):
                raise NoDerivativeError(
                    f"{self.text} gives a {type(output).__name__}, not a tensor",
                    hint="without .item(), float() or .numpy(), which cut the graph",
                )
            if not output.is_floating_point():
                raise NoDerivativeError(
                    f"{self.text} gives a tensor of {str(output.dtype).removeprefix('torch.')}",
                    hint="only floating-point numbers have derivatives",
                )
        return outputs

    def quotients(
        self,
        operator: Operator,
        arrays: Mapping[str, Array],
        moving: Sequence[str],
        vector: Sequence[Array],
        settings: Settings,
    ) -> list[Estimate] | str:
        """Return the operator's numbers by difference quotients, or why there are none.

        In float32 they are those of the function in float64, where it can be called with that.
        """
        from diffcli.engines.autograd import held, tensors
        from diffcli.engines.differences import SINGLE, estimates

        silent, dtype = replace(self, is_silent=True), settings.dtype
        if dtype in HALF:
            return f"{dtype} is too coarse for difference quotients"
        double = silent._in_double(arrays, settings.device) if dtype == "float32" else None
        function, kind = (double, "float64") if double else (silent, dtype)
        given = tensors(arrays, kind, settings.device)
        return estimates(
            operator,
            held(function._watched, given, moving)[0],
            {name: arrays[name] for name in moving},
            vector,
            dtype=kind,
            device=settings.device,
            **({"tolerance": SINGLE} if dtype == "float32" else {}),
        )

    def _watched(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return its outputs, of inputs that it may itself differentiate by."""
        import torch

        with torch.enable_grad():
            outputs = self(*(each.detach().requires_grad_() for each in inputs))
        return tuple(each.detach() for each in outputs)

    def _in_double(self, arrays: Mapping[str, Array], device: str) -> UserFunction | None:
        """Return the function in float64, a module's parameters too; None where it has no such."""
        import torch

        from diffcli.engines.autograd import tensors

        call = self.call
        if isinstance(call, torch.nn.Module):
            call = deepcopy(call).double()
        double = replace(self, call=call)
        try:
            outputs = double(*tensors(arrays, "float64", device).values())
        except NoDerivativeError:
            return None
        return double if all(output.dtype is torch.float64 for output in outputs) else None


def _refused(text: str, error: BaseException) -> NoDerivativeError:
    said = str(error).strip().split("\n")[0]
    if isinstance(error, RuntimeError) and "in-place" in said:
        return NoDerivativeError(
            f"{text} changes its argument in-place", hint="work on a copy: a.clone()"
        )
    if isinstance(error, RuntimeError) and "inplace operation" in said:
        return NoDerivativeError(
            f"{text} overwrites a tensor that its derivative needs", hint="y = y + 1, not y += 1"
        )
    # The parameters of a module are of float32 unless something else was asked of it.
    hint = "--dtype float32, or module.double()" if "dtype" in said else None
    return NoDerivativeError(f"{text} raises {type(error).__name__}: {said}", hint=hint)


def load(text: str) -> UserFunction:
    """Run the file of ``FILE:NAME`` and return its function.

    Raises FileError where there is no such file or it can't be run, UsageError where it has no
    such function.
    """
    file, colon, name = text.rpartition(":")
    if not colon or not file or not name:
        raise UsageError(f"{text!r} is no file with a function", hint="--py FILE.py:NAME")
    path = Path(file)
    found = _named(path, name)
    if isinstance(found, type):
        raise UsageError(f"{text} is a class, not a function", hint=f"an object: f = {name}()")
    # A torch module's own signature is that of its forward.
    parameters = signature(getattr(found, "forward", found)).parameters.values()
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    if any(
        parameter.kind not in positional and parameter.default is parameter.empty
        for parameter in parameters
    ):
        raise UsageError(f"{text} takes any arguments", hint=f"name them: def {name}(x, y): …")
    names = tuple(
        parameter.name for parameter in parameters if parameter.default is parameter.empty
    )
    return UserFunction(f"{path.name}:{name}", names, found)


def load_module(
    text: str, loss: str | None, inputs: Path | None, points: Sequence[Typed], dtype: str
) -> UserFunction:
    """Run the file of ``FILE:NAME`` and return its module as a function of its parameters.

    ``loss`` names a function of that file, or of another as ``FILE:NAME``; the batch comes from a
    file and from the typed points. Raises as :func:`load`, and UsageError for what is no module.
    """
    import torch

    from diffcli.engines.coordinates import arrays_of
    from diffcli.modules import OfParameters, read_inputs

    file, _, name = text.rpartition(":")
    module = _named(Path(file), name)
    if not isinstance(module, torch.nn.Module) and not signature(module).parameters:
        module = module()
    if not isinstance(module, torch.nn.Module):
        raise UsageError(
            f"{text} is no torch.nn.Module, nor returns one", hint="--loss goes with a module"
        )
    other, _, own = (loss or "").rpartition(":")
    measure = _named(Path(other or file), own) if own else None
    batch: Any = read_inputs(inputs) if inputs else {}
    for point in points:
        if point.ordered or not isinstance(batch, Mapping):
            raise UsageError("the inputs need names", hint='--at "x=[1,2],target=0"')
        kind = "float64" if dtype in HALF else dtype
        typed = arrays_of(Point(point.named), dtype=kind, seed=0)
        batch = {**batch, **{key: torch.from_numpy(each) for key, each in typed.items()}}
    call = OfParameters(module, batch, measure, dtype)
    values = {
        key: Computed(each.detach().double().numpy()) for key, each in call.parameters.items()
    }
    return UserFunction(f"{Path(file).name}:{name}", call.names, call, starts=(Point(values),))


def _named(path: Path, name: str) -> Any:
    """Run a file and return what it defines under a name.

    Raises FileError where there is no such file, UsageError where it has no such function.
    """
    if not path.is_file():
        raise FileError(f"there is no file {path}", hint="--py FILE.py:NAME")
    found = _module(path).get(name)
    if not callable(found):
        raise UsageError(f"{path} has no function {name!r}", hint=f"def {name}(x): …")
    return found


def _module(path: Path) -> Mapping[str, Any]:
    """Run a file and return what it defines."""
    spec = spec_from_file_location(f"diffcli_user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise FileError(f"{path} is no Python file", hint="--py FILE.py:NAME")
    module = module_from_spec(spec)
    # Where the standard library looks up the module that a class was defined in.
    sys.modules[spec.name] = module
    try:
        with redirect_stdout(sys.stderr):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a user's code may raise anything
        said = f"{type(error).__name__}: {error}"
        raise FileError(f"{path} can't be run: {said}") from error
    return vars(module)


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
        self.notation: dict[str, str] = {}
        self.remarks: dict[str, None] = {}

    def result(self, point: Point) -> Result:
        """Return the answer at a point."""
        import numpy as np

        from diffcli.certify import Certificate
        from diffcli.engines.autograd import Evaluation, held, tensors, to_array
        from diffcli.engines.coordinates import along, arrays_of

        operator, function, settings = self._operator, self._function, self._settings
        # What is of half precision was computed, and comes as it is.
        kind = "float64" if settings.dtype in HALF else settings.dtype
        arrays = arrays_of(point, dtype=kind, seed=settings.seed)
        if settings.dtype in HALF:  # which numpy lacks in part: rounded by torch
            rounded = tensors(arrays, settings.dtype, settings.device)
            arrays = {name: to_array(value) for name, value in rounded.items()}
        shapes = {name: each.shape for name, each in arrays.items()}
        scalars = operator.moving(Scalars(None, shapes, ()))
        given, moving = tensors(arrays, settings.dtype, settings.device), tuple(scalars.variables)
        at = Evaluation(*held(function, given, moving))
        if not all(output.requires_grad for output in at.outputs):
            raise NoDerivativeError(
                f"{function.text} cuts the graph: autograd can't see how its result comes about",
                hint="without no_grad, detach, .data or numpy on the way",
            )
        scalars = replace(scalars, outputs=tuple(tuple(output.shape) for output in at.outputs))
        operator.check(scalars)
        vector: Sequence[Array] = ()
        if operator.direction is not None:
            vector = along(operator.direction, scalars.spaces[operator.along], seed=settings.seed)
        directions_of = map(str, range(len(vector)))
        directions = tensors(
            dict(zip(directions_of, vector, strict=True)), settings.dtype, settings.device
        )
        try:
            blocks = [to_array(each) for each in operator.torch(at, list(directions.values()))]
        except RuntimeError as error:  # what torch finds only on its way back
            raise _refused(function.text, error) from error
        outputs = [to_array(each) for each in at.outputs]
        names = tuple(scalars.columns)
        # The numbers are named as those of any function with as many components.
        outline = Function(("",), (number(0),) * len(scalars.rows), names)
        flat = [float(component) for each in vector for component in each.flat]
        entries = operator.entries(outline, flat)
        self.notation |= {entry.label: entry.notation(outline) for entry in entries}
        program, inputs = held(replace(function, is_silent=True), given, moving)
        asked = "enclosure" in settings.engines
        begun = now()
        deadline = begun + self._seconds_left
        proof = Certificate(
            program, inputs, scalars, settings.dtype, is_asked=asked, deadline=deadline
        )
        if proof.repeats(outputs):
            numbers = np.array([float(each) for block in blocks for each in block.flat])
            judgement = proof.judge(operator, entries, vector, numbers, settings.digits)
            self._seconds_left -= now() - begun
            evidence = self._quotients(judgement.checks, arrays, moving, vector)
            checks = _undefined(entries, evidence, outputs)
            value_checks = proof.values(outputs, settings.digits)
            self.remarks |= dict.fromkeys([*proof.remarks, *proof.sampled(judgement.checks)])
        else:
            checks = value_checks = (Check("f", Verdict.UNVERIFIED, reason=UNSTEADY),)
            self.remarks[UNSTEADY] = None
        values = [each.tolist() for each in outputs]
        return Result(
            at={name: each.tolist() for name, each in arrays.items()},
            value=values[0] if len(values) == 1 else values,
            derivative=operator.layout(_standing(blocks, checks), scalars),
            symbolic={},
            checks=checks,
            value_checks=value_checks,
        )

    def _quotients(
        self,
        checks: Sequence[Check],
        arrays: Mapping[str, Array],
        moving: Sequence[str],
        vector: Sequence[Array],
    ) -> Sequence[Check]:
        """Return the checks with a difference quotient as evidence where nothing is proved."""
        if all(check.verdict is not Verdict.UNVERIFIED for check in checks):
            return checks
        found = self._function.quotients(self._operator, arrays, moving, vector, self._settings)
        if isinstance(found, str):
            return [
                replace(check, reason=f"{check.reason}; {found}")
                if check.verdict is Verdict.UNVERIFIED
                else check
                for check in checks
            ]
        return [
            _by_quotient(check, estimate) if check.verdict is Verdict.UNVERIFIED else check
            for check, estimate in zip(checks, found, strict=True)
        ]


def _undefined(
    entries: Sequence[Entry], checks: Sequence[Check], outputs: Sequence[Array]
) -> tuple[Check, ...]:
    """Return the checks, undefined where an entry is of a value that is no number."""
    gone = [isnan(each) for output in outputs for each in output.flat]
    if not any(gone):
        return tuple(checks)
    if all(gone):
        return (Check("f", Verdict.UNDEFINED, reason=NOT_A_NUMBER),)
    return tuple(
        Check(entry.label, Verdict.UNDEFINED, autograd=check.autograd, reason=NOT_A_NUMBER)
        if any(gone[output] for _, output, _ in entry.parts)
        else check
        for entry, check in zip(entries, checks, strict=True)
    )


def _standing(blocks: Sequence[Array], checks: Sequence[Check]) -> list[Any]:
    """Return the numbers as nested lists: what is proved, None where there is no derivative."""
    import numpy as np

    found, start = [], 0
    if len(checks) != sum(block.size for block in blocks):  # one stands for all
        has_value = all(check.verdict.has_value for check in checks)
        return [
            block.tolist() if has_value else np.full(block.shape, None).tolist() for block in blocks
        ]
    for block in blocks:
        kept = np.empty(block.size, dtype=object)
        kept[:] = [check.value for check in checks[start : start + block.size]]
        found.append(kept.reshape(block.shape).tolist())
        start += block.size
    return found


def _by_quotient(check: Check, estimate: Estimate) -> Check:
    """Hold autograd's number against the difference quotients."""
    from diffcli.engines.differences import Finding

    finding = estimate.judge(check.autograd if check.autograd is not None else nan)
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

"""A user's Python function of tensors in place of a formula: its file is run, and nothing else."""

from __future__ import annotations

import sys
from ast import Assign, FunctionDef, Name, parse
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from copy import deepcopy
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.util import module_from_spec, spec_from_file_location
from inspect import Parameter, signature
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffcli.errors import FileError, NoDerivativeError, UsageError
from diffcli.language.points import Computed, Point
from diffcli.operators import Operator

if TYPE_CHECKING:
    from torch import Tensor

    from diffcli.differentiation import Settings
    from diffcli.differentiation.numbers.arrays import Array
    from diffcli.engines.differences import Estimate
    from diffcli.language.points import Typed

HALF = ("float16", "bfloat16")
"""The types that only code has."""
MOST_NAMES = 8
"""Functions of a file that a hint lists."""


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
                returned = self.call(*inputs)
        except (Exception, SystemExit) as error:  # a user's code may raise anything
            raise refused(self.text, error) from error
        outputs = tuple(returned) if isinstance(returned, tuple | list) else (returned,)
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
            outputs = self(*(tensor.detach().requires_grad_() for tensor in inputs))
        return tuple(tensor.detach() for tensor in outputs)

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


def refused(text: str, error: BaseException) -> NoDerivativeError:
    """Return the error that tells what a user's code raised, and what may help."""
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
    path, name = named_in(text)
    function = _named(path, name)
    if isinstance(function, type):
        raise UsageError(f"{text} is a class, not a function", hint=f"an object: f = {name}()")
    # A torch module's own signature is that of its forward.
    parameters = signature(getattr(function, "forward", function)).parameters.values()
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    if any(
        parameter.kind not in positional and parameter.default is parameter.empty
        for parameter in parameters
    ):
        raise UsageError(f"{text} takes any arguments", hint=f"name them: def {name}(x, y): …")
    names = tuple(
        parameter.name for parameter in parameters if parameter.default is parameter.empty
    )
    return UserFunction(f"{path.name}:{name}", names, function)


def load_module(
    text: str, loss: str | None, inputs: Path | None, points: Sequence[Typed], dtype: str
) -> UserFunction:
    """Run the file of ``FILE:NAME`` and return its module as a function of its parameters.

    ``loss`` names a function of that file, or of another as ``FILE:NAME``; the batch comes from a
    file and from the typed points. Raises as :func:`load`, and UsageError for what is no module.
    """
    import torch

    from diffcli.differentiation.code.modules import OfParameters, read_inputs
    from diffcli.engines.coordinates import arrays_of

    path, name = named_in(text)
    module = _named(path, name)
    if not isinstance(module, torch.nn.Module) and not signature(module).parameters:
        module = module()
    if not isinstance(module, torch.nn.Module):
        raise UsageError(
            f"{text} is no torch.nn.Module, nor returns one", hint="--loss goes with a module"
        )
    other, _, own = (loss or "").rpartition(":")
    measure = _named(Path(other) if other else path, own) if own else None
    batch: Any = read_inputs(inputs) if inputs else {}
    whole: set[str] = set()
    for point in points:
        if point.ordered or not isinstance(batch, Mapping):
            raise UsageError("the inputs need names", hint='--at "x=[1,2],target=0"')
        kind = "float64" if dtype in HALF else dtype
        typed = arrays_of(Point(point.named), dtype=kind, seed=0)
        batch = {**batch, **{key: torch.from_numpy(array) for key, array in typed.items()}}
        whole |= {key for key, array in typed.items() if (array % 1 == 0).all()}
    call = OfParameters(module, batch, measure, dtype, whole)
    values = {
        key: Computed(array.detach().double().numpy()) for key, array in call.parameters.items()
    }
    return UserFunction(f"{path.name}:{name}", call.names, call, starts=(Point(values),))


def named_in(text: str) -> tuple[Path, str]:
    """Return the file and the name of ``FILE:NAME``.

    Raises UsageError for a text without a name, which tells the functions of the file.
    """
    file, colon, name = text.rpartition(":")
    if colon and file and name:
        return Path(file), name
    path = Path(text.removesuffix(":"))
    if not path.is_file():
        raise UsageError(f"{text!r} is no file with a function", hint="--py FILE.py:NAME")
    raise UsageError(
        f"which function of {path}?",
        hint=", ".join(f"--py {path}:{own}" for own in _functions(path)[:MOST_NAMES])
        or "it defines none: def f(x): …",
    )


def _functions(path: Path) -> list[str]:
    """Return the names of the functions and modules that a file defines itself; it isn't run.

    Those that it begins with an underscore are its own.
    """
    try:
        tree = parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return []
    assignments = (statement for statement in tree.body if isinstance(statement, Assign))
    assigned = (target for assignment in assignments for target in assignment.targets)
    names = [statement.name for statement in tree.body if isinstance(statement, FunctionDef)]
    names += [target.id for target in assigned if isinstance(target, Name)]
    return [name for name in dict.fromkeys(names) if not name.startswith("_")]


def _named(path: Path, name: str) -> Any:
    """Run a file and return what it defines under a name.

    Raises FileError where there is no such file, UsageError where it has no such function.
    """
    if not path.is_file():
        raise FileError(f"there is no file {path}", hint="--py FILE.py:NAME")
    result = _module(path).get(name)
    if not callable(result):
        raise UsageError(f"{path} has no function {name!r}", hint=_instead(path, name))
    return result


def _instead(path: Path, name: str) -> str:
    """Return which functions a file has instead of one, the one that is meant perhaps first."""
    own = _functions(path)
    if not own:
        return f"def {name}(x): …"
    near = get_close_matches(name, own, 1)
    return f"it has {', '.join(dict.fromkeys([*near, *own[:MOST_NAMES]]))}"


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

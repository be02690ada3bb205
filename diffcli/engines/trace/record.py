"""What a function of tensors does, as a straight line of torch's own operations.

The function runs once under a dispatch mode, below autograd: loops, recursion, modules, operations
in place and what a custom ``torch.autograd.Function`` calls are all operations on storages, with
the line of the user's file that asked for them. Nothing is differentiated here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

from diffcli.engines.trace.departures import Departures
from diffcli.engines.trace.operations import (
    METADATA,
    READ_BACK,
    REPLACING,
    has_padding,
    is_movement,
    labels_of,
    tensors_in,
)
from diffcli.engines.trace.steps import Call, Cut, Record, Reference, Step, Where

TORCH = str(Path(torch.__file__).parent)
OWN = str(Path(__file__).parents[2])
MAX_STEPS = 200_000
"""Operations that one record may have."""


def record(function: Callable[..., Sequence[Tensor]], inputs: Sequence[Tensor]) -> Record:
    """Run a function of tensors on inputs that require grad, and return what it did.

    Where the function can't do with the numbers that stand for those of ``item()``, it runs again
    with the numbers themselves.
    """
    departures = Departures()
    try:
        return _recorded(function, inputs, departures)
    except Exception:
        # A user's code may raise anything where it is given what only stands for a number; the
        # second run, on the numbers themselves, raises what is the user's own error.
        if not departures.has_departed:
            raise
    return _recorded(function, inputs, Departures(follows=False))


def _recorded(
    function: Callable[..., Sequence[Tensor]], inputs: Sequence[Tensor], departures: Departures
) -> Record:
    result = Record()
    departures.recorder = recorder = _Recorder(result)
    result.inputs = tuple(recorder.reference(tensor) for tensor in inputs)
    with departures, recorder:
        outputs = tuple(function(*inputs))
    result.results = outputs
    if result.problem is None:
        recorder.settle(outputs)
        if any(call.node is not None for call in recorder.unfollowed):
            result.problem = "a custom function gives out what autograd doesn't follow"
        result.outputs = tuple(recorder.reference(tensor) for tensor in outputs)
    return result


_APPLY: CodeType = torch.autograd.Function.apply.__func__.__code__  # type: ignore[attr-defined]


class _Recorder(TorchDispatchMode):
    """Notes every operation that torch dispatches."""

    def __init__(self, record: Record) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found = record
        self._constant: dict[int, bool] = {}
        """Tensors that are constants; of each whether a write in place may end that."""
        self._detached: set[int] = set()
        self._calls: dict[int, Call] = {}
        self.unfollowed: list[Call] = []
        """Custom functions that seem to be called under ``no_grad``."""
        self._writers: dict[int, Call] = {}
        """Which custom function wrote a storage."""
        self._frames: list[FrameType] = []
        self._known: set[int] = set()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Keep torch from importing its compiler, which takes a second, to switch it off."""
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        record, options = self.found, dict(kwargs or {})
        if len(record.steps) >= MAX_STEPS:
            record.problem = f"the function takes more than {MAX_STEPS:,} operations"
        strange = next(filter(None, map(_strangeness, tensors_in((args, options)))), None)
        if strange is not None:
            record.problem = f"a tensor {strange}"
        if record.problem is not None:
            return func(*args, **options)
        name = func._schema.name.partition("::")[2]
        where, call = self._stand()
        given = tuple(tensors_in((args, options)))
        self.settle(given)
        if call is None and torch.is_grad_enabled():
            self._note_untracked(given, where)
        arguments, named = self._referred(args), self._referred(options)
        result = func(*args, **options)
        outputs = tuple(tensors_in(result))
        if any(tensor.is_complex() for tensor in (*given, *outputs)):
            record.problem = f"{name} at {where} has complex numbers"
            return result
        strange = next(filter(None, map(_strangeness, outputs)), None)
        if strange is not None:
            record.problem = f"{name} at {where} gives a tensor that {strange}"
            return result
        written = {
            tensor.name
            for tensor in func._schema.arguments
            if tensor.alias_info is not None and tensor.alias_info.is_write
        }
        if (written and not outputs) or name in REPLACING:
            record.problem = f"{name} at {where} writes what it doesn't return"
            return result
        if name in METADATA:
            written = set()
        is_filled = call is None and written and any(tensor.requires_grad for tensor in given[1:])
        if is_filled and torch.is_grad_enabled() and not self._constant.get(id(given[0]), True):
            record.problem = f"{name} at {where} writes what moves to a detached tensor"
            return result
        is_cut = call is None and (name == "detach" or not torch.is_grad_enabled())
        if not written and self._is_view(args, outputs):
            parents = [tensor for tensor in tensors_in(args) if self._is_constant(tensor)]
            own = tuple(tensors_in(args))
            is_free = not any(x.requires_grad or not self._constant.get(id(x), True) for x in own)
            for output in outputs:
                record.tensors.append(output)
                if name == "detach":
                    self._detached.add(id(output))
                if (is_cut and name != "lift_fresh") or parents:
                    self._constant[id(output)] = is_free
            return result
        labels = labels_of(func, args, options) if is_movement(func, args) else ()
        if has_padding(func, args):
            record.cuts.append(Cut("padding_idx", where, len(record.steps)))
        references = tuple(self.reference(tensor, is_new=True) for tensor in outputs)
        if is_cut and not written:
            self._constant.update((id(tensor), True) for tensor in outputs)
        record.steps.append(
            Step(
                name.rstrip("_") if written else name,
                func._overloadname,
                arguments,
                {key: value for key, value in named.items() if key not in written},
                references,
                tuple(tensor.detach().clone() for tensor in outputs),
                where,
                call,
                labels,
                is_no_grad=is_cut,
                is_in_place=bool(written),
            )
        )
        if call is not None:
            call.last = len(record.steps)
            call.storages.update(tensor.storage for tensor in references)
            self._writers.update((tensor.storage, call) for tensor in references)
        if name in READ_BACK:  # its running statistics change, whatever its schema says
            changed = tuple(tensors_in(args[3:5]))
            values = tuple(tensor.detach().clone() for tensor in changed)
            references = tuple(map(self.reference, changed))
            record.steps.append(Step("snapshot", "", (), {}, references, values, where))
        return result

    def cut(self, kind: str, tensor: Tensor) -> None:
        """Note that a number of a tensor leaves torch, or that its gradient is stopped."""
        where, call = self._stand()
        is_own = where.file == "?"  # of what prepares the call
        if not is_own and (call is None or kind not in ("detach", "data")):
            reference = self.reference(tensor)
            self.found.cuts.append(Cut(kind, where, len(self.found.steps), reference))

    def read_out(self, read: Callable[[], Any], tensor: Tensor) -> Any:
        """Return what reads a number, and note that where torch shows no operation of it."""
        before = len(self.found.steps)
        value = read()
        if len(self.found.steps) == before:
            self.cut("item", tensor)
        return value

    def refuse(self, problem: str) -> None:
        """Note at the user's line why the record isn't the function's."""
        where, _ = self._stand()
        self.found.problem = self.found.problem or f"{problem}, at {where}"

    def _note_untracked(self, tensors: Sequence[Tensor], where: Where) -> None:
        """Note what a custom function computed, and autograd nevertheless takes for a constant."""
        for tensor in tensors:
            is_seen = tensor.requires_grad or self._is_constant(tensor)
            if is_seen or not tensor.is_floating_point():
                continue
            key = tensor.untyped_storage()._cdata
            call = self._writers.get(key)
            if call is None:
                continue
            kind, line = ("untracked", where) if call.node is not None else ("no_grad", call.where)
            self.found.cuts.append(Cut(kind, line, len(self.found.steps), self.reference(tensor)))
            if kind == "no_grad":
                self.unfollowed.append(call)
                self.found.tensors.append(tensor)
                self._constant[id(tensor)] = True

    def reference(self, tensor: Tensor, *, is_new: bool = False) -> Reference:
        """Return a tensor's window on its storage, whose numbers are kept at first sight.

        ``is_new`` says that a step has just written it.
        """
        storage = tensor.untyped_storage()
        key = int(storage._cdata)
        record = self.found
        if key not in self._known:
            self._known.add(key)
            if not is_new and tensor.grad_fn is not None:
                record.problem = "a tensor comes from no recorded operation of this run"
            record.tensors.append(tensor)
            record.sizes[key] = storage.nbytes() // tensor.element_size()
            if not is_new:
                with _disable_current_modes():
                    whole = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
                    record.constants[key] = whole.set_(storage).clone()
        return Reference(
            key,
            int(tensor.storage_offset()),
            tuple(map(int, tensor.shape)),
            tuple(map(int, tensor.stride())),
            tensor.dtype,
            self._is_constant(tensor),
        )

    def _is_constant(self, tensor: Tensor) -> bool:
        """Whether autograd was told to take a tensor for a constant, and nothing ended that.

        A buffer that was detached has a gradient again once numbers that move are written to it,
        and an output that autograd saved once it is taken out again, to differentiate a gradient.
        """
        is_free = self._constant.get(id(tensor))
        may_move = is_free or id(tensor) in self._detached
        return is_free is not None and not (may_move and tensor.grad_fn is not None)

    def settle(self, tensors: Sequence[Tensor]) -> None:
        """Note which of these are the outputs of custom functions that have ended."""
        for tensor in tensors:
            node = tensor.grad_fn
            cls = getattr(node, "_forward_cls", None)
            if cls is None:
                continue
            key = tensor.untyped_storage()._cdata
            for call in self.found.calls:
                if call.node is node or (
                    call.node is None and call.cls is cls and key in call.known_storages
                ):
                    call.node = node
                    call.outputs.setdefault(tensor.output_nr, self.reference(tensor))
                    break

    def _is_view(self, args: Any, outputs: Sequence[Tensor]) -> bool:
        """Whether the outputs are windows on the arguments' storages."""
        own = {tensor.untyped_storage()._cdata for tensor in tensors_in(args) if tensor.numel()}
        return bool(outputs) and all(output.untyped_storage()._cdata in own for output in outputs)

    def _referred(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self.reference(value)
        if isinstance(value, list | tuple):
            return tuple(self._referred(part) for part in value)
        if isinstance(value, dict):
            return {key: self._referred(part) for key, part in value.items()}
        return value

    def _stand(self) -> tuple[Where, Call | None]:
        """Return the user's line, and the outermost custom function that is running."""
        frame: FrameType | None = sys._getframe(2)
        where, apply, line = None, None, None
        while frame is not None:
            code = frame.f_code
            if code is _APPLY:
                apply, line = frame, None
            elif not code.co_filename.startswith((TORCH, OWN)):
                here = Where(code.co_filename, frame.f_lineno)
                where = where or here
                if apply is not None and line is None:
                    line = here
            elif code.co_name == "record" and code.co_filename == __file__:
                break
            frame = frame.f_back
        where = where or Where("?", 0)
        return where, None if apply is None else self._call(apply, line or where)

    def _call(self, frame: FrameType, where: Where) -> Call:
        if id(frame) not in self._calls:
            self._frames.append(frame)  # alive, so that its number isn't given to another
            given = frame.f_locals
            own = dict(enumerate(given.get("args", ())))
            tensors = {
                position: tensor for position, tensor in own.items() if isinstance(tensor, Tensor)
            }
            references = tuple(map(self.reference, tensors.values()))
            names = _argument_names(given["cls"])
            called = tuple(names[i] if i < len(names) else f"input {i + 1}" for i in tensors)
            now = len(self.found.steps)
            call = Call(given["cls"], where, references, called, now, now)
            self._calls[id(frame)] = call
            self.found.calls.append(call)
        return self._calls[id(frame)]


def _strangeness(tensor: Tensor) -> str | None:
    """Return what keeps a tensor's numbers from being read; None of an ordinary one."""
    if tensor.layout is not torch.strided:
        return f"is {str(tensor.layout).removeprefix('torch.')}"
    if tensor.is_meta or isinstance(tensor, FakeTensor):
        return "stands for others and has no numbers"
    return None


def _argument_names(cls: type) -> list[str]:
    """Return the names of what a custom function's forward takes, but for its context."""
    parameters = list(signature(cls.forward).parameters)  # type: ignore[attr-defined]
    takes_context = getattr(cls, "setup_context", None) is torch.autograd.Function.setup_context
    return parameters[1:] if takes_context else parameters

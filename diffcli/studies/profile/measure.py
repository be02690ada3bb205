"""Where the time goes: torch's profiler over evaluations and backward passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import torch
from torch.profiler import ProfilerActivity, profile

from diffcli.differentiation import Settings, derive
from diffcli.engines.autograd import gradient, tensors
from diffcli.engines.coordinates import arrays_of
from diffcli.engines.remote import lower
from diffcli.errors import UsageError
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.operators import Grad
from diffcli.output.report import Report

WARM_UP = 10
"""Evaluations and backward passes before any is measured."""
MICRO = 1e-6


@dataclass(frozen=True)
class OperatorTime:
    """The time that one of torch's operators took in all passes together.

    Times are in seconds, on the processor and on the CUDA device, that of operators called by it
    left out but in ``total``; ``memory`` is what it allocated, in bytes, less what it freed.
    """

    name: str
    calls: int
    self_time: float
    total: float
    device_time: float
    memory: int


@dataclass(frozen=True)
class Profile:
    """Where the time of a number of evaluations and backward passes goes.

    ``value_time`` is the median of an evaluation without autograd, ``gradient_time`` that of one
    with its backward pass, in seconds and without the profiler. ``trace`` is in Chrome's format.
    """

    report: Report
    repeat: int
    operators: tuple[OperatorTime, ...]
    value_time: float
    gradient_time: float
    trace: bytes

    @property
    def ratio(self) -> float:
        """How many evaluations the value with its gradient costs."""
        return self.gradient_time / self.value_time


def measure(function: Function, point: Point, settings: Settings, repeat: int) -> Profile:
    """Profile a formula's evaluation and backward pass at a point, some number of times.

    Raises UsageError where there are several outputs, or no variables.
    """
    if not function.variables:
        raise UsageError("the formula has no variables, so there is no backward pass")
    report = replace(derive(Grad(), function, [point], settings), command="profile")
    arrays = arrays_of(point, dtype=settings.dtype, seed=settings.seed)
    program = lower(function)
    inputs = list(tensors(arrays, settings.dtype, settings.device).values())

    def value() -> None:
        with torch.no_grad():
            program(*inputs)

    def both() -> None:
        gradient(program(*inputs)[0], inputs)

    on_cuda = settings.device.startswith("cuda")
    value_time, gradient_time = (_median_time(timed, repeat, on_cuda) for timed in (value, both))
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_cuda else [])]
    with profile(activities=activities, profile_memory=True, acc_events=True) as profiler:
        for _ in range(repeat):
            both()
    with TemporaryDirectory() as folder:
        file = Path(folder, "trace.json")
        profiler.export_chrome_trace(str(file))
        trace = file.read_bytes()
    return Profile(report, repeat, _operators(profiler), value_time, gradient_time, trace)


def _median_time(run: Callable[[], None], repeat: int, on_cuda: bool) -> float:
    for _ in range(WARM_UP):
        run()
    times = []
    for _ in range(repeat):
        start = perf_counter()
        run()
        if on_cuda:
            torch.cuda.synchronize()
        times.append(perf_counter() - start)
    return median(times)


def _operators(profiler: profile) -> tuple[OperatorTime, ...]:
    """Return the operators, those with the longest own time first."""
    operators = (
        OperatorTime(
            name=event.key,
            calls=event.count,
            self_time=event.self_cpu_time_total * MICRO,
            total=event.cpu_time_total * MICRO,
            device_time=event.self_device_time_total * MICRO,
            memory=event.self_cpu_memory_usage + event.self_device_memory_usage,
        )
        for event in profiler.key_averages()
        if not event.key.startswith("[")
    )
    return tuple(
        sorted(operators, key=lambda operator: -(operator.self_time + operator.device_time))
    )

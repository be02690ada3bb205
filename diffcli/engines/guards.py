"""Which steps read their arguments guarded: those that some branches of selections alone want.

A branch not taken may compute nan or inf. The selection discards the value, but in the derivative
0·inf is nan, so a step that is wanted only under some conditions reads its arguments through
:func:`diffcli.engines.kernels.rules.guarded`, which cuts the derivative where none of them holds.
The conditions themselves need values alone, which nothing guards, so no condition waits for what it
guards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import TypeAlias

from diffcli.engines.tape import AND, GUARD, NOT, OR, WHERE, Tape, Value
from diffcli.language.tensors import TENSORS

Scope: TypeAlias = tuple[Value, bool]
"""A branch: its selection, and whether that is the branch where the condition holds."""
Demand: TypeAlias = frozenset[Scope] | None
"""The branches that want the derivative of a step; None: it is wanted everywhere."""
UNWANTED: Demand = frozenset()

_WHOLE = frozenset(row.torch for row in TENSORS.values())
"""Operations that want their operands whole, whichever of their components are wanted."""


def guarded(tape: Tape, roots: Sequence[Value]) -> tuple[Tape, list[Value]]:
    """Return a tape of the same inputs on which every branch is guarded, and the roots on it."""
    order = tape.reached(roots)
    if all(tape.steps[value].op != WHERE for value in order):
        return tape, list(roots)
    guards = _Guards(tape, demands_of(tape, roots, order), tape.varying(tape.inputs))
    return guards.target, guards.written(order, roots)


def demands_of(tape: Tape, roots: Sequence[Value], order: Sequence[Value]) -> dict[Value, Demand]:
    """Return for each value the branches that want its derivative; conditions want none."""
    wanted: dict[Value, Demand] = dict.fromkeys(roots)
    demands: dict[Value, Demand] = {}
    for value in reversed(order):
        demand = demands[value] = _closed(wanted.get(value, UNWANTED), demands)
        if demand == UNWANTED:
            continue
        step = tape.steps[value]
        scope = None if step.op in _WHOLE else demand
        uses: list[tuple[Value, Demand]] = [(arg, scope) for arg in step.args]
        if step.op == WHERE:
            branches = zip(step.args[1:], (True, False), strict=True)
            uses = [(arg, frozenset({(value, holds)})) for arg, holds in branches]
        for arg, scope in uses:
            known = wanted.setdefault(arg, UNWANTED)
            wanted[arg] = None if known is None or scope is None else known | scope
    return demands


def _closed(scopes: Demand, demands: Mapping[Value, Demand]) -> Demand:
    """Return the demand with both branches of a selection as the demand of the selection."""
    if scopes is None:
        return None
    closed = set(scopes)
    waiting = [selection for selection, holds in scopes if holds]
    while waiting:
        both = {(selection := waiting.pop(), True), (selection, False)}
        if both <= closed:
            outer = demands[selection]
            if outer is None:
                return None
            closed = closed - both | outer
            waiting += [selection for selection, _ in outer]
    return frozenset(closed)


@dataclass
class _Guards:
    """Writes the steps of a tape on another one, ``target``, with the guards that they need."""

    tape: Tape
    demands: Mapping[Value, Demand]
    varying: set[Value]
    target: Tape = field(default_factory=Tape)
    plain: dict[Value, Value] = field(default_factory=dict)
    """The steps that nothing guards."""
    values: dict[Value, Value] = field(default_factory=dict)
    masks: dict[Demand, Value | None] = field(default_factory=lambda: {None: None})
    """Where one of some branches is taken; None: everywhere."""

    def written(self, order: Sequence[Value], roots: Sequence[Value]) -> list[Value]:
        tape = self.tape
        self.plain |= {value: self.target.input() for value in tape.inputs}
        self.values |= self.plain
        selections = [value for value in order if tape.steps[value].op == WHERE]
        tape.copy([tape.steps[value].args[0] for value in selections], self.target, self.plain)
        for value in reversed(selections):  # the outermost come last on a tape
            self.mask(self.demands[value])
        for value in order:
            if value in tape.constants:
                self.values[value] = self.target.constant(tape.constants[value])
            elif self.demands[value] != UNWANTED and value not in self.values:
                step = tape.steps[value]
                free = 1 if step.op == WHERE else 0
                args = [self.plain[arg] for arg in step.args[:free]]
                args += [self.argument(value, arg) for arg in step.args[free:]]
                self.values[value] = self.target(step.op, *args, static=step.static)
        return [self.values[root] for root in roots]

    def argument(self, user: Value, arg: Value) -> Value:
        """Return how a step reads an argument: guarded, where it is wanted at fewer points."""
        demand, own = self.demands[user], self.demands[arg]
        mask = self.mask(demand)
        if mask is None or arg not in self.varying or self.tape.steps[user].op in _WHOLE:
            return self.values[arg]
        # A branch of a selection is wanted at fewer points than the selection already.
        is_narrow = own == demand or {selection for selection, _ in own or ()} == {user}
        if is_narrow and self.tape.steps[arg].args:
            return self.values[arg]
        return self.target(GUARD, mask, self.values[arg])

    def mask(self, demand: Demand) -> Value | None:
        """Return where one of the branches is taken."""
        if demand is not None and demand not in self.masks:
            taken = map(self.taken, sorted(demand))
            self.masks[demand] = reduce(partial(self.target, OR), taken) if demand else None
        return self.masks[demand]

    def taken(self, scope: Scope) -> Value:
        """Return where a branch is taken: its selection is wanted, and its condition holds."""
        selection, holds = scope
        condition = self.plain[self.tape.steps[selection].args[0]]
        branch = condition if holds else self.target(NOT, condition)
        outer = self.mask(self.demands[selection])
        return branch if outer is None else self.target(AND, outer, branch)

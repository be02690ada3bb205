"""A tape as straight-line code: one line a step, under names that are used again.

A name goes to the next step that needs one as soon as its value is read no more, so that memory
is free early. The code holds only names that are made here (``v0``, ``c0``, ``t0`` …) and numbers:
never a text that somebody typed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from diffcli.engines.tape import ADD, ALIASES, AND, DIV, MUL, NEG, NOT, OR, SUB, Op, Tape, Value
from diffcli.language.tensors import Slice

BETWEEN: Mapping[Op, str] = MappingProxyType(
    {
        ADD: "+",
        SUB: "-",
        MUL: "*",
        DIV: "/",
        AND: "&",
        OR: "|",
        "torch:lt": "<",
        "torch:le": "<=",
        "torch:gt": ">",
        "torch:ge": ">=",
        "torch:eq": "==",
        "torch:ne": "!=",
    }
)
_BEFORE: Mapping[Op, str] = MappingProxyType({NEG: "-", NOT: "~"})


class Writer:
    """Writes the lines that compute some values of a tape."""

    aliases: Collection[Op] = ALIASES
    """Operations that are left out: their last argument stands for the result."""

    def __init__(self, tape: Tape, roots: Sequence[Value]) -> None:
        self.tape, self.roots = tape, roots
        self.order = tape.reached(roots)
        self.constants = [value for value in self.order if value in tape.constants]
        self.lines: list[str] = []
        self.functions: dict[Op, str] = {}
        self.names = {value: f"v{index}" for index, value in enumerate(tape.inputs)}
        self.names |= {value: f"c{index}" for index, value in enumerate(self.constants)}
        self.counts: Counter[str] = Counter()
        self._free: defaultdict[str, list[str]] = defaultdict(list)

    def write(self) -> None:
        """Write the lines of all steps."""
        steps, last = self.tape.steps, dict[Value, Value]()
        for value in self.order:
            last |= dict.fromkeys(map(self.origin, steps[value].args), value)
        last |= dict.fromkeys(map(self.origin, self.roots), len(steps))
        for value in self.order:
            if value in self.names or self.origin(value) != value:
                continue
            args = [self.name(arg) for arg in steps[value].args]
            for arg in dict.fromkeys(map(self.origin, steps[value].args)):
                if last[arg] == value and self.names[arg][0] in self._free:
                    self._free[self.names[arg][0]].append(self.names[arg])
            self.step(value, args)

    def step(self, value: Value, args: Sequence[str]) -> None:
        """Write the line of one step, on arguments of these names."""
        self.names[value] = self.fresh("t")
        self.lines.append(f"{self.names[value]} = {self.expression(value, args)}")

    def expression(self, value: Value, args: Sequence[str]) -> str:
        """Return a step as an expression of Python."""
        op = self.tape.steps[value].op
        if op in BETWEEN:
            return f" {BETWEEN[op]} ".join(args)
        return f"{_BEFORE[op]}{args[0]}" if op in _BEFORE else self.call(value, args)

    def call(self, value: Value, args: Sequence[str], *more: str) -> str:
        """Return a step as a call of its function."""
        step = self.tape.steps[value]
        function = self.functions.setdefault(step.op, f"f{len(self.functions)}")
        static = (repr(slice(*x) if isinstance(x, Slice) else x) for x in step.static)
        return f"{function}({', '.join([*args, *static, *more])})"

    def origin(self, value: Value) -> Value:
        """Return the value that is computed, where this is another name of it."""
        while self.tape.steps[value].op in self.aliases:
            value = self.tape.steps[value].args[-1]
        return value

    def name(self, value: Value) -> str:
        """Return the name of a value."""
        return self.names[self.origin(value)]

    def fresh(self, kind: str) -> str:
        """Return a name of a kind, which is its first letter, that stands for nothing any more."""
        if not self._free[kind]:
            self._free[kind].append(f"{kind}{self.counts[kind]}")
            self.counts[kind] += 1
        return self._free[kind].pop()


def unpacked(**names: int) -> list[str]:
    """Return lines that give each member of some sequences its name: ``v0, v1, = v``."""
    return [
        f"{''.join(f'{name}{index}, ' for index in range(count))}= {name}"
        for name, count in names.items()
        if count
    ]


def defined(head: str, lines: Sequence[str]) -> str:
    """Return the source of a function of these lines."""
    return "\n    ".join([f"def {head}:", *lines]) + "\n"

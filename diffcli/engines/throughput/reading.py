"""A program's source, which lambdify wrote, read back as a tape."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType

from diffcli.engines.program import Program
from diffcli.engines.throughput.tape import WHERE, Tape, Value


def read(program: Program) -> tuple[Tape, list[Value]]:
    """Return a program as a tape of its inputs, and its outputs."""
    reader = _Reader(program)
    return reader.tape, reader.outputs


class _Reader:
    """Reads one program, line by line."""

    def __init__(self, program: Program) -> None:
        self.tape = tape = Tape()
        self.names: dict[str, Value] = {f"v{i}": tape.input() for i in range(program.arity)}
        self.names |= {f"c{i}": tape.constant(each) for i, each in enumerate(program.constants)}
        self.references = {f"f{i}": each for i, each in enumerate(program.references)}
        (function,) = ast.parse(program.source).body
        assert isinstance(function, ast.FunctionDef)  # noqa: S101  it is lambdify's own
        self.outputs: list[Value] = []
        for line in function.body:
            match line:
                case ast.Assign([ast.Name(name)], ast.expr() as right):
                    self.names[name] = self.value(right)
                case ast.Return(ast.Tuple(found)):
                    self.outputs = [self.value(each) for each in found]

    def value(self, each: ast.expr) -> Value:
        match each:
            case ast.Name(name):
                return self.names[name]
            case ast.BinOp(left, sign, right):
                return _BINARY[type(sign)](self.tape, self.value(left), self.value(right))
            case ast.Compare(left, [sign], [right]):
                op = _COMPARISONS[type(sign)]
                return self.tape(op, self.value(left), self.value(right))
            case ast.UnaryOp(ast.USub(), inner):
                return self.tape.neg(self.value(inner))
            case ast.UnaryOp(ast.Invert(), inner):
                return self.tape("torch:logical_not", self.value(inner))
            case ast.Call(ast.Name(name), args):
                return self.call(self.references[name], args)
            case ast.Call(ast.Attribute(inner, "expand"), _):
                return self.value(inner)
        raise AssertionError(ast.dump(each))

    def call(self, reference: str, args: list[ast.expr]) -> Value:
        operands = [self.value(each) for each in args if _is_operand(each)]
        static = tuple(ast.literal_eval(each) for each in args if not _is_operand(each))
        write = _CALLS.get(reference)
        if write is not None:
            return write(self.tape, *operands, *static)
        return self.tape(reference, *operands, static=static)


def _is_operand(each: ast.expr) -> bool:
    return isinstance(each, ast.Name)


def _piecewise(tape: Tape, *args: Value) -> Value:
    """Return the first value whose condition holds, as selections of two values each."""
    chosen = tape.constant(float("nan"))
    for value, held in zip(args[-2::-2], args[::-2], strict=True):
        always = tape.constants.get(held) is True
        chosen = value if always else tape(WHERE, held, value, chosen)
    return chosen


def _folded(op: str) -> Callable[..., Value]:
    def write(tape: Tape, *args: Value) -> Value:
        return reduce(lambda a, b: tape(op, a, b), args)

    return write


_BINARY: Mapping[type[ast.operator], Callable[[Tape, Value, Value], Value]] = MappingProxyType(
    {
        ast.Add: Tape.add,
        ast.Sub: Tape.sub,
        ast.Mult: Tape.mul,
        ast.Div: Tape.div,
        ast.BitAnd: _folded("torch:logical_and"),
        ast.BitOr: _folded("torch:logical_or"),
    }
)
_COMPARISONS: Mapping[type[ast.cmpop], str] = MappingProxyType(
    {
        ast.Lt: "torch:lt",
        ast.LtE: "torch:le",
        ast.Gt: "torch:gt",
        ast.GtE: "torch:ge",
        ast.Eq: "torch:eq",
        ast.NotEq: "torch:ne",
    }
)
_CALLS: Mapping[str, Callable[..., Value]] = MappingProxyType(
    {
        "torch:pow": Tape.power,
        "torch:reciprocal": lambda tape, x: tape.power(x, -1),
        "kernels:piecewise": _piecewise,
        "kernels:maximum": _folded("torch:maximum"),
        "kernels:minimum": _folded("torch:minimum"),
    }
)
"""The calls that are written in other steps."""

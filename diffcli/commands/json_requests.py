"""Requests as JSON, one a line: the keys are the options of the command."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from diffcli.commands.record import Request
from diffcli.commands.registry import command, names
from diffcli.commands.run import run
from diffcli.errors import DiffcliError, LimitError, PointError, UsageError, is_out_of_memory
from diffcli.options import Kind, Option, one_of
from diffcli.output.data import dump

STANDARD_INPUT = "-"


def answer(line: bytes, number: int, given: Mapping[str, Any]) -> tuple[str, int]:
    """Return the answer to a line, or a record of its error, and the exit code it stands for.

    ``given`` are the options of requests that don't have their own.
    """
    identity = None
    try:
        asked, identity = _object(line)
        result = run(request_of(asked, given))
    except DiffcliError as error:
        return _failure(identity, number, error)
    except Exception as error:  # noqa: BLE001  a defect that one request meets ends no other
        if is_out_of_memory(error):
            return _failure(identity, number, LimitError("there isn't enough memory for this"))
        defect = DiffcliError(f"a defect of diffcli: {type(error).__name__}: {error}")
        return _failure(identity, number, defect)
    return dump({"id": identity, **result.data()}), result.exit_code


def _failure(identity: Any, number: int, error: DiffcliError) -> tuple[str, int]:
    record = {
        "kind": error.kind,
        "message": error.message,
        "column": error.column,
        "hint": error.hint,
        "exit": error.exit_code,
    }
    return dump({"id": identity, "line": number, "error": record}), error.exit_code


class _Number(str):
    """A number of JSON as it is written, so that 0.1 is a tenth, as on the command line."""

    __slots__ = ()


def as_written(text: bytes | str) -> Any:
    """Read JSON, its numbers as the texts that they are written as."""
    return json.loads(text, parse_float=_Number, parse_int=_Number)


def _object(line: bytes) -> tuple[Mapping[str, Any], Any]:
    """Return the object of a line, its numbers as they are written, and its id."""
    try:
        written, plain = as_written(line), json.loads(line)
        identity = plain.get("id") if isinstance(plain, dict) else None
        dump({"id": identity})  # as its answer will
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the line is no JSON: {error}", hint=_EXAMPLE) from error
    if not isinstance(written, dict):
        raise UsageError("the line is no JSON object", hint=_EXAMPLE)
    return written, identity


_EXAMPLE = '{"id": 1, "kind": "grad", "expression": "x^2", "at": {"x": 3}}'


def request_of(asked: Mapping[str, Any], given: Mapping[str, Any]) -> Request:
    """Return what an object of JSON asks, in the words of the command line.

    Its numbers are those of :func:`as_written`. Raises UsageError for what no command takes.
    """
    values = {key: value for key, value in asked.items() if value is not None}
    values.pop("id", None)
    name = one_of(_words(values.pop("kind", "grad")), names(), '"kind"')
    options = {option.name: option for option in command(name).all_options if not option.is_local}
    if "expression" not in values:
        raise UsageError("the request has no expression", hint=_EXAMPLE)
    expressions = _each(values.pop("expression"))
    if STANDARD_INPUT in expressions:
        raise UsageError(f"{STANDARD_INPUT!r} is no formula", hint=_EXAMPLE)
    for key in values:
        one_of(key, options, "a request")
    own = {key: _value_of(options[key], value) for key, value in values.items()}
    return Request(name, tuple(expressions), {**given, **own})


def _value_of(option: Option, value: Any) -> Any:
    """Return the value of an option from JSON, as the command line would have it.

    Raises UsageError for what is none, PointError for no point.
    """
    read = _READERS[option.kind](value)
    if option.kind in (Kind.WHOLE, Kind.REAL):
        least, most = option.least, option.most
        if (least is not None and read < least) or (most is not None and read > most):
            end = "on" if most is None else f"to {most:g}"
            number = "whole number" if option.kind is Kind.WHOLE else "number"
            start = 0 if least is None else least
            raise UsageError(f"the {option.name} is a {number} from {start:g} {end}")
    return read


def _words(value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{json.dumps(value)} stands where words are wanted")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{json.dumps(value)} stands where true or false is wanted")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, str) or not value.isdecimal():
        raise UsageError(f"{json.dumps(value)} stands where a whole number is wanted")
    return int(value)


def _real(value: Any) -> float:
    if not isinstance(value, _Number):
        raise UsageError(f"{json.dumps(value)} stands where a number is wanted")
    return float(value)


def _each(value: Any) -> list[str]:
    return [_words(part) for part in (value if isinstance(value, list) else [value])]


def _joined(value: Any) -> str:
    return ",".join(_each(value))


def _point(value: Any) -> str:
    """Return a point as it would be typed: ``x=3,y=[1,2]``, or values in order."""
    if isinstance(value, dict):
        return ",".join(f"{name}={_value(coordinate)}" for name, coordinate in value.items())
    return ",".join(map(_value, value)) if isinstance(value, list) else _value(value)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_value, value))}]"
    if not isinstance(value, str):
        raise PointError(f"{json.dumps(value)} is no value", hint='write {"x": 3, "y": "pi/4"}')
    return value


def _points(value: Any) -> list[str]:
    """Return one point, or several in a list of objects, as they would be typed."""
    if isinstance(value, list) and any(isinstance(part, dict) for part in value):
        return [";".join(map(_point, value))]
    return [_point(value)]


def _vector(value: Any) -> str:
    return _value(value) if isinstance(value, list) else _point(value)


_READERS: Mapping[Kind, Callable[[Any], Any]] = MappingProxyType(
    {
        Kind.TEXT: _words,
        Kind.NAMES: _joined,
        Kind.TEXTS: _each,
        Kind.POINTS: _points,
        Kind.VECTOR: _vector,
        Kind.WHOLE: _whole,
        Kind.REAL: _real,
        Kind.FLAG: _truth,
    }
)
"""How the value of an option is read from JSON."""

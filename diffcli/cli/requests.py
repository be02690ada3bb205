"""Requests as JSON, one a line: the keys are the options of a single command."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from types import MappingProxyType
from typing import Any

from diffcli.cli.answer import STANDARD_INPUT
from diffcli.cli.answer import answer as answer_command
from diffcli.cli.derivatives import FIELDS, read_vector
from diffcli.cli.implicit import implicit
from diffcli.cli.messages import is_out_of_memory
from diffcli.cli.options import Common, one_of
from diffcli.cli.taylor import taylor
from diffcli.errors import DiffcliError, LimitError, PointError, UsageError
from diffcli.operators import OPERATORS, Directional, Operator
from diffcli.output.data import dump


def answer(line: bytes, number: int, common: Common) -> tuple[str, int]:
    """Return the answer to a line, or a record of its error, and the exit code it stands for.

    ``common`` are the options of requests that don't have their own.
    """
    identity = None
    try:
        request, identity = _request(line)
        found, code = _found(request, common)
    except DiffcliError as error:
        return _failure(identity, number, error)
    except Exception as error:  # noqa: BLE001  a defect that one request meets ends no other
        if is_out_of_memory(error):
            return _failure(identity, number, LimitError("there isn't enough memory for this"))
        defect = DiffcliError(f"a defect of diffcli: {type(error).__name__}: {error}")
        return _failure(identity, number, defect)
    return dump({"id": identity, **found}), code


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


def _request(line: bytes) -> tuple[Mapping[str, Any], Any]:
    """Return the object of a line, its numbers as they are written, and its id."""
    try:
        found, plain = json.loads(line, parse_float=_Number, parse_int=_Number), json.loads(line)
        identity = plain.get("id") if isinstance(plain, dict) else None
        dump({"id": identity})  # as its answer will
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the line is no JSON: {error}", hint=_EXAMPLE) from error
    if not isinstance(found, dict):
        raise UsageError("the line is no JSON object", hint=_EXAMPLE)
    return found, identity


_EXAMPLE = '{"id": 1, "kind": "grad", "expression": "x^2", "at": {"x": 3}}'


def _found(request: Mapping[str, Any], common: Common) -> tuple[Mapping[str, Any], int]:
    """Return the document that the single command would write, and its exit code."""
    given = {key: value for key, value in request.items() if value is not None}
    given.pop("id", None)
    kind = one_of(_words(given.pop("kind", "grad")), {**OPERATORS, **_STUDIES}, '"kind"')
    fields = _fields(kind)
    if "expression" not in given:
        raise UsageError("the request has no expression", hint=_EXAMPLE)
    expressions = _each(given.pop("expression"))
    if STANDARD_INPUT in expressions:
        raise UsageError(f"{STANDARD_INPUT!r} is no formula", hint=_EXAMPLE)
    for key in given:
        one_of(key, [*fields, *_OPTIONS], "a request")
    own = {key: value for key, value in given.items() if key in fields}
    options = {key: _OPTIONS[key](value) for key, value in given.items() if key not in fields}
    chosen = replace(common, **options, json=True, quiet=True, output=None, timeout=None)
    with redirect_stdout(StringIO()) as written:
        code = _answer(kind, own, expressions, chosen)
    document: Mapping[str, Any] = json.loads(written.getvalue())
    return document, code


def _fields(kind: str) -> Sequence[str]:
    """Return the keys that a kind has of its own."""
    if kind in _STUDIES:
        return [*_STUDIES[kind][1]]
    return [*inspect.signature(OPERATORS[kind]).parameters, *_OF_THEIR_OWN.get(kind, ())]


def _answer(kind: str, own: Mapping[str, Any], expressions: Sequence[str], common: Common) -> int:
    """Run the single command; return its exit code."""
    if kind in _STUDIES:
        command, texts = _STUDIES[kind]
        read = {key: texts[key](value) for key, value in own.items()}
        return command(expressions, common=common, **read)
    operator = _operator(kind, own)
    return answer_command(operator, expressions, common, getattr(operator, "wrt", ()))


def _operator(kind: str, given: Mapping[str, Any]) -> Operator:
    if "directional" in given:
        if len(given) > 1:
            raise UsageError("directional goes without order and wrt")
        return Directional(read_vector(_vector(given["directional"])))
    read = {key: FIELDS[key][1](_TEXTS[key](value)) for key, value in given.items()}
    return OPERATORS[kind](**read)


_OF_THEIR_OWN: Mapping[str, tuple[str, ...]] = MappingProxyType({"grad": ("directional",)})
"""What a kind has beside its operator's fields."""


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


def _order(value: Any) -> int:
    order = _whole(value)
    if order < 1:
        raise UsageError("the order is a whole number from 1 on")
    return order


def _real(value: Any) -> float:
    if not isinstance(value, _Number):
        raise UsageError(f"{json.dumps(value)} stands where a number is wanted")
    return float(value)


def _each(value: Any) -> list[str]:
    return [_words(each) for each in (value if isinstance(value, list) else [value])]


def _joined(value: Any) -> str:
    return ",".join(_each(value))


def _point(value: Any) -> str:
    """Return a point as it would be typed: ``x=3,y=[1,2]``, or values in order."""
    if isinstance(value, dict):
        return ",".join(f"{name}={_value(each)}" for name, each in value.items())
    return ",".join(map(_value, value)) if isinstance(value, list) else _value(value)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_value, value))}]"
    if not isinstance(value, str):
        raise PointError(f"{json.dumps(value)} is no value", hint='write {"x": 3, "y": "pi/4"}')
    return value


def _points(value: Any) -> list[str]:
    """Return one point, or several in a list of objects, as they would be typed."""
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return [";".join(map(_point, value))]
    return [_point(value)]


def _vector(value: Any) -> str:
    return _value(value) if isinstance(value, list) else _point(value)


_TEXTS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {"wrt": _joined, "order": _order, "mode": _words, "vector": _vector, "sparse": _truth}
)
"""How an operator's field is read, before the command line's own reading."""

_STUDIES: Mapping[str, tuple[Callable[..., int], Mapping[str, Callable[[Any], Any]]]] = (
    MappingProxyType(
        {
            "taylor": (taylor, {"order": _whole}),
            "implicit": (implicit, {"of": _joined, "wrt": _joined, "order": _order}),
        }
    )
)
"""The kinds that are more than an operator: the command, and how each of its options is read."""

_OPTIONS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "at": _points,
        "vars": _joined,
        "let": _each,
        "dtype": _words,
        "device": _words,
        "seed": _whole,
        "engines": _joined,
        "no_check": _truth,
        "check_budget": _real,
        "strict": _truth,
        "precision": _whole,
    }
)
"""The options that every kind has, and how each is read."""

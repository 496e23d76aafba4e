"""Model objects as plain data, and back: dataclasses become dicts, tuples become lists."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from typing import Any


def to_dict(value: Any) -> Any:
    """A model object as plain JSON data: dataclasses become dicts in field order, tuples become lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: to_dict(getattr(value, name)) for name in _fields(type(value))}
    if isinstance(value, tuple | list):
        return [to_dict(item) for item in value]
    return value


def from_dict(kind: type, data: Any) -> Any:
    """The inverse of `to_dict`: JSON data as an object of `kind`. Unknown keys are passed over.

    Raises TypeError when a required field is absent.
    """
    return _decode(kind, data)


@functools.cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@functools.cache
def _types(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _decode(kind: Any, data: Any) -> Any:
    if data is None:
        return None
    origin = typing.get_origin(kind)
    if origin is types.UnionType or origin is typing.Union:
        return _decode(next(a for a in typing.get_args(kind) if a is not type(None)), data)
    if origin is tuple:
        args = typing.get_args(kind)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_decode(args[0], item) for item in data)
        return tuple(_decode(arg, item) for arg, item in zip(args, data, strict=True))
    if dataclasses.is_dataclass(kind):
        hints = _types(typing.cast(type, kind))
        return typing.cast(Any, kind)(**{k: _decode(hints[k], v) for k, v in data.items() if k in hints})
    return data

"""Which keys a table of a file may have, read off the types that will hold it.

The same walk serves two: a mistyped key is told which one was meant, and a test demands that
every key is documented.
"""

import dataclasses
import types
import typing
from collections.abc import Iterator, Sequence

from pydantic import BaseModel
from pydantic.fields import FieldInfo


def table(kind: object) -> dict[str, object] | None:
    """Give the keys of a table with the kinds of their values; None for what is no table."""
    kind = bare(kind)
    if not isinstance(kind, type):
        return None
    if issubclass(kind, BaseModel):
        return {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind, include_extras=True)
        names = (field.name for field in dataclasses.fields(kind))
        return {_alias(hints[name]) or name: hints[name] for name in names}
    return None


def at(kind: object, place: Sequence[str | int]) -> dict[str, object]:
    """Give the keys of the table at a place; empty where there is none."""
    for step in place:
        kind = element(kind) if isinstance(step, int) else (table(kind) or {}).get(step)
    return table(kind) or {}


def paths(kind: object, prefix: str = "") -> Iterator[str]:
    """Give every key with a value of its own, dotted; what stands in an array as `name[].key`."""
    for key, value in (table(kind) or {}).items():
        path = f"{prefix}{key}"
        item = element(value)
        if table(value) is not None:
            yield from paths(value, f"{path}.")
        elif table(item) is not None:
            yield from paths(item, f"{path}[].")
        else:
            yield path


def element(kind: object) -> object:
    """Give what an array holds, None for what is none."""
    kind = bare(kind)
    is_array = typing.get_origin(kind) in {tuple, list}
    return typing.get_args(kind)[0] if is_array else None


def bare(kind: object) -> object:
    """Take off `Annotated` and `| None`."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return bare(typing.get_args(kind)[0])
    if origin in {typing.Union, types.UnionType}:
        choices = [choice for choice in typing.get_args(kind) if choice is not types.NoneType]
        return bare(choices[0]) if len(choices) == 1 else kind
    return kind


def _alias(kind: object) -> str | None:
    """Give the name a field of a dataclass has in the file, where it is another."""
    extras: tuple[object, ...] = getattr(kind, "__metadata__", ())
    return next((extra.alias for extra in extras if isinstance(extra, FieldInfo)), None)

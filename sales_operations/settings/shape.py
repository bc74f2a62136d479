"""The schema, looked at from outside: which keys there are, and what each expects, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sales_operations.settings.base import Expect
from sales_operations.settings.schema import ROOT, ConfigurationFile

Path = tuple[str | int, ...]
"""Where a value stands, from the root key on: names of keys, and positions in lists (from 0)."""


def dotted(path: Path) -> str:
    """The path as one word, such as ``sales_operations.pipelines.partner[0].name``; the root key for the whole file."""
    return (
        "".join(f"[{part}]" if isinstance(part, int) else f".{part[:200]}" for part in path).removeprefix(".") or ROOT
    )


@dataclass(frozen=True)
class Shape:
    """The type of one value, and what constrains it."""

    annotation: Any
    constraints: tuple[Any, ...] = ()

    @property
    def section(self) -> type[BaseModel] | None:
        """The section that stands here, if one does."""
        return self.annotation if isinstance(self.annotation, type) and issubclass(self.annotation, BaseModel) else None

    @property
    def is_list(self) -> bool:
        """Whether a list stands here."""
        return get_origin(self.annotation) is tuple

    @property
    def options(self) -> tuple[Shape, ...]:
        """The types that the value may have, null not counted."""
        if get_origin(self.annotation) not in (Union, UnionType):
            return (self,)
        return tuple(_shape(kind) for kind in get_args(self.annotation) if kind is not type(None))

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that may stand here; none where any may, or where no mapping is expected."""
        for option in self.options:
            if option.section:
                return tuple(option.section.model_fields)
            if get_origin(option.annotation) is dict:
                return _shape(get_args(option.annotation)[0]).words
        return ()

    @property
    def words(self) -> tuple[str, ...]:
        """The texts that are allowed here, where only some are."""
        allowed = [get_args(option.annotation) for option in self.options if get_origin(option.annotation) is Literal]
        return allowed[0] if allowed else ()

    @property
    def expected(self) -> str:
        """What should stand here, in words."""
        said = [part.text for part in self.constraints if isinstance(part, Expect)]
        if said:
            return said[-1]  # the outermost of nested types
        if self.options != (self,):
            return " or ".join(option.expected for option in self.options)
        if self.section:
            return f"keys below it ({', '.join(self.keys)})"
        if self.is_list:
            least = "at least one" if any(hasattr(part, "min_length") for part in self.constraints) else "any"
            return f"a list of {least} of {', '.join(_shape(get_args(self.annotation)[0]).words)}"
        bounds = [getattr(part, name) for name in ("ge", "le") for part in self.constraints if hasattr(part, name)]
        if bounds:
            return f"a whole number from {bounds[0]} to {bounds[1]}"
        return (
            f"one of {', '.join(self.words)}" if self.words else {bool: "true or false", str: "text"}[self.annotation]
        )

    def child(self, part: str | int) -> Shape | None:
        """The type of what stands under a key or at a position of a list; None where nothing can."""
        for option in self.options:
            if option.section and part in option.section.model_fields:
                return field_shape(option.section.model_fields[str(part)])
            if get_origin(option.annotation) in (dict, tuple):
                return _shape(get_args(option.annotation)[1 if get_origin(option.annotation) is dict else 0])
        return None


def _shape(annotation: Any, constraints: tuple[Any, ...] = ()) -> Shape:
    if get_origin(annotation) is not Annotated:
        return Shape(annotation, constraints)
    inner, *more = get_args(annotation)
    return _shape(inner, (*constraints, *more))


def field_shape(field: FieldInfo) -> Shape:
    """The type of a section's field."""
    return _shape(field.annotation, tuple(field.metadata))


def shape_at(path: Path) -> Shape | None:
    """The type of what stands at a path; None where the schema has nothing."""
    shape: Shape | None = Shape(ConfigurationFile)
    for part in path:
        shape = shape.child(part) if shape else None
    return shape


def leaves(
    section: type[BaseModel] = ConfigurationFile, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every key that holds a value rather than further keys, by its path, in the order of the schema."""
    for name, field in section.model_fields.items():
        below = field_shape(field).section
        if below:
            yield from leaves(below, (*path, name))
        else:
            yield (*path, name), field

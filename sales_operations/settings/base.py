"""What every part of the configuration is made of: the section, and the types of its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A group of keys: no unknown ones, no silent conversions, no change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


@dataclass(frozen=True)
class Expect:
    """What a value should be, in words, where the type alone does not say it."""

    text: str


_T = TypeVar("_T")

# A list in the file becomes a tuple here, which only the lax mode does; the entries stay strict.
Several = Annotated[tuple[_T, ...], Field(strict=False)]
Text = Annotated[str, Field(min_length=1, max_length=200), Expect("text")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), Expect("a number from 0 to 1")]

"""What a measurement gives: figures, each with the floor that it has to keep, if there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measured value; ``floor`` is the least that it may be, or the most where ``at_most`` is true."""

    what: str
    value: float
    unit: str
    floor: float | None = None
    at_most: bool = False

    @property
    def kept(self) -> bool | None:
        """Whether the floor is kept; None where there is none."""
        if self.floor is None:
            return None
        return self.value <= self.floor if self.at_most else self.value >= self.floor

    @property
    def shown(self) -> str:
        return f"{_number(self.value)} {self.unit}".strip()

    @property
    def shown_floor(self) -> str:
        if self.floor is None:
            return ""
        return f"{'at most' if self.at_most else 'at least'} {_number(self.floor)} {self.unit}".strip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


@dataclass(frozen=True)
class Sizes:
    """How much is measured. ``copies`` of the demonstration company's deals make the large pipelines; ``many_copies``, the
    largest."""

    rows: int = 1_000_000
    changes: int = 10_000
    postgresql_rows: int = 200_000
    copies: int = 272
    many_copies: int = 2_740
    forecast_copies: int = 28
    conversions: int = 400
    starts: int = 10
    repeats: int = 5


SMALL = Sizes(
    rows=3_000,
    changes=100,
    postgresql_rows=1_000,
    copies=1,
    many_copies=2,
    forecast_copies=1,
    conversions=5,
    starts=1,
    repeats=1,
)


@dataclass(frozen=True)
class Bench:
    """What a measurement gets: the sizes, and a folder that it shares with the others of the run."""

    sizes: Sizes
    folder: Path


@dataclass(frozen=True)
class Measurement:
    """One measurement: its name on the command line, what it is about in a sentence or two, and how it is made."""

    name: str
    about: str
    make: Callable[[Bench], list[Figure]]

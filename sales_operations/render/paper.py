"""A paper: titles, facts, and tables with their charts, before it is known in which format it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sales_operations.domain.money import written

Unit = Literal["text", "count", "money", "share", "times", "days"]
"""What a column holds. Shares run from 0 to 1; money is in major units of the paper's currency."""
UNKNOWN = "–"
"""Stands in every page for what is not known."""


@dataclass(frozen=True)
class Column:
    """One column: ``key`` for programs, ``title`` for people."""

    key: str
    title: str
    unit: Unit = "text"

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.unit != "text"

    def shown(self, value: Any, currency: str) -> str:
        """A value as people read it."""
        if value is None:
            return UNKNOWN
        if self.unit == "money":
            return written(value, currency)
        if self.unit == "share":
            return f"{value:.1%}"
        return f"{value:{_FORMATS[self.unit]}}" if self.is_number else str(value)


_FORMATS = {"count": ",", "times": ",.2f", "days": ",.1f"}


@dataclass(frozen=True)
class Chart:
    """Bars, one group for each row of its table: ``label`` and ``values`` are keys of columns. Values have one unit."""

    title: str
    label: str
    values: tuple[str, ...]
    upright: bool = False
    """Upright bars are for what runs in time."""
    omit: tuple[str, ...] = ()
    """Labels of the rows that are left to the table."""


@dataclass(frozen=True)
class Table:
    """Rows under columns; ``chart`` shows some of them. ``name`` is for programs, ``note`` says what to know."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]]
    chart: Chart | None = None
    note: str = ""

    def column(self, key: str) -> tuple[Column, list[Any]]:
        """A column and its values."""
        place = next(index for index, column in enumerate(self.columns) if column.key == key)
        return self.columns[place], [row[place] for row in self.rows]

    def texts(self, currency: str) -> list[list[str]]:
        """The rows as people read them."""
        return [
            [column.shown(value, currency) for column, value in zip(self.columns, row, strict=True)]
            for row in self.rows
        ]


@dataclass(frozen=True)
class Paper:
    """A whole report. ``facts`` are name and value, ready to be read; ``definitions`` are names and meanings."""

    name: str
    title: str
    about: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    definitions: Sequence[tuple[str, str]]
    currency: str

"""What the layouts of the reports are made of: tables by the paths of their values, and figures in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sales_operations.domain.money import written
from sales_operations.render.paper import UNKNOWN, Chart, Column, Table, Unit

Result = dict[str, Any]


def table(
    name: str,
    title: str,
    entries: Iterable[Result],
    *columns: tuple[str, str] | tuple[str, str, Unit],
    chart: Chart | None = None,
    note: str = "",
) -> Table:
    """``columns``: the path to the value in an entry, such as ``win_rate.value``, its title and unit."""
    made = tuple(Column(_key(path), title, *unit) for path, title, *unit in columns)
    rows = [[_at(entry, path) for path, *_ in columns] for entry in entries]
    return Table(name, title, made, rows, chart, note)


def _key(path: str) -> str:
    return path.removesuffix(".value").replace(".", "_")


def _at(entry: Result, path: str) -> Any:
    value: Any = entry
    for name in path.split("."):
        value = None if value is None else value[name]
    return value


def money(value: float | None, result: Result) -> str:
    """An amount in the currency of a result."""
    return UNKNOWN if value is None else written(value, result["currency"])


def percent(value: float | None) -> str:
    """A share as people read it."""
    return UNKNOWN if value is None else f"{value:.1%}"


def rate(share: Result) -> str:
    """A share with its interval and sample size."""
    if share["value"] is None:
        return f"{UNKNOWN} (no deal)"
    return f"{share['value']:.1%} ({share['low']:.0%} to {share['high']:.0%}, n = {share['n']:,})"


DEAL: tuple[Any, ...] = (
    ("name", "Name"),
    ("sales_rep", "Sales rep"),
    ("stage", "Stage"),
    ("close_date", "Close date"),
    ("amount", "Amount", "money"),
    ("weighted_amount", "Weighted", "money"),
    ("opportunity_id", "Opportunity"),
)
"""The columns of a list of deals."""


def words(name: str) -> str:
    """A name for programs as people read it."""
    return name.replace("_", " ")

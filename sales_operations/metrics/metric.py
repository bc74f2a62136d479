"""The shape of a metric: its name, unit and meaning, how it adds up, and the expressions that compute it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw

Unit = Literal["deals", "money", "weighted money", "share", "times", "days", "money per day"]
Frame = nw.LazyFrame[Any]
Row = Mapping[str, Any]
Value = int | float | None

SECONDS_A_DAY = 86_400


@dataclass(frozen=True, eq=False)
class Metric:
    """One figure.

    ``columns`` are named aggregate expressions over a frame of deals (``metrics.deals`` and ``metrics.journeys`` say
    what is in it); ``read`` makes the value of them. Money is in minor units, weighted money in thousandths of a minor
    unit. A value that cannot be known is None.
    """

    name: str
    unit: Unit
    meaning: str
    formula: str
    columns: Mapping[str, nw.Expr]
    read: Callable[[Row], Value]


@dataclass(frozen=True, eq=False)
class Additive(Metric):
    """A metric that adds up: the sum over any split of the deals is the value of the whole.

    ``per_deal`` is the whole number that one deal contributes; unknown counts 0.
    """

    per_deal: nw.Expr


@dataclass(frozen=True, eq=False)
class Ratio(Metric):
    """A metric that is one additive metric, ``of``, divided by another, ``per``."""

    of: Additive
    per: Additive


def additive(name: str, unit: Unit, meaning: str, per_deal: nw.Expr) -> Additive:
    """A metric that is the sum of a whole number per deal; 0 where there is no deal."""
    columns = {name: per_deal.sum()}
    return Additive(name, unit, meaning, "sum over the deals", columns, lambda row: row[name], per_deal)


def ratio(name: str, unit: Unit, meaning: str, of: Additive, per: Additive) -> Ratio:
    """One additive metric divided by another; None where the other is 0. Computed anew for each group."""

    def read(row: Row) -> Value:
        return row[of.name] / row[per.name] if row[per.name] else None

    columns = {**of.columns, **per.columns}
    return Ratio(name, unit, meaning, f"{of.name} / {per.name}", columns, read, of, per)


def mean(name: str, unit: Unit, meaning: str, per_deal: nw.Expr, *, scale: int = 1) -> Metric:
    """The mean over the deals where the whole number ``per_deal`` is known, divided by ``scale``; None where none is.

    From a sum and a count, both exact, so that it comes out the same in whatever order the deals are read.
    """

    def read(row: Row) -> Value:
        return row[f"{name}_sum"] / (row[f"{name}_n"] * scale) if row[f"{name}_n"] else None

    columns = {f"{name}_sum": per_deal.sum(), f"{name}_n": per_deal.count()}
    return Metric(name, unit, meaning, _over_deals("mean", scale), columns, read)


def quantile(name: str, unit: Unit, meaning: str, per_deal: nw.Expr, at: float, *, scale: int = 1) -> Metric:
    """The quantile ``at`` (0..1, linear between neighbours) over the deals where ``per_deal`` is known; else None."""

    def read(row: Row) -> Value:
        return None if row[name] is None else row[name] / scale

    columns = {name: per_deal.quantile(at, interpolation="linear")}
    return Metric(name, unit, meaning, _over_deals(f"quantile {at:g}", scale), columns, read)


def _over_deals(what: str, scale: int) -> str:
    return f"{what} over the deals" + (f", / {scale}" if scale != 1 else "")


def measure(deals: Frame, metrics: Iterable[Metric], by: Sequence[str] = ()) -> Frame:
    """The columns of several metrics over ``deals``: one row, or one row for each group of the ``by`` columns."""
    columns = {name: column for metric in metrics for name, column in metric.columns.items()}
    named = [column.alias(name) for name, column in columns.items()]
    return deals.group_by(*by).agg(*named) if by else deals.select(*named)

"""The closed deals behind a mean, for what their number lets be said about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np

from sales_operations.estimation.bootstrap import bootstrap, median_interval
from sales_operations.estimation.shrinkage import Floats
from sales_operations.metrics.metric import SECONDS_A_DAY, Frame
from sales_operations.pipeline.present import LEVEL

Interval = tuple[float, float] | None
METHODS = {"mean": "percentile bootstrap", "median": "order statistics"}


@dataclass(frozen=True, eq=False)
class Sample:
    """Closed deals, one entry each: whether ``won``; for won ones ``amount`` (minor units) and ``cycle`` (days), else nan."""

    won: Floats
    amount: Floats
    cycle: Floats

    @cached_property
    def _sums(self) -> Floats:
        """Deals, won deals, amounts and how many are known, cycles and how many are known."""
        known = [np.isfinite(values) for values in (self.amount, self.cycle)]
        columns = [np.ones_like(self.won), self.won]
        for values, sure in zip((self.amount, self.cycle), known, strict=True):
            columns += [np.where(sure, values, 0.0), sure.astype(np.float64)]
        return np.column_stack(columns)

    @cached_property
    def size(self) -> Interval:
        """Of the mean amount, in minor units."""
        return bootstrap(self._sums[np.isfinite(self.amount)], lambda sums: _divided(sums[:, 2], sums[:, 3]), LEVEL)

    @cached_property
    def cycle_length(self) -> Interval:
        """Of the mean cycle, in days."""
        return bootstrap(self._sums[np.isfinite(self.cycle)], lambda sums: _divided(sums[:, 4], sums[:, 5]), LEVEL)

    @cached_property
    def size_median(self) -> Interval:
        """Of the median amount, in minor units."""
        return median_interval(self.amount[np.isfinite(self.amount)], LEVEL)

    @cached_property
    def cycle_median(self) -> Interval:
        """Of the median cycle, in days."""
        return median_interval(self.cycle[np.isfinite(self.cycle)], LEVEL)

    def velocity(self, open_deals: int) -> Interval:
        """Of open deals x win rate x mean size / mean cycle, in minor units a day; the open deals count as sure."""

        def per_day(sums: Floats) -> Floats:
            closed, won, amount, sized, days, timed = sums.T
            return open_deals * _divided(won, closed) * _divided(amount, sized) / _divided(days, timed)

        with np.errstate(divide="ignore", invalid="ignore"):
            return bootstrap(self._sums, per_day, LEVEL)


def _divided(total: Floats, count: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(total / count)


def samples(closed: Frame, group: str | None = None) -> dict[Any, Sample]:
    """The values of a column of closed deals to their samples; all of them under None where no column is named."""
    won = nw.col("status") == "won"
    numbers = closed.select(
        *([group] if group else []),
        won=won.cast(nw.Float64),
        amount=nw.when(won).then(nw.col("amount_minor").cast(nw.Float64)),
        cycle=nw.when(won).then(nw.col("cycle_seconds").cast(nw.Float64) / SECONDS_A_DAY),
    )
    found = nw.to_native(numbers).fetchnumpy()
    arrays = [np.ma.filled(found[name].astype(np.float64), np.nan) for name in ("won", "amount", "cycle")]
    if group is None:
        return {None: Sample(*arrays)}
    labels, codes = np.unique(np.asarray(found[group], dtype=str), return_inverse=True)
    return {label: Sample(*(values[codes == code] for values in arrays)) for code, label in enumerate(labels.tolist())}

"""What a deal is worth once it is won, and which deals count as small and large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.estimation.shrinkage import shrunk_mean
from sales_operations.forecasting.asof import YEAR, Bools, Floats, History, Ints

SIZES = 4
_PARTS = (0.4, 0.7, 0.9)
_PRIOR_DEALS = 2.0


@dataclass(frozen=True, eq=False)
class Amounts:
    """Expected won amounts, in minor units: the ``mean`` of any deal won lately, and ``by_product`` code.

    ``mean_square`` is the mean of their squares.

    ``cuts`` (3,) are the expected amounts at which the sizes part.
    """

    mean: float
    mean_square: float
    by_product: Floats
    cuts: Floats

    def of(self, stated: Floats, product: Ints) -> tuple[Floats, Bools]:
        """The amounts expected of deals if they are won, and where that is an estimate because none was stated.

        ``product`` is -1 where the history does not know it.
        """
        unknown = np.isnan(stated)
        return np.where(unknown, np.append(self.by_product, self.mean)[product], stated), unknown

    def size_of(self, expected: Floats) -> Ints:
        """0 for the smaller two fifths of expected amounts, up to 3 for the largest tenth."""
        return np.searchsorted(self.cuts, expected, side="left")


def fit_amounts(history: History) -> Amounts:
    """Means of the deals won in the last year, or of all where it saw none; products are shrunk to that.

    Fitted once for each history.
    """
    return history.once(fit_amounts, lambda: _fit(history))


def _fit(history: History) -> Amounts:
    closings = history.closings
    known = closings.won & ~np.isnan(closings.amount)
    recent = known & (closings.day > history.day - YEAR)
    recent = recent if recent.any() else known
    amounts = history.taught[recent]
    mean = float(amounts.mean()) if len(amounts) else 0.0
    product, products = history.product[closings.row[known]], int(history.product.max(initial=-1)) + 1
    totals = np.bincount(product, weights=history.taught[known], minlength=products)
    by_product = shrunk_mean(totals, np.bincount(product, minlength=products), mean, _PRIOR_DEALS)
    expected = np.where(np.isnan(history.amount), by_product[history.product], history.amount)
    cuts = np.quantile(expected[history.last], _PARTS) if len(expected) else np.zeros(SIZES - 1)
    return Amounts(mean, float((amounts**2).mean()) if len(amounts) else 0.0, by_product, cuts)

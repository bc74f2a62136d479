"""Business that is not created yet: deals keep coming, and some of them close within the window."""

from __future__ import annotations

import numpy as np

from sales_operations.estimation.shrinkage import shrunk_mean
from sales_operations.forecasting.amounts import SIZES, Amounts
from sales_operations.forecasting.asof import LOST, WON, YEAR, Floats, History, Ints

RECENT_DAYS = 91
_PRIOR_DEALS = 5.0


def new_business(history: History, sizes: Ints, chance: Floats, horizon: int, amounts: Amounts) -> tuple[float, float]:
    """Expected won revenue, in minor units, of deals that are created in the next ``horizon`` days and won within them.

    And its variance, were they to come independently of each other. ``chance`` is what ``hazards.won_by`` returns for
    that horizon, ``sizes`` has the size of each row. Deals come at the pace of the last 91 days, in the sizes and stages
    that deals of the last year had at the end of their first day.
    """
    if not horizon:
        return 0.0, 0.0
    created = history.created
    observed = max(1, min(RECENT_DAYS, history.day - int(created.min()) + 1))
    pace = np.count_nonzero(created > history.day - observed) / observed
    first_rows = np.flatnonzero(np.append(True, history.deal[1:] != history.deal[:-1]))
    recent = first_rows[created > history.day - YEAR]
    if not len(recent):
        return 0.0, 0.0
    cells = sizes[recent] * (LOST + 1) + history.stage[recent]
    mix = np.bincount(cells, minlength=SIZES * (LOST + 1)).reshape(SIZES, LOST + 1) / len(recent)
    # A deal created with h days left has chance[h]; the windows that remain run from 0 to horizon - 1 days.
    won = np.einsum("hzs,zs->", chance[:horizon, :, :WON, 0], mix[:, :WON]) + horizon * mix[:, WON].sum()
    mean, square = _quick(history, horizon, amounts)
    return float(pace * won * mean), float(pace * won * square)


def _quick(history: History, horizon: int, amounts: Amounts) -> tuple[float, float]:
    """Mean amount, and mean of its square, of deals won so soon after their creation that a window can hold both.

    Small deals are won sooner. A deal that took ``a`` days fits into ``horizon`` days from ``horizon - a`` days of
    creation, and weighs as much.
    """
    closings = history.closings
    age = closings.day - history.created[closings.deal]
    known = closings.won & ~np.isnan(closings.amount) & (closings.day > history.day - YEAR)
    weight, amount = np.maximum(horizon - age[known], 0) / horizon, history.taught[known]
    count = weight.sum()
    return (
        float(shrunk_mean(weight @ amount, count, amounts.mean, _PRIOR_DEALS)),
        float(shrunk_mean(weight @ amount**2, count, amounts.mean_square, _PRIOR_DEALS)),
    )

"""Business that is not created yet: deals keep coming, and some of them close within the window."""

from __future__ import annotations

import numpy as np

from sales_operations.estimation.shrinkage import shrunk_mean
from sales_operations.forecasting.amounts import SIZES
from sales_operations.forecasting.asof import LOST, WON, Floats, History, Ints

RECENT_DAYS = 91
_YEAR = 365
_PRIOR_DEALS = 5.0


def new_business(history: History, sizes: Ints, chance: Floats, horizon: int, mean: float) -> float:
    """Expected won revenue, in minor units, of deals that are created in the next ``horizon`` days and won within them.

    ``chance`` is what ``hazards.won_by`` returns for that horizon, ``sizes`` has the size of each row, ``mean`` is the
    mean won amount. Deals come at the pace of the last 91 days, in the sizes and stages that deals of the last year had
    at the end of their first day.
    """
    if not horizon:
        return 0.0
    created = history.created
    observed = max(1, min(RECENT_DAYS, history.day - int(created.min()) + 1))
    pace = np.count_nonzero(created > history.day - observed) / observed
    first_rows = np.flatnonzero(np.append(True, history.deal[1:] != history.deal[:-1]))
    recent = first_rows[created > history.day - _YEAR]
    if not len(recent):
        return 0.0
    cells = sizes[recent] * (LOST + 1) + history.stage[recent]
    mix = np.bincount(cells, minlength=SIZES * (LOST + 1)).reshape(SIZES, LOST + 1) / len(recent)
    # A deal created with h days left has chance[h]; the windows that remain run from 0 to horizon - 1 days.
    won = np.einsum("hzs,zs->", chance[:horizon, :, :, 0], mix[:, :WON]) + horizon * mix[:, WON].sum()
    return float(pace * won * _mean_quick(history, horizon, mean))


def _mean_quick(history: History, horizon: int, mean: float) -> float:
    """Mean amount of deals won so soon after their creation that a window of ``horizon`` days can hold both.

    Small deals are won sooner. A deal that took ``a`` days fits in from ``horizon - a`` days of creation, and weighs as
    much.
    """
    closings = history.closings
    age = closings.day - history.created[closings.deal]
    known = closings.won & ~np.isnan(closings.amount) & (closings.day > history.day - _YEAR)
    weight = np.where(known, np.maximum(horizon - age, 0), 0) / horizon
    return float(shrunk_mean(weight[known] @ closings.amount[known], weight.sum(), mean, _PRIOR_DEALS))

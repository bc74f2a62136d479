"""Whether the pipeline is enough, and how much of it is overdue or stands still."""

from __future__ import annotations

import narwhals as nw

from sales_operations.metrics.deals import whole
from sales_operations.metrics.metric import Metric, Row, Value, additive, ratio
from sales_operations.metrics.value import OPEN_AMOUNT, OPEN_AMOUNT_UNKNOWN, OPEN_DEALS, WON_AMOUNT


def _coverage(row: Row) -> Value:
    nothing_known = row[OPEN_DEALS.name] and row[OPEN_AMOUNT_UNKNOWN.name] == row[OPEN_DEALS.name]
    return None if nothing_known or not row[WON_AMOUNT.name] else row[OPEN_AMOUNT.name] / row[WON_AMOUNT.name]


COVERAGE_OF_RUN_RATE = Metric(
    "coverage_of_run_rate",
    "times",
    "Open pipeline divided by the amount won in the window, 90 days unless a result says otherwise; unknown where no "
    "open deal has an amount.",
    "open_amount / won_amount",
    {**OPEN_AMOUNT.columns, **OPEN_DEALS.columns, **OPEN_AMOUNT_UNKNOWN.columns, **WON_AMOUNT.columns},
    _coverage,
)
OVERDUE_DEALS = additive("overdue_deals", "deals", "Open deals whose close date has passed.", whole(nw.col("overdue")))
OVERDUE_SHARE = ratio(
    "overdue_share", "share", "Overdue deals out of the open deals.", of=OVERDUE_DEALS, per=OPEN_DEALS
)
STALE_DEALS = additive(
    "stale_deals",
    "deals",
    "Open deals that have been in their stage longer than nine of ten won deals were, or as many times that as "
    "configured.",
    whole(nw.col("stale")),
)
STALE_SHARE = ratio("stale_share", "share", "Stale deals out of the open deals.", of=STALE_DEALS, per=OPEN_DEALS)
PUSHED_DEALS = additive(
    "pushed_deals",
    "deals",
    "Open deals whose close date was moved to a later day as often as configured (twice, unless told otherwise).",
    whole(nw.col("pushed")),
)
IDLE_DEALS = additive(
    "idle_deals",
    "deals",
    "Open deals without an activity for more days than configured (30, unless told otherwise), where activities are "
    "recorded.",
    whole(nw.col("idle")),
)

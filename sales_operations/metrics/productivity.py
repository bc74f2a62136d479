"""What each sales rep brings in a window of time.

The frame holds the deals with a rep that were open in the window or closed in it; ``closed_here`` says the latter.
"""

from __future__ import annotations

import narwhals as nw

from sales_operations.metrics.deals import IS_WON, whole
from sales_operations.metrics.metric import Metric, Row, Value

REPS = "reps_with_deals"
WON_HERE = "won_deals_of_reps"


def _won_by_each(row: Row) -> Value:
    return row[WON_HERE] / row[REPS] if row[REPS] else None


WON_DEALS_PER_REP = Metric(
    "won_deals_per_rep",
    "deals",
    "Deals won in a window for each sales rep who had a deal in it, open or closed; deals without a rep left out.",
    "won_deals / reps with a deal",
    {WON_HERE: whole(IS_WON & nw.col("closed_here")).sum(), REPS: nw.col("sales_rep").n_unique()},
    _won_by_each,
)

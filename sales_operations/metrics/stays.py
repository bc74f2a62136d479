"""How long deals stayed in each stage before they left it, and how long it took to lose the lost ones."""

from __future__ import annotations

import narwhals as nw

from sales_operations.metrics.deals import IS_LOST, OPEN_STAGES, only
from sales_operations.metrics.journeys import was_in
from sales_operations.metrics.metric import SECONDS_A_DAY, Metric, quantile
from sales_operations.metrics.velocity import USUAL_STAY


def _stay(stage: str, percent: int, meaning: str) -> Metric:
    left = only(was_in(stage) & (nw.col("stage") != stage), nw.col(f"seconds_in_{stage}"))
    name = f"time_in_{stage}_p{percent}"
    return quantile(name, "days", meaning.format(stage), left, percent / 100, scale=SECONDS_A_DAY)


_HALF = "Days that half of the deals that left {} stayed below, all visits added up."
_MOST = "Days that nine of ten deals that left {} stayed below, all visits added up."
STAY_MEDIAN = {stage: _stay(stage, 50, _HALF) for stage in OPEN_STAGES}
STAY_P90 = {stage: _stay(stage, 90, _MOST) for stage in OPEN_STAGES}
STAYS = {stage: {"p50": STAY_MEDIAN[stage], "p75": USUAL_STAY[stage], "p90": STAY_P90[stage]} for stage in OPEN_STAGES}
"""Open stage to percentile to the days that so many of the deals that left it stayed below."""

LOST_CYCLE_LENGTH_MEDIAN = quantile(
    "lost_cycle_length_median",
    "days",
    "Median days from opening to losing, over lost deals.",
    only(IS_LOST, nw.col("cycle_seconds")),
    0.5,
    scale=SECONDS_A_DAY,
)

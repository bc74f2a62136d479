"""How fast deals move: cycle length, time in stage, and what the pipeline brings a day."""

from __future__ import annotations

import narwhals as nw

from sales_operations.metrics.conversion import WIN_RATE_BY_COUNT
from sales_operations.metrics.deals import IS_WON, OPEN_STAGES, only, whole
from sales_operations.metrics.journeys import was_in
from sales_operations.metrics.metric import SECONDS_A_DAY, Metric, Row, Value, additive, mean, quantile
from sales_operations.metrics.value import DEAL_SIZE, OPEN_DEALS

_CYCLE = only(IS_WON, nw.col("cycle_seconds"))
_IN_STAGE = nw.col("seconds_in_stage")

TIMED_WON_DEALS = additive(
    "won_deals_with_cycle", "deals", "Won deals whose opening and closing are known.", whole(~_CYCLE.is_null())
)
CYCLE_LENGTH = mean(
    "cycle_length_mean", "days", "Mean days from opening to winning, over won deals.", _CYCLE, scale=SECONDS_A_DAY
)
CYCLE_LENGTH_MEDIAN = quantile(
    "cycle_length_median",
    "days",
    "Median days from opening to winning, over won deals.",
    _CYCLE,
    0.5,
    scale=SECONDS_A_DAY,
)

TIME_IN_STAGE = mean(
    "time_in_stage_mean",
    "days",
    "Mean days that open deals have spent in the stage where they are, all visits added up.",
    _IN_STAGE,
    scale=SECONDS_A_DAY,
)
TIME_IN_STAGE_MEDIAN = quantile(
    "time_in_stage_median",
    "days",
    "Median days that open deals have spent in the stage where they are, all visits added up.",
    _IN_STAGE,
    0.5,
    scale=SECONDS_A_DAY,
)


def _left(stage: str) -> nw.Expr:
    return was_in(stage) & (nw.col("stage") != stage)


LEFT = {
    stage: additive(
        f"left_{stage}", "deals", f"Deals once in {stage} that are not there any more.", whole(_left(stage))
    )
    for stage in OPEN_STAGES
}
USUAL_STAY = {
    stage: quantile(
        f"time_in_{stage}_p75",
        "days",
        f"Days that three quarters of the deals that left {stage} stayed below, all visits added up.",
        only(_left(stage), nw.col(f"seconds_in_{stage}")),
        0.75,
        scale=SECONDS_A_DAY,
    )
    for stage in OPEN_STAGES
}
WON_FROM = {
    stage: additive(
        f"won_from_{stage}", "deals", f"Won deals that were in {stage} at any time.", whole(IS_WON & was_in(stage))
    )
    for stage in OPEN_STAGES
}
WON_STAY = {
    stage: quantile(
        f"time_in_{stage}_won_p90",
        "days",
        f"Days in {stage} that nine of ten won deals stayed below, all visits added up.",
        only(IS_WON, nw.col(f"seconds_in_{stage}")),
        0.9,
        scale=SECONDS_A_DAY,
    )
    for stage in OPEN_STAGES
}


def _velocity(row: Row) -> Value:
    count, rate, size, days = (part.read(row) for part in (OPEN_DEALS, WIN_RATE_BY_COUNT, DEAL_SIZE, CYCLE_LENGTH))
    if count is None or rate is None or size is None or not days:
        return None
    return count * rate * size / days


VELOCITY = Metric(
    "velocity",
    "money per day",
    "What the open deals bring a day if they go as the closed ones did: open deals now x win rate by count x mean deal "
    "size / mean cycle length, the last three over the closed deals of the window.",
    "open_deals x win_rate_by_count x deal_size_mean / cycle_length_mean",
    {**OPEN_DEALS.columns, **WIN_RATE_BY_COUNT.columns, **DEAL_SIZE.columns, **CYCLE_LENGTH.columns},
    _velocity,
)

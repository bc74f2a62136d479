"""How deals come through: the stages as a funnel, and each month's new deals as a cohort."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import narwhals as nw

from sales_operations.domain.periods import Period
from sales_operations.metrics.conversion import ADVANCED, CLOSED_DEALS, CONVERSION_ANY_STAGE, ENTERED, WIN_RATE_BY_COUNT
from sales_operations.metrics.deals import IS_WON, OPEN_STAGES
from sales_operations.metrics.metric import SECONDS_A_DAY
from sales_operations.metrics.stays import STAYS
from sales_operations.metrics.value import AMOUNT, DEALS, LOST_DEALS, OPEN_DEALS, WON_AMOUNT, WON_DEALS
from sales_operations.metrics.velocity import LEFT, WON_FROM
from sales_operations.pipeline.groups import by_month, head, last_months
from sales_operations.pipeline.present import figure, share, win_rate
from sales_operations.pipeline.state import State
from sales_operations.pipeline.window import WINDOW_DAYS

AGES = (30, 60, 90, 180)
"""Days after which it is asked what share of a cohort was won."""
_PERCENTILES = [metric for stay in STAYS.values() for metric in stay.values()]


def funnel(state: State) -> dict[str, Any]:
    """For each open stage, over the deals closed in the window: how many were there, went beyond, were won, and how long.

    ``moved_on`` is the variant ``any_stage``, as in the stage report; ``won`` is the share won of those that were there.
    """
    metrics = [CLOSED_DEALS, *ENTERED.values(), *ADVANCED.values(), *WON_FROM.values(), *LEFT.values(), *_PERCENTILES]
    row = state.measured(state.closed_within(WINDOW_DAYS), metrics)
    stages = []
    for stage in OPEN_STAGES:
        entered = row[ENTERED[stage].name]
        stages.append(
            {
                "stage": stage,
                "entered": entered,
                "moved_on": share(row[ADVANCED[stage].name], entered) | {"variant": "any_stage"},
                "won": share(row[WON_FROM[stage].name], entered),
                "days_in_stage": {name: figure(metric, row, state) for name, metric in STAYS[stage].items()}
                | {"n": row[LEFT[stage].name]},
            }
        )
    defined = [*CONVERSION_ANY_STAGE.values(), *_PERCENTILES]
    return head(state, row[CLOSED_DEALS.name], defined) | {"window_days": WINDOW_DAYS, "stages": stages}


def cohorts(state: State) -> dict[str, Any]:
    """For the deals opened in each of the last twelve months: what became of them, and how soon they were won.

    ``won_within`` counts all deals of the cohort below the line; it is None until the youngest of them could be so old.
    """
    months = last_months(state)
    metrics = [DEALS, AMOUNT, OPEN_DEALS, WON_DEALS, WON_AMOUNT, LOST_DEALS, CLOSED_DEALS]
    opened = by_month(state, state.journeyed, "opened_at", months)
    found = state.measured_by(opened, metrics, "month")
    nothing = state.measured(state.journeyed.head(0), metrics)
    won = {days: state.measured_by(opened.filter(_won_within(days)), [WON_DEALS], "month") for days in AGES}
    entries = []
    for index, month in enumerate(months):
        row = found.get(index, nothing)
        within = {}
        for days, rows in won.items():
            count = rows[index][WON_DEALS.name] if index in rows else 0
            within[str(days)] = share(count, row[DEALS.name]) if _is_old_enough(state, month, days) else None
        entries.append(
            {
                "month": month.label,
                "created": row[DEALS.name],
                "created_amount": figure(AMOUNT, row, state),
                "open": row[OPEN_DEALS.name],
                "won": row[WON_DEALS.name],
                "won_amount": figure(WON_AMOUNT, row, state),
                "lost": row[LOST_DEALS.name],
                "win_rate": win_rate(row),
                "won_within": within,
                "complete": month != months[-1],
            }
        )
    told = "Of all deals opened in the month, the share won within so many days of its opening."
    deals = sum(entry["created"] for entry in entries)
    return head(state, deals, [WIN_RATE_BY_COUNT], won_within=told) | {"ages_days": list(AGES), "months": entries}


def _won_within(days: int) -> nw.Expr:
    return IS_WON & (nw.col("cycle_seconds") <= days * SECONDS_A_DAY)


def _is_old_enough(state: State, month: Period, days: int) -> bool:
    return state.start_of(month.shifted(1).start) + timedelta(days=days) <= state.until

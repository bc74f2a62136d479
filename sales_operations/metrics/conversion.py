"""How many deals are won, and how many reach the next stage."""

from __future__ import annotations

from functools import reduce
from operator import or_

import narwhals as nw

from sales_operations.metrics.deals import IS_WON, OPEN_STAGES, only, whole
from sales_operations.metrics.journeys import was_in
from sales_operations.metrics.metric import Additive, additive, ratio
from sales_operations.metrics.value import WON_AMOUNT, WON_DEALS

_IS_CLOSED = nw.col("status") != "open"

CLOSED_DEALS = additive("closed_deals", "deals", "Deals that are won or lost.", whole(_IS_CLOSED))
CLOSED_AMOUNT = additive(
    "closed_amount", "money", "Sum of the amounts of deals won or lost.", only(_IS_CLOSED, nw.col("amount_minor"))
)

WIN_RATE_BY_COUNT = ratio(
    "win_rate_by_count", "share", "Won deals out of the deals won or lost.", of=WON_DEALS, per=CLOSED_DEALS
)
WIN_RATE_BY_AMOUNT = ratio(
    "win_rate_by_amount", "share", "Amount won out of the amount won or lost.", of=WON_AMOUNT, per=CLOSED_AMOUNT
)


def _entered(stage: str) -> Additive:
    return additive(f"entered_{stage}", "deals", f"Deals that were in {stage} at any time.", whole(was_in(stage)))


def _advanced(stage: str) -> Additive:
    later = OPEN_STAGES[OPEN_STAGES.index(stage) + 1 :]
    beyond = reduce(or_, (was_in(name) for name in later), IS_WON)
    return additive(
        f"advanced_from_{stage}",
        "deals",
        f"Deals that were in {stage} at any time, and at any time in a later stage, or won.",
        whole(was_in(stage) & beyond),
    )


ENTERED = {stage: _entered(stage) for stage in OPEN_STAGES}
ADVANCED = {stage: _advanced(stage) for stage in OPEN_STAGES}
CONVERSION_ANY_STAGE = {
    stage: ratio(
        f"conversion_any_stage_{stage}",
        "share",
        f"Of the deals ever in {stage}, the share that reached a later stage or was won; stages may be skipped.",
        of=ADVANCED[stage],
        per=ENTERED[stage],
    )
    for stage in OPEN_STAGES
}
"""Open stage to its conversion, in the variant that asks only for the stage itself, not for all stages before it."""

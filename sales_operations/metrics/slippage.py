"""Whether deals close when they are due: those that were open at a period's start and due in it, by the period's end.

The frame has, beside the columns of ``metrics.deals`` at the period's start, ``due`` (the deal was due in the period),
``outcome`` (won, lost, slipped, standing or deleted) and ``due_pushes`` (how often its close date moved to a later day).
"""

from __future__ import annotations

import narwhals as nw

from sales_operations.metrics.deals import only, whole
from sales_operations.metrics.metric import additive, ratio

_DUE = nw.col("due")
_SLIPPED = _DUE & (nw.col("outcome") == "slipped")
_AMOUNT = nw.col("amount_minor")

DUE_DEALS = additive("due_deals", "deals", "Deals that were open at the start of a period and due in it.", whole(_DUE))
DUE_AMOUNT = additive(
    "due_amount", "money", "Sum of the amounts, at the period's start, of the deals due in it.", only(_DUE, _AMOUNT)
)
SLIPPED_DEALS = additive(
    "slipped_deals",
    "deals",
    "Deals due in a period that at its end were open, with a close date after it.",
    whole(_SLIPPED),
)
SLIPPED_AMOUNT = additive(
    "slipped_amount",
    "money",
    "Sum of the amounts, at the period's start, of the slipped deals.",
    only(_SLIPPED, _AMOUNT),
)
PUSHED_DUE_DEALS = additive(
    "pushed_due_deals",
    "deals",
    "Deals due in a period whose close date moved to a later day in it, once or more.",
    whole(_DUE & (nw.col("due_pushes") > 0)),
)
PUSHES_OF_DUE_DEALS = additive(
    "pushes_of_due_deals",
    "times",
    "How often the close dates of the deals due in a period moved to a later day in it.",
    only(_DUE, nw.col("due_pushes")),
)
SLIP_RATE_BY_COUNT = ratio(
    "slip_rate_by_count",
    "share",
    "Of the deals due in a period, the share that slipped: open at its end, with a close date after it.",
    of=SLIPPED_DEALS,
    per=DUE_DEALS,
)
SLIP_RATE_BY_AMOUNT = ratio(
    "slip_rate_by_amount",
    "share",
    "Of the amount due in a period, the share that slipped.",
    of=SLIPPED_AMOUNT,
    per=DUE_AMOUNT,
)
PUSH_RATE = ratio(
    "push_rate",
    "share",
    "Of the deals due in a period, the share whose close date moved to a later day in it, once or more.",
    of=PUSHED_DUE_DEALS,
    per=DUE_DEALS,
)
PUSHES_PER_DUE_DEAL = ratio(
    "pushes_per_due_deal",
    "times",
    "Moves of the close date to a later day, for each deal due in the period.",
    of=PUSHES_OF_DUE_DEALS,
    per=DUE_DEALS,
)

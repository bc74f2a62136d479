"""How many deals there are and what they are worth."""

from __future__ import annotations

import narwhals as nw

from sales_operations.metrics.deals import IS_LOST, IS_OPEN, IS_WON, only, whole
from sales_operations.metrics.metric import additive, mean, quantile

_AMOUNT = nw.col("amount_minor")
_WEIGHTED = nw.col("weighted")
_UNKNOWN = _AMOUNT.is_null()

DEALS = additive("deals", "deals", "Deals in any stage, open and closed.", whole(~nw.col("status").is_null()))
AMOUNT = additive("amount", "money", "Sum of the amounts, open and closed; an unknown amount counts 0.", _AMOUNT)
WEIGHTED_AMOUNT = additive(
    "weighted_amount",
    "weighted money",
    "Sum of amount x probability, open and closed. Where the probability is unknown, the stage's configured one stands "
    "in (won 1, lost 0). Each deal is rounded to a thousandth of a minor unit.",
    _WEIGHTED,
)
AMOUNT_UNKNOWN = additive("amount_unknown", "deals", "Deals whose amount is unknown.", whole(_UNKNOWN))

OPEN_DEALS = additive("open_deals", "deals", "Deals that are neither won nor lost.", whole(IS_OPEN))
OPEN_AMOUNT = additive("open_amount", "money", "Sum of the amounts of open deals.", only(IS_OPEN, _AMOUNT))
OPEN_WEIGHTED = additive(
    "open_weighted_amount",
    "weighted money",
    "Sum of amount x probability over open deals alone, rounded as in weighted_amount.",
    only(IS_OPEN, _WEIGHTED),
)
OPEN_AMOUNT_UNKNOWN = additive(
    "open_amount_unknown", "deals", "Open deals whose amount is unknown.", whole(IS_OPEN & _UNKNOWN)
)

WON_DEALS = additive("won_deals", "deals", "Deals that are won.", whole(IS_WON))
WON_AMOUNT = additive("won_amount", "money", "Sum of the amounts of won deals.", only(IS_WON, _AMOUNT))
LOST_DEALS = additive("lost_deals", "deals", "Deals that are lost.", whole(IS_LOST))
LOST_AMOUNT = additive("lost_amount", "money", "Sum of the amounts of lost deals.", only(IS_LOST, _AMOUNT))

SIZED_WON_DEALS = additive(
    "won_deals_with_amount", "deals", "Won deals whose amount is known.", whole(IS_WON & ~_UNKNOWN)
)
DEAL_SIZE = mean(
    "deal_size_mean", "money", "Mean amount of the won deals whose amount is known.", only(IS_WON, _AMOUNT)
)
DEAL_SIZE_MEDIAN = quantile(
    "deal_size_median", "money", "Median amount of the won deals whose amount is known.", only(IS_WON, _AMOUNT), 0.5
)

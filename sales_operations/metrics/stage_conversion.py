"""From which stage to which: the share of deals that got there, in two variants.

*Any stage* asks only that a deal was in the first stage at some time and came as far as the second, or further; stages
may be skipped. *All stages* counts only deals that were in every stage up to the one in question, none skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import and_, or_

import narwhals as nw

from sales_operations.metrics.conversion import CONVERSION_ANY_STAGE, ENTERED
from sales_operations.metrics.deals import IS_LOST, IS_WON, OPEN_STAGES, whole
from sales_operations.metrics.journeys import was_in
from sales_operations.metrics.metric import Additive, Ratio, additive, ratio
from sales_operations.metrics.velocity import WON_FROM

WON, LOST = "closed_won", "closed_lost"
_NEXT = dict(zip(OPEN_STAGES, (*OPEN_STAGES[1:], WON), strict=True))


def _pairs() -> Iterator[tuple[str, str]]:
    """Every stage with every later one that is open."""
    for place, start in enumerate(OPEN_STAGES):
        for end in OPEN_STAGES[place + 1 :]:
            yield start, end


def _beyond(start: str, end: str) -> Additive:
    reached = reduce(or_, (was_in(stage) for stage in OPEN_STAGES[OPEN_STAGES.index(end) :]), IS_WON)
    meaning = f"Deals that were in {start} at any time, and at any time in {end} or a later stage, or won."
    return additive(f"reached_{end}_from_{start}", "deals", meaning, whole(was_in(start) & reached))


def _any_stage(start: str, end: str, of: Additive, what: str) -> Ratio:
    name = f"conversion_any_stage_{start}_to_{end}"
    return ratio(name, "share", f"Of the deals ever in {start}, the share that {what}.", of=of, per=ENTERED[start])


def _passed(stage: str) -> nw.Expr:
    return reduce(and_, (was_in(name) for name in OPEN_STAGES[: OPEN_STAGES.index(stage) + 1]))


def _all_stages(start: str, end: str, of: Additive, what: str) -> Ratio:
    meaning = f"Of the deals that were in every stage up to {start}, the share that {what}."
    return ratio(f"conversion_all_stages_{start}_to_{end}", "share", meaning, of=of, per=PASSED[start])


LOST_FROM = {
    stage: additive(
        f"lost_from_{stage}", "deals", f"Lost deals that were in {stage} at any time.", whole(IS_LOST & was_in(stage))
    )
    for stage in OPEN_STAGES
}
ANY_STAGE = {
    **{
        (start, end): CONVERSION_ANY_STAGE[start]
        if end == _NEXT[start]
        else _any_stage(start, end, _beyond(start, end), f"came to {end}, to a later stage or was won")
        for start, end in _pairs()
    },
    **{(stage, WON): _any_stage(stage, WON, WON_FROM[stage], "was won") for stage in OPEN_STAGES[:-1]},
    (OPEN_STAGES[-1], WON): CONVERSION_ANY_STAGE[OPEN_STAGES[-1]],
    **{(stage, LOST): _any_stage(stage, LOST, LOST_FROM[stage], "was lost") for stage in OPEN_STAGES},
}
"""(from, to) to the share of deals, stages may be skipped."""

PASSED = {
    stage: additive(
        f"passed_to_{stage}", "deals", f"Deals that were in every stage up to {stage}.", whole(_passed(stage))
    )
    for stage in OPEN_STAGES
}
PASSED_AND_WON = additive(
    "passed_to_closed_won",
    "deals",
    "Won deals that were in every open stage.",
    whole(IS_WON & _passed(OPEN_STAGES[-1])),
)
PASSED_AND_LOST = {
    stage: additive(
        f"passed_to_{stage}_and_lost",
        "deals",
        f"Lost deals that were in every stage up to {stage}.",
        whole(IS_LOST & _passed(stage)),
    )
    for stage in OPEN_STAGES
}
ALL_STAGES = {
    **{
        (start, end): _all_stages(start, end, PASSED[end], f"was in every stage up to {end}") for start, end in _pairs()
    },
    **{
        (stage, WON): _all_stages(stage, WON, PASSED_AND_WON, "was in every open stage and won")
        for stage in OPEN_STAGES
    },
    **{(stage, LOST): _all_stages(stage, LOST, PASSED_AND_LOST[stage], "was lost") for stage in OPEN_STAGES},
}
"""(from, to) to the share of deals, no stage skipped on the way."""

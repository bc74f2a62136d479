"""How deals get through: from which stage to which, how long until they close, and whether they close when they are due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np

from sales_operations.domain.periods import Period
from sales_operations.domain.stages import STAGE_NAMES
from sales_operations.estimation.survival import Curve, curve
from sales_operations.metrics.conversion import CLOSED_DEALS
from sales_operations.metrics.deals import IS_OPEN, OPEN_STAGES
from sales_operations.metrics.journeys import whole_seconds
from sales_operations.metrics.metric import SECONDS_A_DAY, Ratio
from sales_operations.metrics.stage_conversion import ALL_STAGES, ANY_STAGE
from sales_operations.pipeline.present import LEVEL, Z, share
from sales_operations.pipeline.slips import slippage
from sales_operations.pipeline.state import State
from sales_operations.pipeline.window import Window, window_of

_VARIANTS: dict[str, tuple[Mapping[tuple[str, str], Ratio], str]] = {
    "any_stage": (
        ANY_STAGE,
        "Of the closed deals that were ever in the first stage, the share that came to the second, to a later one or was "
        "won; stages may be skipped.",
    ),
    "all_stages": (
        ALL_STAGES,
        "Of the closed deals that were in every stage up to the first, the share that was in every stage up to the second.",
    ),
}
_POINTS = (7, 14, 30, 60, 90, 120, 180, 270, 365, 540, 730)
"""Days after opening for which the curve is told."""
_CLOSINGS = ("won", "lost")


def movement(state: State, period: Period | None = None) -> dict[str, Any]:
    """``stage_conversion``, ``time_to_close`` and ``slippage``.

    Of the deals that closed in ``period``, opened in it and were due in it, in this order. Without one: closed in the
    last year, opened at any time, and due in the present quarter. Raises InvalidInput for a period yet to begin.
    """
    window = window_of(state, period)
    due = period or state.period("quarter")
    return {
        "stage_conversion": stage_conversion(state, window),
        "time_to_close": time_to_close(state, window if period else None),
        "slippage": {"this_period": slippage(state, due), "period_before": slippage(state, due.shifted(-1))},
        "currency": state.settings.company.currency,
        **state.seen,
        "analyzed_at": state.made_at,
    }


def stage_conversion(state: State, window: Window) -> dict[str, Any]:
    """Variant to its definition and ``from``: stage to later stage to the share that got there."""
    ratios = [ratio for matrix, _ in _VARIANTS.values() for ratio in matrix.values()]
    row = state.measured(window.closed(state), [CLOSED_DEALS, *ratios])
    found: dict[str, Any] = {"window": window.shown(state, row[CLOSED_DEALS.name])}
    for variant, (matrix, definition) in _VARIANTS.items():
        cells: dict[str, dict[str, Any]] = {stage: {} for stage in OPEN_STAGES}
        for (start, end), ratio in sorted(matrix.items(), key=lambda cell: STAGE_NAMES.index(cell[0][1])):
            cells[start][end] = share(row[ratio.of.name], row[ratio.per.name])
        found[variant] = {"definition": definition, "from": cells}
    return found


def time_to_close(state: State, window: Window | None) -> dict[str, Any]:
    """How many days after their opening deals close, those that are open yet counted up to as_of.

    ``points``: the share that is open after so many days, with its interval, and the shares won and lost by then, as far
    as some deal was followed so long. ``window`` keeps to the deals opened in it.
    """
    deals = state.journeyed
    if window is not None:
        opened = nw.col("opened_at")
        deals = deals.filter(opened >= nw.lit(window.start), opened < nw.lit(window.end))
    followed = whole_seconds(nw.col("opened_us"), nw.lit(state.at.micros))
    seconds = nw.when(IS_OPEN).then(followed).otherwise(nw.col("cycle_seconds"))
    counted = deals.select("status", days=seconds // SECONDS_A_DAY).group_by("days", "status").agg(n=nw.len())
    rows = [row for row in state.rows(counted) if row["days"] is not None]
    times = sorted({row["days"] for row in rows})
    counts = np.zeros((3, len(times)), dtype=np.int64)
    for row in rows:
        counts[("won", "lost", "open").index(row["status"]), times.index(row["days"])] = row["n"]
    found = curve(times, counts[:2], counts[2], Z)
    longest = times[-1] if times else -1
    return {
        "definition": "Whole days from opening to closing by Kaplan and Meier; open deals are followed up to as_of. Won and "
        "lost are competing ends (Aalen and Johansen). A deal that was reopened counts from its first opening to its last "
        "closing.",
        "opened_in": window.period.label if window and window.period else None,
        "n": int(counts.sum()),
        "closed": int(counts[:2].sum()),
        "open": int(counts[2].sum()),
        "median_days": found.median,
        "longest_days": longest if times else None,
        "level": LEVEL,
        "points": [_point(found, day) for day in _POINTS if day <= longest],
    }


def _point(found: Curve, day: int) -> dict[str, Any]:
    place = found.place(day)
    if place < 0:
        return {"days": day, "open": 1.0, "low": None, "high": None} | dict.fromkeys(_CLOSINGS, 0.0)
    low, high = (None if np.isnan(bound) else float(bound) for bound in (found.low[place], found.high[place]))
    gone = {name: float(found.incidence[cause, place]) for cause, name in enumerate(_CLOSINGS)}
    return {"days": day, "open": float(found.surviving[place]), "low": low, "high": high, **gone}

"""Deals as they stood on past days: what a model of single deals learns from, and what it looks at to forecast.

A snapshot holds only what was known on its day. Shares won by rep, product and source count the deals closed by then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.estimation.shrinkage import shrunk_mean
from sales_operations.forecasting.asof import NO_DAY, WON, Bools, Floats, History, Ints
from sales_operations.forecasting.seasons import fit_rhythm

EVERY = 14
"""Days between the snapshots of a deal."""
HORIZONS = np.array([31, 92, 366])
"""The longest windows of a month, a quarter and a year; each is practised equally often."""
LARGEST = 8_000
_PRIOR_DEALS = 10.0
_SPAN = 2**20


@dataclass(frozen=True, eq=False)
class Snapshots:
    """One open deal on one day an entry, and the days that are left to win it: arrays (n,).

    ``amount`` is NaN and ``close`` is ``NO_DAY`` where unknown; ``rep``, ``product`` and ``source`` are -1 where the
    history does not know them.
    """

    day: Ints
    left: Ints
    stage: Ints
    created: Ints
    since: Ints
    amount: Floats
    close: Ints
    pushes: Ints
    rep: Ints
    product: Ints
    source: Ints


def snapshots_of(history: History, rows: Ints, day: Ints, left: Ints) -> Snapshots:
    """Snapshots of states of the history, each on a day on which it held."""
    deal = history.deal[rows]
    return Snapshots(
        day,
        left,
        history.stage[rows],
        history.created[deal],
        history.since[rows],
        history.amount[rows],
        history.close[rows],
        history.pushes[rows],
        history.rep[rows],
        history.product[deal],
        history.source[deal],
    )


def practice(history: History, rng: np.random.Generator, after: int = NO_DAY) -> tuple[Snapshots, Bools]:
    """Snapshots every 14 days, with windows that ended by the origin, and which of them were won in those.

    All of days later than ``after``. Of more than 8,000 a sample is drawn.
    """
    first = max(history.observed_from, after + 1)
    # A state is seen on the days origin - 14 k that lie in [start, end).
    end = np.minimum(history.end, history.day)
    start = np.maximum(history.start, first)
    newest = -((end - 1 - history.day) // EVERY)
    oldest = (history.day - start) // EVERY
    seen = np.where((history.stage < WON) & ~history.gone, np.maximum(oldest - newest + 1, 0), 0)
    total = int(seen.sum())
    place = np.arange(total) if total <= LARGEST else np.sort(rng.choice(total, LARGEST, replace=False))
    until = np.cumsum(seen)
    rows = np.searchsorted(until, place, side="right")
    day = history.day - EVERY * (newest[rows] + place - (until - seen)[rows])
    longest = np.minimum(HORIZONS[rng.integers(0, len(HORIZONS), len(rows))], history.day - day)
    left = 1 + np.floor(rng.random(len(rows)) * longest).astype(np.int64)
    won_on = np.full(len(history.ids), NO_DAY, dtype=np.int64)
    closings = history.closings
    won_on[closings.deal[closings.won]] = closings.day[closings.won]
    outcome = won_on[history.deal[rows]]
    return snapshots_of(history, rows, day, left), (outcome > day) & (outcome <= day + left)


def features(history: History, seen: Snapshots) -> Floats:
    """What the model looks at: (n, 17), without gaps; ``history`` is the one of the forecast or the fit.

    Long-tailed quantities enter by their logarithm.
    """
    known_amount, known_close = ~np.isnan(seen.amount), seen.close != NO_DAY
    until_close = np.where(known_close, np.clip(seen.close - seen.day, -365, 730), 0)
    closings = history.closings
    columns = [
        *(seen.stage == stage for stage in range(WON)),
        np.log1p(np.maximum(seen.day - seen.created, 0)),
        np.log1p(np.maximum(seen.day - seen.since, 0)),
        known_amount,
        np.log1p(np.maximum(np.where(known_amount, seen.amount, 0.0), 0.0)),
        known_close,
        until_close,
        known_close & (until_close <= seen.left),
        np.log1p(seen.pushes),
        np.log1p(seen.left),
        np.log1p(_usual_days(history, seen)),
        _share_won(history, closings.rep, seen.rep, seen.day),
        _share_won(history, history.product[closings.deal], seen.product, seen.day),
        _share_won(history, history.source[closings.deal], seen.source, seen.day),
    ]
    return np.column_stack(columns).astype(np.float64)


def _usual_days(history: History, seen: Snapshots) -> Floats:
    """The days left, each by how much more than usual is won on it."""
    first, last = int(seen.day.min()), int((seen.day + seen.left).max())
    total = np.append(0.0, np.cumsum(fit_rhythm(history).of(np.arange(first, last + 1))))
    return np.asarray(total[seen.day + seen.left - first + 1] - total[seen.day - first + 1])


def _share_won(history: History, group_closed: Ints, group: Ints, day: Ints) -> Floats:
    """Share won of the deals of a group that were closed by a day, shrunk to the share of all deals closed by then."""
    closings = history.closings
    closed = np.sort(group_closed * _SPAN + closings.day)
    won = np.sort((group_closed * _SPAN + closings.day)[closings.won])
    all_closed, all_won = np.sort(closings.day), np.sort(closings.day[closings.won])

    def upto(keys: Ints) -> Ints:
        return np.searchsorted(keys, group * _SPAN + day, side="right") - np.searchsorted(keys, group * _SPAN)

    overall = shrunk_mean(
        np.searchsorted(all_won, day, side="right"), np.searchsorted(all_closed, day, side="right"), 0.5, 2.0
    )
    return shrunk_mean(upto(won), upto(closed), overall, _PRIOR_DEALS)

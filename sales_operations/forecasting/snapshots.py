"""Deals as they stood on past days: what a model of single deals learns from, and what it looks at to forecast.

A snapshot holds only what was known on its day. Shares won by rep, product and source count the deals closed by then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

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

    def take(self, chosen: Ints | Bools) -> Snapshots:
        """Some of them."""
        return Snapshots(**{name: values[chosen] for name, values in vars(self).items()})


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
        history.product[rows],
        history.source[rows],
    )


def open_now(history: History, left: int) -> Snapshots:
    """The deals that are open at the origin, in the order of ``history.open_rows``, with so many days left."""
    rows = history.open_rows
    return snapshots_of(history, rows, np.full(len(rows), history.day), np.full(len(rows), left))


def practice(history: History, rng: np.random.Generator, after: int = NO_DAY) -> tuple[Snapshots, Bools]:
    """Snapshots every 14 days, with windows that ended by the origin, and which of them were won in those.

    All of days later than ``after``. Of more than 8,000 a sample is drawn.
    """

    def sample(total: int) -> Ints:
        return np.arange(total) if total <= LARGEST else np.sort(rng.choice(total, LARGEST, replace=False))

    first = max(history.observed_from, after + 1)
    rows, day = standing(history, first, history.day - EVERY, EVERY, sample)
    longest = np.minimum(HORIZONS[rng.integers(0, len(HORIZONS), len(rows))], history.day - day)
    left = 1 + np.floor(rng.random(len(rows)) * longest).astype(np.int64)
    return snapshots_of(history, rows, day, left), won_within(history, rows, day, left)


def standing(
    history: History, first: int, last: int, every: int, choose: Callable[[int], Ints] = np.arange
) -> tuple[Ints, Ints]:
    """The states of open deals on ``last`` and every so many days before it, from ``first`` on: rows and days (n,).

    ``choose`` says which of so many are wanted, in order.
    """
    # A state is seen on the days last - k * every that lie in [start, end).
    end = np.minimum(history.end, last + 1)
    start = np.maximum(history.start, first)
    newest = -((end - 1 - last) // every)
    oldest = (last - start) // every
    seen = np.where((history.stage < WON) & ~history.gone, np.maximum(oldest - newest + 1, 0), 0)
    place = choose(int(seen.sum()))
    until = np.cumsum(seen)
    rows = np.searchsorted(until, place, side="right")
    return rows, last - every * (newest[rows] + place - (until - seen)[rows])


def won_within(history: History, rows: Ints, day: Ints, left: Ints) -> Bools:
    """Whether the deals of these states were won in the days that were left after a day."""
    won_on = np.full(len(history.ids), NO_DAY, dtype=np.int64)
    closings = history.closings
    won_on[closings.deal[closings.won]] = closings.day[closings.won]
    outcome = won_on[history.deal[rows]]
    return (outcome > day) & (outcome <= day + left)


def told_to(earlier: History, history: History, seen: Snapshots) -> Snapshots:
    """Snapshots of ``history`` in the codes of the same history at an earlier day; -1 for what that had not met."""
    met = frozenset(earlier.ids.tolist())  # np.isin compares texts one with all others: minutes for 100,000 deals
    known = (history.start <= earlier.day) & np.array([one in met for one in history.ids.tolist()], dtype=bool)[
        history.deal
    ]

    def translated(codes: Ints, of: Ints, into: Ints) -> Ints:
        table = np.full(int(of.max(initial=-1)) + 1, -1, dtype=np.int64)
        table[of[known]] = into
        return np.asarray(table[codes])

    return replace(
        seen,
        rep=translated(seen.rep, history.rep, earlier.rep),
        product=translated(seen.product, history.product, earlier.product),
        source=translated(seen.source, history.source, earlier.source),
    )


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
        _share_won(history, history.product[closings.row], seen.product, seen.day),
        _share_won(history, history.source[closings.row], seen.source, seen.day),
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

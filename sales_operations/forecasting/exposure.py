"""What was observed of deals while they were open: the days on which something could happen to them, and what did.

A deal's state is its stage and its pace: whether it came into the stage earlier or later than most do. Who was slow stays
slow, and who was quick may be won before long; the stage and the time in it would forget that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.forecasting.amounts import SIZES
from sales_operations.forecasting.asof import WON, Floats, History, Ints

PACES = 2
STATES = PACES * WON
"""A quick deal's state is its stage; a slow one's comes after those of all stages."""
EDGES = np.array([0, 1, 2, 4, 7, 11, 15, 22, *range(29, 212, 14), 239, 281, 366])
"""Days in the stage at which a bucket begins; the last one is open-ended."""


@dataclass(frozen=True, eq=False)
class Observed:
    """Open deals ``at_risk`` (days from ``first`` on, sizes, states, buckets), and their changes of stage.

    ``usual`` (4,) are the ages of deals, in days, beyond which they come slowly into each stage.
    """

    first: int
    usual: Floats
    at_risk: Floats
    events: Events


@dataclass(frozen=True, eq=False)
class Events:
    """Changes of stage: the day, counted from the first one at risk, the state left, stage and pace entered, size, bucket.

    ``slow`` is 1 where the deal came slowly into the stage ``to``.
    """

    day: Ints
    state: Ints
    to: Ints
    slow: Ints
    size: Ints
    bucket: Ints


def observe(history: History, sizes: Ints) -> Observed:
    """All that happened from the first closing on; ``sizes`` has the size of each row of the history."""
    first, usual = history.observed_from, _usual_ages(history)
    slow = slow_of(history.stage, history.since - history.created[history.deal], usual)
    state = history.stage + WON * slow
    return Observed(first, usual, _at_risk(history, sizes, state, first), _events(history, sizes, state, slow, first))


def slow_of(stage: Ints, age: Ints, usual: Floats) -> Ints:
    """1 for deals that were older than usual when they came into their stage, 0 for others and closed ones."""
    return np.asarray(age > np.append(usual, [np.inf, np.inf])[stage], dtype=np.int64)


def bucket_of(days: Ints) -> Ints:
    """The bucket of a time in the stage."""
    return np.searchsorted(EDGES, days, side="right") - 1


def _usual_ages(history: History) -> Floats:
    """The median age of deals that came into each open stage; 0 where none did."""
    enters = np.append(True, (history.deal[1:] != history.deal[:-1]) | (history.stage[1:] != history.stage[:-1]))
    rows = np.flatnonzero(enters[: len(history.deal)])
    stage, age = history.stage[rows], history.start[rows] - history.created[history.deal[rows]]
    return np.array([np.median(age[stage == one]) if (stage == one).any() else 0.0 for one in range(WON)])


def _at_risk(history: History, sizes: Ints, state: Ints, first: int) -> Floats:
    """Open deals to which something may happen on each day."""
    end = np.minimum(history.end, history.day)
    rows = np.flatnonzero((history.stage < WON) & ~history.gone & (end > np.maximum(history.start, first - 1)))
    begin, end, since = np.maximum(history.start[rows], first - 1), end[rows], history.since[rows]
    length = history.day - first + 2
    entered, left = [], []
    kind = (sizes[rows] * STATES + state[rows]) * len(EDGES)
    for bucket, edge in enumerate(EDGES):
        there = since + edge < end  # who has left by then is in no later bucket either
        begin, end, since, kind = begin[there], end[there], since[there], kind[there]
        enters = np.maximum(begin, since + edge)
        leaves = end if bucket + 1 == len(EDGES) else np.minimum(end, since + EDGES[bucket + 1])
        inside = enters < leaves
        cell = (kind[inside] + bucket) * length - first + 1
        entered.append(cell + enters[inside])
        left.append(cell + leaves[inside])
    cells = SIZES * STATES * len(EDGES) * length
    change = (_counts(entered, cells) - _counts(left, cells)).astype(np.float64)
    table = np.cumsum(change.reshape(SIZES, STATES, len(EDGES), length), axis=3)
    return np.moveaxis(table[..., :-1], 3, 0)


def _counts(cells: list[Ints], count: int) -> Ints:
    return np.bincount(np.concatenate(cells), minlength=count)


def _events(history: History, sizes: Ints, state: Ints, slow: Ints, first: int) -> Events:
    rows = np.flatnonzero((history.stage < WON) & ~history.gone & (history.end <= history.day) & (history.end >= first))
    following = history.stage[rows + 1]
    changed = (following != history.stage[rows]) & ~history.gone[rows + 1]
    rows, following = rows[changed], following[changed]
    day = history.end[rows]
    bucket = bucket_of(day - 1 - history.since[rows])
    return Events(day - first, state[rows], following, slow[rows + 1], sizes[rows], bucket)

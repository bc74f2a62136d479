"""How deals flow: the daily chances to be won, lost or moved, by stage, time in the stage and size of the deal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.estimation.shrinkage import shrunk_ratio
from sales_operations.forecasting.amounts import SIZES
from sales_operations.forecasting.asof import LOST, WON, Floats, History, Ints
from sales_operations.forecasting.seasons import PARTS, part_factors, parts_of

EDGES = np.array([0, 1, 2, 4, 7, 11, 15, 22, *range(29, 212, 14), 239, 281, 366])
"""Days in the stage at which a bucket begins; the last one is open-ended."""
FRESH_DAYS = 29
"""Deals that close within four weeks follow another rhythm than those that take months."""
LEAST_WON = 5
PRIOR_CLOSINGS = 4.0
"""Closings that the configured probabilities of a stage weigh as much as."""
PRIOR_BUCKET = 0.5
"""Events that the time before it weighs as much as in each bucket."""
PRIOR_SIZE = 10.0
PRIOR_LEVEL = 20.0
"""Closings that speak for no difference between sizes, and for an unchanged level."""
TABLE_HALF_LIFE = 365.0
LEVEL_HALF_LIFE = 30.0
"""Days after which an observation counts half: in the tables, and in the level of all chances."""


@dataclass(frozen=True, eq=False)
class Hazards:
    """Chance a day: ``won`` and ``lost`` (sizes, 4 stages, buckets), ``moved`` (sizes, from 4, to 4, buckets).

    ``won_factor`` and ``lost_factor`` (parts of the quarter, buckets) multiply the first two.
    """

    won: Floats
    lost: Floats
    moved: Floats
    won_factor: Floats
    lost_factor: Floats


@dataclass(frozen=True, eq=False)
class Events:
    """Changes of stage: the day, counted from the first one at risk, the stage left and entered, size and bucket."""

    day: Ints
    stage: Ints
    to: Ints
    size: Ints
    bucket: Ints


def fit_hazards(history: History, sizes: Ints, stage_probabilities: Sequence[float]) -> Hazards:
    """Estimate the chances from all days that deals were observed open; ``sizes`` has the size of each row.

    Each stage's rates are shrunk towards the configured probability (``stage_probabilities``, one for each of the four
    open stages) at the pace at which deals close anywhere; each bucket's towards the bucket before.
    Raises HistoryTooThin.
    """
    closings = history.closings
    if closings.won.sum() < LEAST_WON:
        raise HistoryTooThin(
            f"{int(closings.won.sum())} won deals are known; {LEAST_WON} are needed to estimate chances"
        )
    first = history.observed_from
    at_risk, events = _at_risk(history, sizes, first), _events(history, sizes, first)
    rates = _rates(at_risk.sum(axis=1), events, np.asarray(stage_probabilities, dtype=np.float64))
    days = np.arange(first, history.day + 1)
    exposure = at_risk.sum(axis=0)
    by_outcome = []
    for outcome in (WON, LOST):
        chosen = events.to == outcome
        rate = _by_size(exposure, rates[:, outcome], events.size[chosen])[:, None, None] * rates[:, outcome]
        expected = np.einsum("dzsb,zsb->db", at_risk, rate)
        by_outcome.append((rate, _factors(days, expected, events.day[chosen], events.bucket[chosen])))
    (won, won_factor), (lost, lost_factor) = by_outcome
    pace = _by_size(exposure, rates[:, :WON].sum(axis=1), events.size[events.to < WON])
    return Hazards(won, lost, pace[:, None, None, None] * rates[:, :WON], won_factor, lost_factor)


def _by_size(exposure: Floats, rates: Floats, sizes: Ints) -> Floats:
    """By how much more often an event met deals of each size than the rates of all deals let expect."""
    expected = (exposure * rates).sum(axis=(1, 2))
    return shrunk_ratio(np.bincount(sizes, minlength=SIZES), expected, PRIOR_SIZE)


def _at_risk(history: History, sizes: Ints, first: int) -> Floats:
    """Open deals (days from ``first`` on, sizes, stages, buckets) to which something may happen on that day."""
    end = np.minimum(history.end, history.day)
    rows = np.flatnonzero((history.stage < WON) & ~history.gone & (end > np.maximum(history.start, first - 1)))
    begin, end, since = np.maximum(history.start[rows], first - 1), end[rows], history.since[rows]
    length = history.day - first + 2
    entered, left = [], []
    kind = (sizes[rows] * WON + history.stage[rows]) * len(EDGES)
    for bucket, edge in enumerate(EDGES):
        there = since + edge < end  # who has left by then is in no later bucket either
        begin, end, since, kind = begin[there], end[there], since[there], kind[there]
        enters = np.maximum(begin, since + edge)
        leaves = end if bucket + 1 == len(EDGES) else np.minimum(end, since + EDGES[bucket + 1])
        inside = enters < leaves
        cell = (kind[inside] + bucket) * length - first + 1
        entered.append(cell + enters[inside])
        left.append(cell + leaves[inside])
    cells = SIZES * WON * len(EDGES) * length
    change = (_counts(entered, cells) - _counts(left, cells)).astype(np.float64)
    table = np.cumsum(change.reshape(SIZES, WON, len(EDGES), length), axis=3)
    return np.moveaxis(table[..., :-1], 3, 0)


def _counts(cells: list[Ints], count: int) -> Ints:
    return np.bincount(np.concatenate(cells), minlength=count)


def _events(history: History, sizes: Ints, first: int) -> Events:
    rows = np.flatnonzero((history.stage < WON) & ~history.gone & (history.end <= history.day) & (history.end >= first))
    following = history.stage[rows + 1]
    changed = (following != history.stage[rows]) & ~history.gone[rows + 1]
    rows, following = rows[changed], following[changed]
    day = history.end[rows]
    return Events(day - first, history.stage[rows], following, sizes[rows], bucket_of(day - 1 - history.since[rows]))


def _rates(at_risk: Floats, events: Events, stage_probabilities: Floats) -> Floats:
    """Chance a day by stage, next stage and bucket: (4, 6, buckets). Recent days weigh more."""
    weight = 0.5 ** (np.arange(len(at_risk))[::-1] / TABLE_HALF_LIFE)
    exposure = np.tensordot(weight, at_risk, 1)
    counts = np.zeros((WON, LOST + 1, len(EDGES)))
    np.add.at(counts, (events.stage, events.to, events.bucket), weight[events.day])
    closed = counts[:, WON:].sum()
    if not closed:
        raise HistoryTooThin("no deal was seen open before it closed; chances need deals with a history")
    prior = np.zeros((WON, LOST + 1))
    prior[:, WON], prior[:, LOST] = stage_probabilities * PRIOR_CLOSINGS, (1 - stage_probabilities) * PRIOR_CLOSINGS
    mean = (counts.sum(axis=2) + prior) / (exposure.sum(axis=1) + PRIOR_CLOSINGS * exposure.sum() / closed)[:, None]
    days = PRIOR_BUCKET / mean.sum(axis=1)
    rates = np.empty_like(counts)
    rate = mean
    # A bucket leans on the one before it, but on no more than the mean: what is older than all that closed gets no
    # fresh chance, and does not inherit that of the day on which the others were signed.
    for bucket in range(len(EDGES)):
        leaning = np.minimum(rate, mean) * days[:, None]
        rate = (counts[:, :, bucket] + leaning) / (exposure[:, bucket] + days)[:, None]
        rates[:, :, bucket] = rate
    return np.asarray(rates / np.maximum(rates.sum(axis=1, keepdims=True), 1.0))


def _factors(days: Ints, expected: Floats, event_day: Ints, event_bucket: Ints) -> Floats:
    """What multiplies the chances of one outcome in each part of the quarter: (parts, buckets).

    ``expected`` (days, buckets) are the events to expect without it. Fresh and older deals differ, and the recent
    level, observed over expected, is contained.
    """
    factors = np.ones((PARTS, len(EDGES)))
    for fresh in (True, False):
        buckets = (EDGES < FRESH_DAYS) == fresh
        observed = np.bincount(event_day[buckets[event_bucket]], minlength=len(days)).astype(np.float64)
        factors[:, buckets] = part_factors(days, observed, expected[:, buckets].sum(axis=1))[:, None]
    weight = 0.5 ** ((days[-1] - days) / LEVEL_HALF_LIFE)
    level = shrunk_ratio(
        weight[event_day].sum(), (weight[:, None] * expected * factors[parts_of(days)]).sum(), PRIOR_LEVEL
    )
    return factors * level


def bucket_of(days: Ints) -> Ints:
    """The bucket of a time in the stage."""
    return np.searchsorted(EDGES, days, side="right") - 1


def won_by(hazards: Hazards, end: int, horizon: int) -> Floats:
    """Chance to be won by day ``end``, by days left, size, stage and days in it: (horizon + 1, sizes, 4, 367).

    By backward recursion over the days: won on the next, or moved on it and won from there in time, or neither. The
    last entry of the last axis stands for a year in the stage and more.
    """
    oldest = int(EDGES[-1])
    bucket = bucket_of(np.arange(oldest + 1))
    parts = parts_of(end + 1 - np.arange(horizon + 1))
    daily = []
    for part in range(PARTS):
        won = np.minimum(hazards.won * hazards.won_factor[part], 1.0)
        lost = np.minimum(hazards.lost * hazards.lost_factor[part], 1.0 - won)
        leaving = np.maximum(hazards.moved.sum(axis=2), 1e-12)
        moved = hazards.moved * np.minimum(1.0, (1.0 - won - lost) / leaving)[:, :, None]
        stays = np.maximum(1.0 - won - lost - moved.sum(axis=2), 0.0)
        daily.append((won[..., bucket], moved[..., bucket], stays[..., bucket]))
    chance = np.zeros((horizon + 1, SIZES, WON, oldest + 1))
    for left in range(1, horizon + 1):
        won, moved, stays = daily[parts[left]]
        later = chance[left - 1]
        arrived = np.einsum("zstx,zt->zsx", moved, later[..., 0])
        chance[left] = won + arrived + stays * np.concatenate((later[..., 1:], later[..., -1:]), axis=-1)
    return chance

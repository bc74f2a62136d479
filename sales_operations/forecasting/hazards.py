"""How deals flow: the daily chances to be won, lost or moved, by stage, pace, time in the stage and size of the deal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.estimation.shrinkage import shrunk_ratio
from sales_operations.forecasting.activity import Activity, fit_activity
from sales_operations.forecasting.amounts import SIZES
from sales_operations.forecasting.asof import LOST, WON, Floats, History, Ints
from sales_operations.forecasting.exposure import EDGES, PACES, STATES, Events, bucket_of, observe

LEAST_WON = 5
PRIOR_CLOSINGS = 4.0
"""Closings that the configured probabilities of a stage weigh as much as."""
PRIOR_BUCKET = 0.5
"""Events that the time before it weighs as much as in each bucket."""
PRIOR_SIZE = 10.0
PRIOR_PACE = 10.0
"""Events that speak for no difference between sizes, and between paces."""
PRIOR_SLOW = 4.0
"""Moves that the bucket before weighs as much as, in the share of those that come slowly into the next stage."""
TABLE_HALF_LIFE = 365.0
"""Days after which an observation counts half in the tables."""


@dataclass(frozen=True, eq=False)
class Hazards:
    """Chance a day: ``won`` and ``lost`` (sizes, states, buckets), ``moved`` (sizes, from, to states, buckets).

    ``activity`` is what multiplies them on each day; ``usual`` is as in ``exposure.Observed``.
    """

    won: Floats
    lost: Floats
    moved: Floats
    activity: Activity
    usual: Floats


def fit_hazards(history: History, sizes: Ints, stage_probabilities: Sequence[float]) -> Hazards:
    """Estimate the chances from all days that deals were observed open; ``sizes`` has the size of each row.

    Each stage's rates are shrunk towards the configured probability (``stage_probabilities``, one for each of the four
    open stages) at the pace at which deals close anywhere; each bucket's towards the bucket before. Sizes and paces
    multiply them. Raises HistoryTooThin.
    """
    closings = history.closings
    if closings.won.sum() < LEAST_WON:
        raise HistoryTooThin(
            f"{int(closings.won.sum())} won deals are known; {LEAST_WON} are needed to estimate chances"
        )
    seen = observe(history, sizes)
    at_risk, events = seen.at_risk, seen.events
    by_stage = at_risk.sum(axis=1).reshape(len(at_risk), PACES, WON, len(EDGES)).sum(axis=1)
    rates = _rates(by_stage, events, np.asarray(stage_probabilities, dtype=np.float64))
    exposure = at_risk.sum(axis=0)
    rates = _by_pace(exposure.sum(axis=0), rates, events)
    days = np.arange(seen.first, history.day + 1)
    slow = _slow_shares(events)
    scaled, observed, expected = [], [], []
    moves = np.concatenate((rates[:, :WON] * (1 - slow), rates[:, :WON] * slow), axis=1)
    for rate, chosen in (
        (rates[:, WON], events.to == WON),
        (rates[:, LOST], events.to == LOST),
        (moves, events.to < WON),
    ):
        total = rate if rate.ndim == 2 else rate.sum(axis=1)
        factor = _by_size(exposure, total, events.size[chosen])
        scaled.append(factor.reshape(-1, *[1] * rate.ndim) * rate)
        observed.append(np.bincount(events.day[chosen], minlength=len(days)))
        expected.append(np.tensordot(at_risk, factor[:, None, None] * total, 3))
    won, lost, moved = scaled
    return Hazards(won, lost, moved, fit_activity(days, np.array(observed), np.array(expected)), seen.usual)


def _rates(at_risk: Floats, events: Events, stage_probabilities: Floats) -> Floats:
    """Chance a day by stage, next stage and bucket: (4, 6, buckets). Recent days weigh more."""
    weight = 0.5 ** (np.arange(len(at_risk))[::-1] / TABLE_HALF_LIFE)
    exposure = np.tensordot(weight, at_risk, 1)
    counts = np.zeros((WON, LOST + 1, len(EDGES)))
    np.add.at(counts, (events.state % WON, events.to, events.bucket), weight[events.day])
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


def _by_pace(exposure: Floats, rates: Floats, events: Events) -> Floats:
    """The rates of each state (states, 6, buckets): of its stage, by how much more often events met deals of its pace."""
    paced = np.tile(rates, (PACES, 1, 1))
    expected = np.einsum("sb,stb->st", exposure, paced)
    seen = np.zeros((STATES, LOST + 1))
    np.add.at(seen, (events.state, events.to), 1.0)
    factor = shrunk_ratio(seen, expected, PRIOR_PACE)
    factor[:, :WON] = shrunk_ratio(seen[:, :WON].sum(axis=1), expected[:, :WON].sum(axis=1), PRIOR_PACE)[:, None]
    return np.asarray(paced * factor[:, :, None])


def _slow_shares(events: Events) -> Floats:
    """The share of moves after which a deal came slowly into its stage: (states, 4, buckets)."""
    moves = events.to < WON
    counts, slow = np.zeros((STATES, WON, len(EDGES))), np.zeros((STATES, WON, len(EDGES)))
    cells = events.state[moves], events.to[moves], events.bucket[moves]
    np.add.at(counts, cells, 1.0)
    np.add.at(slow, cells, events.slow[moves])
    share = (slow.sum(axis=2) + 1) / (counts.sum(axis=2) + 2)
    shares = np.empty_like(counts)
    for bucket in range(len(EDGES)):
        share = (slow[:, :, bucket] + PRIOR_SLOW * share) / (counts[:, :, bucket] + PRIOR_SLOW)
        shares[:, :, bucket] = share
    return shares


def _by_size(exposure: Floats, rates: Floats, sizes: Ints) -> Floats:
    """By how much more often an event met deals of each size than the rates of all deals let expect."""
    expected = (exposure * rates).sum(axis=(1, 2))
    return shrunk_ratio(np.bincount(sizes, minlength=SIZES), expected, PRIOR_SIZE)


def won_by(hazards: Hazards, end: int, horizon: int) -> Floats:
    """Chance to be won by day ``end``, by days left, size, state and days in it: (horizon + 1, sizes, states, 367).

    By backward recursion over the days: won on the next, or moved on it and won from there in time, or neither. The
    last entry of the last axis stands for a year in the stage and more.
    """
    oldest = int(EDGES[-1])
    bucket = bucket_of(np.arange(oldest + 1))
    busy = hazards.activity.of(end + 1 - np.arange(horizon + 1))
    chance = np.zeros((horizon + 1, SIZES, STATES, oldest + 1))
    for left in range(1, horizon + 1):
        winning, losing, moving = busy[:, left]
        won = np.minimum(hazards.won * winning, 1.0)
        lost = np.minimum(hazards.lost * losing, 1.0 - won)
        moved = hazards.moved * moving
        leaving = np.maximum(moved.sum(axis=2), 1e-12)
        moved = moved * np.minimum(1.0, (1.0 - won - lost) / leaving)[:, :, None]
        stays = np.maximum(1.0 - won - lost - moved.sum(axis=2), 0.0)
        later = chance[left - 1]
        enters = won + np.einsum("zstb,zt->zsb", moved, later[..., 0])
        older = np.concatenate((later[..., 1:], later[..., -1:]), axis=-1)
        chance[left] = enters[..., bucket] + stays[..., bucket] * older
    return chance

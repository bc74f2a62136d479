"""How good probabilities of yes and no are, once the outcomes are known: arrays (n,) of outcomes 0 or 1, and of chances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sales_operations.estimation.shrinkage import Floats

BINS = 10
"""Bins of equal width for reliability and its error."""
_LEAST = 1e-6


def auc(outcome: Floats, chance: Floats) -> float | None:
    """The share of pairs of a yes and a no in which the yes has the higher chance, ties half: Mann and Whitney's U.

    None where all outcomes are the same.
    """
    _, place, count = np.unique(chance, return_inverse=True, return_counts=True)
    yes = float(outcome.sum())
    no = len(outcome) - yes
    if not yes or not no:
        return None
    rank = np.cumsum(count) - (count - 1) / 2
    return float((rank[place][outcome == 1].sum() - yes * (yes + 1) / 2) / (yes * no))


def log_losses(outcome: Floats, chance: Floats) -> Floats:
    """For each, minus the logarithm of the chance that was given to what happened; chances within 1e-6 of certain."""
    kept = np.clip(chance, _LEAST, 1 - _LEAST)
    return -np.where(outcome == 1, np.log(kept), np.log1p(-kept))


def log_loss(outcome: Floats, chance: Floats) -> float:
    """The mean of ``log_losses``."""
    return float(log_losses(outcome, chance).mean())


def brier(outcome: Floats, chance: Floats) -> float:
    """The mean squared distance of chance and outcome."""
    return float(((chance - outcome) ** 2).mean())


@dataclass(frozen=True)
class Bin:
    """The records whose chance lies in [low, high): how many, their mean chance, and the share that came true."""

    low: float
    high: float
    n: int
    predicted: float
    observed: float


def reliability(outcome: Floats, chance: Floats, bins: int = BINS) -> list[Bin]:
    """The bins that hold a record; the last one includes 1."""
    place = np.minimum((chance * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    predicted = np.bincount(place, weights=chance, minlength=bins)
    observed = np.bincount(place, weights=outcome, minlength=bins)
    return [
        Bin(at / bins, (at + 1) / bins, int(n), float(predicted[at] / n), float(observed[at] / n))
        for at, n in enumerate(count)
        if n
    ]


def calibration_error(outcome: Floats, chance: Floats, bins: int = BINS) -> float:
    """ECE: the distance of chance from share, averaged over the bins by their records.

    (Naeini, Cooper and Hauskrecht, AAAI 2015.) Chance alone keeps it above 0, the more the smaller the sample.
    """
    return sum(one.n * abs(one.predicted - one.observed) for one in reliability(outcome, chance, bins)) / len(outcome)


def figures(outcome: Floats, chance: Floats) -> dict[str, float | None]:
    """``auc``, ``log_loss``, ``brier`` and ``ece``."""
    return {
        "auc": auc(outcome, chance),
        "log_loss": log_loss(outcome, chance),
        "brier": brier(outcome, chance),
        "ece": calibration_error(outcome, chance),
    }


def log_odds(chance: Floats) -> Floats:
    """The logarithm of chance / (1 - chance); chances within 1e-6 of certain."""
    kept = np.clip(chance, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(kept) - np.log1p(-kept))


def chance_of(odds: Floats) -> Floats:
    """The chance that has these log-odds."""
    return np.asarray(1 / (1 + np.exp(-odds)))

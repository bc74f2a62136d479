"""A model of outcomes: what predicts best on records apart, blended, corrected only where that wins, or the base rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sales_operations.estimation.classification import chance_of, log_losses, log_odds
from sales_operations.estimation.shrinkage import Floats
from sales_operations.forecasting.scoring import calibration
from sales_operations.forecasting.scoring.candidates import candidates, odds
from sales_operations.forecasting.scoring.encoding import Encoder
from sales_operations.forecasting.scoring.folds import validation
from sales_operations.forecasting.scoring.records import Ints, Records, Texts

LEAST_EACH = 30
"""Records of each outcome, below which there is nothing to learn."""
LARGEST = 100_000
"""The newest so many decided records are learnt from."""
_MEMBERS = 6
_HOPELESS = 1.03
"""A kind of model whose log loss on the first split is so much above the best one's is not tried on the others."""
_WORTH = 1e-4
_SURE = 2.0


@dataclass(frozen=True, eq=False)
class ScoringModel:
    """``weights``: kind of model to its share of the log-odds; empty where the base rate serves.

    ``losses``: kind to its log loss on the records apart, ``base_rate`` and ``blend`` among them. ``reason``: why it is
    the base rate, where it is.
    """

    base_rate: float
    encoder: Encoder | None
    members: Mapping[str, Any]
    weights: Mapping[str, float]
    correction: calibration.Calibration
    losses: Mapping[str, float]
    reason: str = ""

    @property
    def has_signal(self) -> bool:
        """Whether the fields tell more than the base rate does."""
        return bool(self.weights)

    def chances(self, columns: Mapping[str, Texts], count: int) -> Floats:
        """The chance of each of ``count`` records, (count,)."""
        if self.encoder is None:
            return np.full(count, self.base_rate)
        return chance_of(self.odds(self.encoder.encode(columns, count)))

    def odds(self, matrix: Floats) -> Floats:
        """The log-odds of encoded records (n, k)."""
        if not len(matrix) or not self.weights:
            return np.full(len(matrix), log_odds(np.array(self.base_rate)))
        raw = sum((weight * odds(self.members[name], matrix) for name, weight in self.weights.items()), np.zeros(1))
        return self.correction.odds(np.asarray(raw))


@dataclass(frozen=True, eq=False)
class _Judged:
    """What the kinds of model said of records apart: the rows, the split of each, and log-odds by kind."""

    outcome: Floats
    part: Ints
    base: Floats
    odds: Mapping[str, Floats]


def fit(train: Records) -> ScoringModel:
    """Learn from decided records.

    Each kind of model is judged on records of later time, or of other groups; the blend of log-odds with the least log
    loss is kept if it beats the base rate by more than chance.
    """
    train = _newest(train)
    won = float(train.outcome.sum())
    base_rate = won / len(train) if len(train) else 0.5
    if min(won, len(train) - won) < LEAST_EACH:
        reason = f"a model needs {LEAST_EACH} decided records of each outcome; there are {won:.0f} and {len(train) - won:.0f}"
        return _plain(base_rate, {}, reason)
    judged = _judge(train)
    if not judged.odds:
        return _plain(base_rate, {}, "no field tells records apart")
    losses = {name: float(log_losses(judged.outcome, chance_of(said)).mean()) for name, said in judged.odds.items()}
    weights = _blend(judged, losses)
    raw = np.asarray(sum(weight * judged.odds[name] for name, weight in weights.items()))
    own, base = log_losses(judged.outcome, chance_of(raw)), log_losses(judged.outcome, judged.base)
    losses |= {"blend": float(own.mean()), "base_rate": float(base.mean())}
    gain = base - own
    if gain.mean() <= _SURE * gain.std() / np.sqrt(len(gain)):
        return _plain(base_rate, losses, "no usable signal: no model beats the base rate on records apart")
    encoder = Encoder(train)
    made = candidates(len(train))
    members = {name: made[name]().fit(encoder.matrix, train.outcome) for name in weights}
    correction = calibration.chosen(raw, judged.outcome, judged.part)
    return ScoringModel(base_rate, encoder, members, weights, correction, losses)


def _plain(base_rate: float, losses: Mapping[str, float], reason: str) -> ScoringModel:
    return ScoringModel(base_rate, None, {}, {}, calibration.NONE, losses, reason)


def _newest(train: Records) -> Records:
    if len(train) <= LARGEST:
        return train
    return train.take(np.sort(np.argsort(np.nan_to_num(train.decided, nan=-np.inf), kind="stable")[-LARGEST:]))


def _judge(train: Records) -> _Judged:
    made = candidates(len(train))
    outcome, part, base = [], [], []
    said: dict[str, list[Floats]] = {name: [] for name in made}
    for number, split in enumerate(validation(train)):
        learnt, apart = train.take(split.fit), train.take(split.judge)
        if not 0 < learnt.outcome.sum() < len(learnt):
            continue
        encoder = Encoder(learnt)
        if not encoder.sources:
            continue
        matrix = encoder.encode(apart.columns, len(apart))
        for name in list(said):
            said[name].append(odds(made[name]().fit(encoder.matrix, learnt.outcome), matrix))
        outcome.append(apart.outcome)
        part.append(np.full(len(apart), number))
        base.append(np.full(len(apart), learnt.outcome.mean()))
        if len(outcome) == 1:
            said = _promising(said, apart.outcome)
    if not outcome:
        return _Judged(np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(0), {})
    joined = {name: np.concatenate(parts) for name, parts in said.items()}
    return _Judged(np.concatenate(outcome), np.concatenate(part), np.concatenate(base), joined)


def _promising(said: dict[str, list[Floats]], outcome: Floats) -> dict[str, list[Floats]]:
    losses = {name: float(log_losses(outcome, chance_of(parts[0])).mean()) for name, parts in said.items()}
    least = min(losses.values())
    return {name: parts for name, parts in said.items() if losses[name] <= _HOPELESS * least}


def _blend(judged: _Judged, losses: Mapping[str, float]) -> dict[str, float]:
    """Shares by greedy forward choice with replacement (Caruana et al., ICML 2004)."""
    best = min(losses, key=lambda name: losses[name])
    picked, total, least = [best], judged.odds[best], losses[best]
    while len(picked) < _MEMBERS:
        tried = {
            name: float(log_losses(judged.outcome, chance_of((total + said) / (len(picked) + 1))).mean())
            for name, said in judged.odds.items()
        }
        name = min(tried, key=lambda one: tried[one])
        if tried[name] > least - _WORTH:
            break
        picked.append(name)
        total, least = total + judged.odds[name], tried[name]
    return {name: picked.count(name) / len(picked) for name in dict.fromkeys(picked)}

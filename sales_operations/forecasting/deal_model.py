"""A model of single deals: the chance of each to be won in the days it has left, from how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.estimation.classification import chance_of, log_losses, log_odds
from sales_operations.forecasting.asof import Bools, Floats, History
from sales_operations.forecasting.pipeline import fit_usual_flow
from sales_operations.forecasting.snapshots import Snapshots, features, practice, told_to

LEAST_EACH = 20
"""Snapshots that were won in time, and that were not, below which there is nothing to learn."""
KINDS = ("logistic", "random_forest", "gradient_boosting")
WEIGHTS = (0.25, 0.5, 0.75)
TRIED = 1 / 3
"""The latest share of the practised days, by time, on which it is tried whether the model says more than the rates do."""
LEAST_GAIN = 0.5
"""Standard errors by which it has to."""
_SEED = 20_170
_LEAST_CHANCE = 1e-4
_FURTHEST = 10.0
"""Log-odds within which a balance is looked for."""


@dataclass(frozen=True, eq=False)
class DealModel:
    """Fitted ``classifiers``, whose chances are averaged, and the ``weight`` of that against the plain rates, 0 to 1.

    ``stage_probabilities`` are the configured ones of the four open stages.
    """

    classifiers: Sequence[Any]
    weight: float
    stage_probabilities: tuple[float, ...]

    def chances(self, history: History, seen: Snapshots) -> Floats:
        """What the classifiers say; nothing is asked of classifiers without weight."""
        if not len(seen.day) or not self.weight:
            return np.zeros(len(seen.day))
        return self._said(history, seen, _plain_rates(history, seen, self.stage_probabilities))

    def differs(self, history: History, seen: Snapshots) -> Floats:
        """By how much the chances differ from the plain rates, in log-odds: (n,)."""
        if not len(seen.day) or not self.weight:
            return np.zeros(len(seen.day))
        plain = _plain_rates(history, seen, self.stage_probabilities)
        return self.weight * (log_odds(_inside(self._said(history, seen, plain))) - log_odds(_inside(plain)))

    def _said(self, history: History, seen: Snapshots, plain: Floats) -> Floats:
        return _mean_chance(self.classifiers, _columns(history, seen, plain), seen)


def moved(rates: Floats, log_odds_by: Floats) -> Floats:
    """Rates (n,) moved by so much in log-odds; what cannot happen stays so."""
    return np.where(rates > 0, chance_of(log_odds(_inside(rates)) + log_odds_by), 0.0)


def balance(rates: Floats, log_odds_by: Floats) -> float:
    """What more to move rates by, so that as many are won of all deals as before: which ones is told apart, not how many."""
    from scipy.optimize import brentq

    if not np.any(log_odds_by) or not np.any(rates):
        return 0.0

    def surplus(more: float) -> float:
        return float(moved(rates, log_odds_by + more).sum() - rates.sum())

    return float(brentq(surplus, -_FURTHEST, _FURTHEST)) if surplus(-_FURTHEST) < 0 < surplus(_FURTHEST) else 0.0


def fit_deal_model(kind: str, history: History, stage_probabilities: tuple[float, ...]) -> DealModel | None:
    """Learn from snapshots of past days; None where there is too little. Raises HistoryTooThin where rates need more.

    The weight of the classifiers is what does best out of time: learnt on the earlier days, tried on the latest third.
    It is 0, the plain rates alone, where no weight beats these by half a standard error.
    """
    if _too_few(_practised(history)[1]):
        return None
    weight = _weight_out_of_time(kind, history, stage_probabilities)
    return (
        fit_classifiers(kind, history, stage_probabilities, weight)
        if weight
        else DealModel((), 0.0, stage_probabilities)
    )


def fit_classifiers(
    kind: str, history: History, stage_probabilities: tuple[float, ...], weight: float = 1.0
) -> DealModel | None:
    """The classifiers of ``kind`` (``auto``: each of ``KINDS``, in that order), with a given weight; else the same."""
    seen, won = _practised(history)
    if _too_few(won):
        return None
    columns = _columns(history, seen, _plain_rates(history, seen, stage_probabilities))
    return DealModel(_fitted(kind, columns, won), weight, stage_probabilities)


def _practised(history: History) -> tuple[Snapshots, Bools]:
    return history.once(_practised, lambda: practice(history, np.random.default_rng(_SEED)))


def _too_few(won: Bools) -> bool:
    return bool(min(won.sum(), (~won).sum()) < LEAST_EACH)


def _weight_out_of_time(kind: str, history: History, stage_probabilities: tuple[float, ...]) -> float:
    first = history.observed_from
    cut = history.day - round((history.day - first) * TRIED)
    earlier = history.at(cut)
    try:
        model = fit_classifiers(kind, earlier, stage_probabilities)
        later, came = practice(history, np.random.default_rng(_SEED + 1), after=cut)
        if model is None or _too_few(came):
            return 0.0
        # Both are judged by what was known at the cut; only the standing of the deals is of later days.
        later = told_to(earlier, history, later)
        rates = _plain_rates(earlier, later, stage_probabilities)
    except HistoryTooThin:
        return 0.0
    said, outcome = model.chances(earlier, later), came.astype(np.float64)
    plain, further = log_losses(outcome, _inside(rates)), log_odds(_inside(said)) - log_odds(_inside(rates))
    best, found = 0.0, 0.0
    for weight in WEIGHTS:
        gain = plain - log_losses(outcome, _inside(moved(rates, weight * further)))
        if gain.mean() > max(best, LEAST_GAIN * float(gain.std()) / len(gain) ** 0.5):
            best, found = float(gain.mean()), weight
    return found


def _plain_rates(history: History, seen: Snapshots, stage_probabilities: tuple[float, ...]) -> Floats:
    """The chances by stage, pace, time in it and size alone, at usual times of the quarter."""
    return fit_usual_flow(history, int(seen.left.max(initial=0)), stage_probabilities).chances(seen)


def _columns(history: History, seen: Snapshots, rates: Floats) -> Floats:
    return np.column_stack((features(history, seen), log_odds(_inside(rates))))


def _mean_chance(classifiers: Sequence[Any], columns: Floats, seen: Snapshots) -> Floats:
    found = np.mean([one.predict_proba(columns)[:, 1] for one in classifiers], axis=0)
    return np.where(seen.left > 0, found, 0.0)


def _inside(chance: Floats) -> Floats:
    """The chances, kept off certainty: one deal of a kind that was never won before says little of the model."""
    return np.clip(chance, _LEAST_CHANCE, 1 - _LEAST_CHANCE)


def _fitted(kind: str, columns: Floats, won: Bools) -> list[Any]:
    return [_classifier(one).fit(columns, won) for one in (KINDS if kind == "auto" else (kind,))]


def _classifier(kind: str) -> Any:
    if kind == "gradient_boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            max_iter=80, learning_rate=0.06, max_leaf_nodes=12, min_samples_leaf=50, random_state=_SEED
        )
    if kind == "logistic":
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=500))
    from sklearn.ensemble import RandomForestClassifier

    # In one thread: several race for the list of warning filters, and now and then one warns that it found it empty.
    return RandomForestClassifier(n_estimators=40, min_samples_leaf=25, max_features=0.4, n_jobs=1, random_state=_SEED)

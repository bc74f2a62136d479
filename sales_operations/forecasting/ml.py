"""The forecast from a model of single deals, learnt on how past deals stood and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.forecasting.asof import Floats, History
from sales_operations.forecasting.method import Estimate
from sales_operations.forecasting.pipeline import assemble, fit_flow
from sales_operations.forecasting.snapshots import Snapshots, features, practice, snapshots_of
from sales_operations.forecasting.window import Window

REFIT_DAYS = 182
"""Past origins use the latest model that was fitted by then; models lie this many days apart. An older model scores no
better, so what is saved here never flatters the confidence."""
LEAST_EACH = 20
"""Snapshots that were won in time, and that were not, below which there is nothing to learn."""
_SEED = 20_170


@dataclass(frozen=True)
class MlMethod:
    """``model`` is ``random_forest``, ``gradient_boosting`` or ``logistic``; ``anchor`` is the day of the newest fit.

    ``stage_probabilities`` are the configured ones of the four open stages; they serve the business not created yet,
    which a model of deals cannot see and which is estimated as the pipeline method does.
    """

    model: str
    stage_probabilities: tuple[float, ...]
    anchor: int
    name: str = "ml"
    _fitted: dict[int, Any] = field(default_factory=dict, compare=False)

    def fit_forecast(self, history: History, window: Window) -> Estimate:
        """See ``Method``. The model is the latest of those fitted every 182 days back from ``anchor``."""
        flow = fit_flow(history, window, self.stage_probabilities)
        rows = history.open_rows
        here = np.full(len(rows), history.day)
        chance = self.chances(history, snapshots_of(history, rows, here, np.full(len(rows), window.remaining)))
        return assemble(history, window, flow, chance)

    def chances(self, history: History, seen: Snapshots) -> Floats:
        """The chance of each deal to be won within the days it has left. Raises HistoryTooThin."""
        fit_day = self.anchor - -(-(self.anchor - history.day) // REFIT_DAYS) * REFIT_DAYS
        if fit_day not in self._fitted:
            self._fitted[fit_day] = _fit(self.model, history.at(fit_day))
        model = self._fitted[fit_day]
        if model is None:
            raise HistoryTooThin(
                f"a model needs {LEAST_EACH} past states of deals that were won in time, and as many that were not"
            )
        if not len(seen.day):
            return np.zeros(0)
        return np.where(seen.left > 0, model.predict_proba(features(history, seen))[:, 1], 0.0)


def _fit(kind: str, history: History) -> Any:
    """A fitted classifier; None where there is too little to learn from."""
    if not len(history.closings.day):
        return None
    seen, won = practice(history, np.random.default_rng(_SEED))
    if min(won.sum(), (~won).sum()) < LEAST_EACH:
        return None
    model = _classifier(kind)
    model.fit(features(history, seen), won)
    return model


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

    return RandomForestClassifier(n_estimators=60, min_samples_leaf=25, max_features=0.4, n_jobs=-1, random_state=_SEED)

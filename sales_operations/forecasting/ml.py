"""The forecast from a model of single deals, learnt on how past deals stood and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.forecasting.asof import Floats, History
from sales_operations.forecasting.deal_model import LEAST_EACH, DealModel, balance, fit_deal_model, moved
from sales_operations.forecasting.method import Estimate
from sales_operations.forecasting.pipeline import assemble, fit_flow
from sales_operations.forecasting.snapshots import Snapshots, snapshots_of
from sales_operations.forecasting.window import Window

REFIT_DAYS = 182
"""Days of closings that a first model needs, and days from one model to the next; an origin uses the latest."""


@dataclass(frozen=True)
class MlMethod:
    """``model`` is ``auto``, which stands for all of them, ``random_forest``, ``gradient_boosting`` or ``logistic``.

    ``stage_probabilities`` are the configured ones of the four open stages; they serve the business not created yet,
    which a model of deals cannot see and which is estimated as the pipeline method does.
    """

    model: str
    stage_probabilities: tuple[float, ...]
    name: str = "ml"
    _fitted: dict[int, DealModel | None] = field(default_factory=dict, compare=False, repr=False)

    def fit_forecast(self, history: History, window: Window) -> Estimate:
        """See ``Method``. ``details``: ``signal`` is the weight of the model against the plain rates; 0: no usable signal."""
        rows = history.open_rows
        seen = snapshots_of(history, rows, np.full(len(rows), history.day), np.full(len(rows), window.remaining))
        chance = self.chances(history, seen, window)
        estimate = assemble(history, window, fit_flow(history, window, self.stage_probabilities), chance)
        return replace(estimate, details={**estimate.details, "signal": self._model(history).weight})

    def chances(self, history: History, seen: Snapshots, window: Window) -> Floats:
        """The chance of each deal, as it stands at the origin, to be won by the window's end. Raises HistoryTooThin."""
        model = self._model(history)
        flow = fit_flow(history, window, self.stage_probabilities)
        more = history.once((balance, self, window), lambda: self._balance(history, window))
        return moved(flow.chances(seen), model.differs(history, seen) + more)

    def _balance(self, history: History, window: Window) -> float:
        rows = history.open_rows
        seen = snapshots_of(history, rows, np.full(len(rows), history.day), np.full(len(rows), window.remaining))
        rates = fit_flow(history, window, self.stage_probabilities).chances(seen)
        return balance(rates, self._model(history).differs(history, seen))

    def _model(self, history: History) -> DealModel:
        first = int(history.closings.day.min(initial=history.day))
        models = (history.day - first) // REFIT_DAYS
        if not models:
            raise HistoryTooThin(f"{history.day - first} days of closings are known; a model needs {REFIT_DAYS}")
        fit_day = first + models * REFIT_DAYS
        if fit_day not in self._fitted:
            # Of what was known then, so that every later origin finds the same model.
            self._fitted[fit_day] = fit_deal_model(self.model, history.as_told(fit_day), self.stage_probabilities)
        model = self._fitted[fit_day]
        if model is None:
            raise HistoryTooThin(
                f"a model needs {LEAST_EACH} past states of deals that were won in time, and as many that were not"
            )
        return model

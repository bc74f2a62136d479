"""The forecast from a model of single deals, learnt on how past deals stood and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.forecasting.asof import Floats, History
from sales_operations.forecasting.deal_model import LEAST_EACH, DealModel, balance, fit_deal_model, moved
from sales_operations.forecasting.method import Estimate
from sales_operations.forecasting.pipeline import assemble, fit_flow
from sales_operations.forecasting.snapshots import Snapshots, open_now
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
        rates, further, more = self._of_open(history, window)
        flow = fit_flow(history, window, self.stage_probabilities)
        estimate = assemble(history, window, flow, moved(rates, further + more))
        return replace(estimate, details={**estimate.details, "signal": self._model(history).weight})

    def chances(self, history: History, seen: Snapshots, window: Window) -> Floats:
        """The chance of each deal, as it stands at the origin, to be won by the window's end. Raises HistoryTooThin."""
        rates, further = self._judged(history, seen, window)
        return moved(rates, further + self._of_open(history, window)[2])

    def _of_open(self, history: History, window: Window) -> tuple[Floats, Floats, float]:
        """The rates of the open deals, what moves them, and what more does, so that as many are won as the rates say."""

        def work() -> tuple[Floats, Floats, float]:
            rates, further = self._judged(history, open_now(history, window.remaining), window)
            return rates, further, balance(rates, further)

        return history.once((self, window), work)

    def _judged(self, history: History, seen: Snapshots, window: Window) -> tuple[Floats, Floats]:
        flow = fit_flow(history, window, self.stage_probabilities)
        return flow.chances(seen), self._model(history).differs(history, seen)

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

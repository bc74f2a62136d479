"""All forecasts from one history under one configuration, each worked out once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import RLock

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.forecasting.accuracy import Accuracy, Origin, measure
from sales_operations.forecasting.asof import History
from sales_operations.forecasting.hybrid import Weights, combine, past_hybrid, weights_among
from sales_operations.forecasting.method import Estimate, Method, check_recent, run_rate
from sales_operations.forecasting.window import Window, past_windows


@dataclass(frozen=True)
class Forecast:
    """A method's estimate of a window, and how well the method did at the same point of earlier ones.

    ``refused`` says why the method gave no estimate; the estimate is then the run rate's and the accuracy nobody's.
    """

    estimate: Estimate
    accuracy: Accuracy
    refused: str | None = None


@dataclass(frozen=True)
class Combined:
    """The hybrid: the ``parts`` by method, their ``weights``, and why a method was ``dropped``."""

    forecast: Forecast
    parts: Mapping[str, Estimate]
    weights: Mapping[str, float]
    dropped: Mapping[str, str]


class Study:
    """Forecasts with ``methods`` from ``known``, a history as ``load_history`` gives it. Threads may share one."""

    def __init__(self, known: History, methods: Sequence[Method]) -> None:
        self._known = known
        self._methods = {method.name: method for method in methods}
        self._found: dict[tuple[str, Window], Estimate | str] = {}
        self._lock = RLock()
        self.history = known.at(known.day)

    def method(self, name: str) -> Method:
        """The method of that name."""
        return self._methods[name]

    def forecast(self, name: str, window: Window) -> Forecast:
        """One method's forecast of a window whose origin is the history's day."""
        with self._lock:
            found = self._estimate(name, self.history, window)
            if isinstance(found, str):
                return Forecast(run_rate(self.history, window), measure([]), found)
            past = self._past([name], window)
            return Forecast(found, measure([(origin.totals[name], origin.actual) for origin in past if origin.totals]))

    def combined(self, weights: Weights, dropped: Mapping[str, str], window: Window) -> Combined:
        """All methods but those that are ``dropped`` already, for the reasons given there."""
        with self._lock:
            baseline = run_rate(self.history, window)
            found = {name: dropped.get(name) or self._estimate(name, self.history, window) for name in self._methods}
            present = {name: part for name, part in found.items() if isinstance(part, Estimate)}
            reasons = {name: part for name, part in found.items() if isinstance(part, str)}
            parts = {name: present.get(name, baseline) for name in found}
            if not present:
                why = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
                return Combined(Forecast(baseline, measure([]), why), parts, {}, reasons)
            past = self._past(list(present), window)
            shares = weights_among(list(present), weights, past)
            total = combine({name: part.total for name, part in present.items()}, shares)
            forecast = Forecast(Estimate(total, baseline.booked), measure(past_hybrid(past, weights)))
            return Combined(forecast, parts, shares, reasons)

    def _past(self, names: Sequence[str], window: Window) -> list[Origin]:
        """Forecasts of the earlier periods, from what was known at each; latest first."""
        origins = []
        for earlier in past_windows(window):
            if any((name, earlier) not in self._found for name in names):
                history = self._known.at(earlier.origin)
                found = {name: self._estimate(name, history, earlier) for name in names}
            else:
                found = {name: self._found[name, earlier] for name in names}
            totals = {name: part.total for name, part in found.items() if isinstance(part, Estimate)}
            origins.append(Origin(totals, earlier.booked(self.history)))
        return origins

    def _estimate(self, name: str, history: History, window: Window) -> Estimate | str:
        """What the method finds, or why it refuses."""
        if (name, window) not in self._found:
            try:
                check_recent(history)
                self._found[name, window] = self._methods[name].fit_forecast(history, window)
            except HistoryTooThin as reason:
                self._found[name, window] = str(reason)
        return self._found[name, window]

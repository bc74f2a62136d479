"""The brief's forecaster: one call, one period, one method."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sales_operations.domain.clock import AsOf
from sales_operations.forecasting.face import Face

if TYPE_CHECKING:
    from sales_operations.forecasting.study import Study
    from sales_operations.forecasting.window import Window

_DEALS = ("by_stage", "by_sales_rep", "open_deals", "amounts_estimated")
_SPECIFIC: Mapping[str, tuple[str, ...]] = {
    "pipeline": _DEALS,
    "trend": ("trend", "growth_rate"),
    "seasonal": ("seasonal_factor",),
    "ml": _DEALS,
}
"""Method to its own findings; what a method that refuses does not find is None."""
_MONEY = ("by_stage", "by_sales_rep")


class SalesForecaster(Face):
    """Forecasts won revenue. ``config``: the raw mapping, settings, an open workspace, or None for the defaults."""

    async def forecast_sales(self, period: str, method: str = "hybrid", as_of: str | None = None) -> dict[str, Any]:
        """Forecast the revenue won in the calendar ``period`` (month, quarter, year) that holds the day of ``as_of``.

        All methods (pipeline, trend, seasonal, ml, hybrid) forecast the same: what was won in the period so far
        (``booked``) and what is still to be won in it, in major units of the company's currency. ``as_of`` is a date
        (its end) or an instant, now by default; nothing later is looked at. ``confidence`` is the share of the method's
        forecasts at the same point of earlier periods that landed within a tenth of what came true. A method that has
        too little history gives the run rate, confidence 0 and ``refused`` with the reason.
        Raises NotFound, Disabled, InvalidInput.
        """
        self.check(period, method)
        return await asyncio.to_thread(self.forecast_now, period, method, as_of)

    def forecast_now(self, period: str, method: str, as_of: str | None) -> dict[str, Any]:
        """The same without an event loop."""
        from sales_operations.forecasting.window import window_of

        at = self.instant(as_of)
        study, window = self.study(at, now=as_of is None), window_of(period, at.day)
        shown = {"method": method, "period": period}
        if method == "hybrid":
            return shown | self._hybrid(study, window, at)
        return shown | self._single(study, window, at, method)

    def _single(self, study: Study, window: Window, at: AsOf, method: str) -> dict[str, Any]:
        found = study.forecast(method, window)
        estimate = found.estimate
        total = self.major(estimate.total)
        result: dict[str, Any] = {"total": total, "booked": self.major(estimate.booked)}
        if estimate.open is not None and estimate.created_later is not None:
            result |= {"open": self.major(estimate.open), "not_created_yet": self.major(estimate.created_later)}
        for name in _SPECIFIC[method]:
            value: Any = estimate.details.get(name)
            result[name] = {key: self.major(part) for key, part in value.items()} if name in _MONEY else value
        if method != "pipeline":
            result["forecast"] = total
        if found.refused:
            result["refused"] = found.refused
        return result | self.described(window, at, found.accuracy, [method])

    def _hybrid(self, study: Study, window: Window, at: AsOf) -> dict[str, Any]:
        found = study.combined(self._options.hybrid.weights, self.dropped(), window)
        result = {
            "total": self.major(found.forecast.estimate.total),
            "booked": self.major(found.forecast.estimate.booked),
            **{name: self.major(part.total) for name, part in found.parts.items()},
            "weights": dict(found.weights),
            "dropped": dict(found.dropped),
        }
        if found.forecast.refused:
            result["refused"] = found.forecast.refused
        return result | self.described(window, at, found.forecast.accuracy, list(found.weights))

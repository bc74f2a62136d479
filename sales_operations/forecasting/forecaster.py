"""The brief's forecaster: one call, one period, one method."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sales_operations.domain.clock import AsOf
from sales_operations.forecasting.face import Face
from sales_operations.forecasting.keeping import keep

if TYPE_CHECKING:
    from sales_operations.forecasting.study import Forecast, Study
    from sales_operations.forecasting.window import Window

_SPECIFIC: Mapping[str, tuple[str, ...]] = {
    "pipeline": ("open_deals", "amounts_estimated"),
    "trend": ("trend", "growth_rate"),
    "seasonal": ("seasonal_factor",),
    "ml": ("open_deals", "amounts_estimated", "signal"),
}
"""Method to its own findings; what a method that refuses does not find is None."""


class SalesForecaster(Face):
    """Forecasts won revenue. ``config``: the raw mapping, settings, an open workspace, or None for the defaults."""

    async def forecast_sales(
        self, period: str | None = None, method: str = "hybrid", as_of: str | None = None, *, horizon: int | None = None
    ) -> dict[str, Any]:
        """Forecast the revenue won in the ``period`` (month, quarter, year) that holds the day of ``as_of``.

        With ``horizon`` that of the days 1 to ``horizon`` (366 at most) after it, in which nothing is booked yet; without
        either, of the quarter. Quarters and years are those of the company's fiscal year.
        All methods (pipeline, trend, seasonal, ml, hybrid) forecast the same, in major units of the company's currency:
        what was won in the period so far (``booked``), what is expected in it from deals that are open (``open``) and
        from deals that do not exist yet (``not_created_yet``). ``as_of`` is a date (its end) or an instant, now by
        default; nothing later is looked at. A forecast from now is kept in the store, for its record; ``not_kept`` says
        why that could not be, where it could not. ``interval_80`` and ``interval_95`` hold what will be with that chance.
        ``confidence`` is the share of the method's forecasts at the same point of earlier periods that landed within a
        tenth of what came true. A method that has too little history gives the run rate, confidence 0 and ``refused``
        with the reason.
        Raises NotFound, Disabled, InvalidInput.
        """
        return await asyncio.to_thread(self.forecast_now, period, method, as_of, horizon)

    def forecast_now(
        self, period: str | None, method: str, as_of: str | None, horizon: int | None = None
    ) -> dict[str, Any]:
        """The same without an event loop."""
        self.check_method(method)
        at = self.instant(as_of)
        window = self.window(at, period, horizon)
        known = self.workspace.data_version()[1] if as_of is None else None
        study = self.study(at, now=as_of is None)
        asked = window.name if horizon is None else f"{horizon} day{'' if horizon == 1 else 's'}"
        found: dict[str, Any] = {"method": method, "period": asked, "horizon": horizon}
        if method == "hybrid":
            found |= self._hybrid(study, window, at)
        else:
            found |= self._single(study, window, at, method)
        return found if known is None else found | keep(self, found, at.day, known)

    def _single(self, study: Study, window: Window, at: AsOf, method: str) -> dict[str, Any]:
        found = study.forecast(method, window)
        own = {name: found.estimate.details.get(name) for name in _SPECIFIC[method]}
        return self._described(found, study, window, at) | own

    def _hybrid(self, study: Study, window: Window, at: AsOf) -> dict[str, Any]:
        found = study.combined(self._options.hybrid.weights, self.dropped(), window)
        parts = {name: self.major(part.total) for name, part in found.parts.items()}
        weighed = {"weights": dict(found.weights), "dropped": dict(found.dropped)}
        return self._described(found.forecast, study, window, at) | parts | weighed

    def _described(self, found: Forecast, study: Study, window: Window, at: AsOf) -> dict[str, Any]:
        from sales_operations.forecasting.shown import shown

        result = shown(found, study.history, window, self.major)
        result["forecast"] = result["total"]
        if found.refused:
            result["refused"] = found.refused
        return result | self.described(window, at, found.accuracy)

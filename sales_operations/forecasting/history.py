"""ForecastHistory: the forecasts that were made, held against what came true."""

from __future__ import annotations

import asyncio
from typing import Any

from sales_operations.domain.errors import NotFound
from sales_operations.domain.periods import MONTHS
from sales_operations.forecasting.face import METHODS, Face


class ForecastHistory(Face):
    """Reads the forecasts that the store has kept. ``config`` as for ``SalesForecaster``."""

    async def review(
        self, as_of: str | None = None, *, period: str | None = None, method: str | None = None, limit: int = 50
    ) -> dict[str, Any]:
        """What was forecast by ``as_of``, and what had come of it by then.

        ``accuracy``: for each method, kind of period and point (start, middle) the last twelve periods that were over;
        ``drift``: what of it chance does not explain; ``forecasts``: the newest ``limit`` forecasts, one for each day,
        those of periods that were over with ``actual``, ``error`` (forecast less won), ``in_80`` and ``in_95``; ``kept``
        is how many there are. Of one ``period`` (month, quarter, year) or ``method`` where given.
        What is not on offer any more is still told. Raises NotFound, InvalidInput.
        """
        for kind, name, known in (("period", period, tuple(MONTHS)), ("method", method, (*METHODS, "hybrid"))):
            if name not in (None, *known):
                raise NotFound(f"{kind} {name!r} does not exist; use one of {', '.join(known)}")
        return await asyncio.to_thread(self._review, as_of, period, method, limit)

    def _review(self, as_of: str | None, period: str | None, method: str | None, limit: int) -> dict[str, Any]:
        from sales_operations.metrics.forecast_drift import alarms
        from sales_operations.metrics.forecast_record import comparable, judged, records
        from sales_operations.store import forecasts

        at, company = self.instant(as_of), self.workspace.settings.company
        with self.workspace.reading() as connection:
            made = forecasts.made_until(connection, at.micros, company.currency)
        asked = [one for one in made if period in (None, one.period) and method in (None, one.method)]
        with self.workspace.columns() as db:
            won = forecasts.won_in(db, {one.of for one in asked if one.period_end < at.day}, company.timezone)
        known = judged(asked, won)
        outcome = {id(one.kept): one for one in known}
        found = records(judged(comparable(asked, company.fiscal_year_start), won))
        return {
            "as_of": at.shown,
            "currency": company.currency,
            "accuracy": [one.shown() for one in found],
            "drift": [alarm.shown() for alarm in alarms(found)],
            "kept": len(asked),
            "forecasts": [outcome.get(id(one), one).shown(company.fiscal_year_start) for one in asked[::-1][:limit]],
        }

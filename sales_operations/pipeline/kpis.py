"""PipelineKpis: the key figures against their targets, and how they changed since the span before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sales_operations.pipeline.face import Face, Result

if TYPE_CHECKING:
    from sales_operations.pipeline.state import State


class PipelineKpis(Face):
    """Holds six key figures against the targets of ``pipeline_management.kpi_targets``."""

    async def scorecard(
        self,
        as_of: str | None = None,
        known_at: str | None = None,
        *,
        period: str | None = None,
        forecast: Mapping[str, Any] | None = None,
    ) -> Result:
        """``kpis``: each with value, target, whether it is met, the value before, and why a value is unknown.

        Of the deals closed in ``period`` (2026-05, 2026-Q2, 2026, FY2026-Q2 or FY2026) against those of the period before;
        by default of the last year against the year before. ``forecast`` is what ``SalesForecaster.forecast_sales`` gave for
        the same instant: its measured accuracy is the first figure. Raises InvalidInput.
        """
        wanted = None if period is None else self.period(period)

        def compute(state: State) -> Result:
            from sales_operations.pipeline.scorecard import scorecard

            return scorecard(state, wanted, forecast)

        return await self._look(as_of, known_at, compute)

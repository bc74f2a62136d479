"""PipelineManager: tracking, reports, analytics and insights of one and the same state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sales_operations.pipeline.analytics import analytics_of
from sales_operations.pipeline.face import Face, Result
from sales_operations.pipeline.insights import insights_of
from sales_operations.pipeline.reporter import reports_of
from sales_operations.pipeline.tracker import tracking_of

if TYPE_CHECKING:
    from sales_operations.metrics.forecast_record import Kept
    from sales_operations.pipeline.state import State


class PipelineManager(Face):
    """The whole of pipeline management in one call."""

    async def manage_pipeline(self, as_of: str | None = None, known_at: str | None = None) -> Result:
        """``tracking``, ``reports``, ``analytics``, ``insights`` and ``managed_at``, all of the same instant."""
        from sales_operations.pipeline.variance import kept_until

        def compute(state: State) -> Result:
            return management_of(state, kept_until(self.workspace, state))

        return await self._look(as_of, known_at, compute)


def management_of(state: State, forecasts: Sequence[Kept] = ()) -> Result:
    """All four results of a state; what the deals' journeys tell is computed once."""
    return {
        "tracking": tracking_of(state),
        "reports": reports_of(state),
        "analytics": analytics_of(state),
        "insights": insights_of(state, forecasts),
        "managed_at": state.made_at,
    }

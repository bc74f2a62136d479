"""PipelineAnalytics: how deals move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sales_operations.pipeline.face import Face, Result, off

if TYPE_CHECKING:
    from sales_operations.pipeline.state import State


class PipelineAnalytics(Face):
    """Measures conversion, velocity, deal size and win rate, each with its sample size."""

    async def analyze_pipeline(self, as_of: str | None = None, known_at: str | None = None) -> Result:
        """Figure name to figure, as of a date or an RFC 3339 instant, by default now; unknown values are None."""
        return await self._look(as_of, known_at, analytics_of)


def analytics_of(state: State) -> Result:
    """The analysis of a state, or why there is none."""
    if not state.settings.pipeline_management.analytics.enabled:
        return off("analytics") | {"analyzed_at": state.made_at}
    from sales_operations.pipeline.analysis import analyze

    return analyze(state)

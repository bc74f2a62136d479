"""PipelineInsights: what needs attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sales_operations.pipeline.face import Face, Result, off

if TYPE_CHECKING:
    from sales_operations.pipeline.state import State


class PipelineInsights(Face):
    """Looks for what needs attention: each finding has severity, explanation, next action and deals."""

    async def generate_insights(self, as_of: str | None = None, known_at: str | None = None) -> Result:
        """Finding name to finding, as of a date or an RFC 3339 instant, by default now."""
        return await self._look(as_of, known_at, insights_of)


def insights_of(state: State) -> Result:
    """The findings about a state that ``pipeline_management.insights.alerts`` lists, or why there are none."""
    wanted = state.settings.pipeline_management.insights
    if not wanted.enabled:
        return off("insights") | {"generated_at": state.made_at}
    from sales_operations.pipeline import findings
    from sales_operations.pipeline.watch import Watch

    finders = {
        "pipeline_health": findings.pipeline_health,
        "stage_bottlenecks": findings.stage_bottlenecks,
        "at_risk_deals": findings.at_risk_deals,
        "forecast_variance": findings.forecast_variance,
    }
    watch = Watch(state)
    found = {name: find(watch) for name, find in finders.items() if name in wanted.alerts}
    return found | state.seen | {"generated_at": state.made_at}

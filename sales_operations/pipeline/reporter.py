"""PipelineReporter: the four reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sales_operations.pipeline.face import Face, Result, off

if TYPE_CHECKING:
    from sales_operations.pipeline.state import State


class PipelineReporter(Face):
    """Makes the reports that ``pipeline_management.reporting.reports`` lists."""

    async def generate_reports(self, as_of: str | None = None, known_at: str | None = None) -> Result:
        """Report name to report, and ``generated_at``, as of a date or an RFC 3339 instant, by default now."""
        return await self._look(as_of, known_at, reports_of)


def reports_of(state: State) -> Result:
    """The reports of a state, or why there are none."""
    wanted = state.settings.pipeline_management.reporting
    if not wanted.enabled:
        return off("reporting") | {"generated_at": state.made_at}
    from sales_operations.pipeline import reports

    makers = {
        "pipeline_summary": reports.pipeline_summary,
        "stage_report": reports.stage_report,
        "sales_rep_report": reports.sales_rep_report,
        "trend_report": reports.trend_report,
    }
    made = {name: make(state) for name, make in makers.items() if name in wanted.reports}
    return made | {"generated_at": state.made_at}

"""PipelineInsights: what needs attention."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sales_operations.pipeline.face import Face, Result, instant_of, off

if TYPE_CHECKING:
    from sales_operations.metrics.forecast_record import Kept
    from sales_operations.pipeline.state import State


class PipelineInsights(Face):
    """Looks for what needs attention: each finding has severity, explanation, next action and deals."""

    async def generate_insights(self, as_of: str | None = None, known_at: str | None = None) -> Result:
        """Finding name to finding, as of a date or an RFC 3339 instant, by default now.

        A listed deal that was scored by then has its newest ``score``, the chance to be won.
        """
        return await self._scored(as_of, known_at, insights_of)

    async def review_insights(self, as_of: str | None = None, known_at: str | None = None) -> Result:
        """The same, where each warning has a ``record``: how often it has been right in the weeks before.

        As of now, each deal whose warning is kept has it as ``insight``: its insight_id and state.
        """
        found = await self._scored(as_of, known_at, reviewed)
        if as_of is not None or known_at is not None:
            return found
        from sales_operations.pipeline.alerts.kept import marked

        return await asyncio.to_thread(marked, self.workspace, found)

    async def measure_warnings(
        self,
        as_of: str | None = None,
        known_at: str | None = None,
        horizon_days: int | None = None,
        weeks: int | None = None,
    ) -> Result:
        """The records of the warnings alone (see ``alerts.record.records``), as far as the history goes at ``as_of``.

        Horizon and weeks are those of the configuration unless given.
        """
        return await self._look(as_of, known_at, lambda state: _records(state, horizon_days, weeks))

    async def _scored(
        self, as_of: str | None, known_at: str | None, compute: Callable[[State, Sequence[Kept]], Result]
    ) -> Result:
        from sales_operations.pipeline.scored import with_scores
        from sales_operations.pipeline.variance import kept_until

        found = await self._look(as_of, known_at, lambda state: compute(state, kept_until(self.workspace, state)))
        return await asyncio.to_thread(with_scores, self.workspace, found, instant_of(self.workspace, as_of).micros)


def insights_of(state: State, forecasts: Sequence[Kept] = ()) -> Result:
    """The findings about a state that ``pipeline_management.insights`` lists (alerts, warnings), or why there are none.

    ``forecasts``: those that had been made by then.
    """
    wanted = state.settings.pipeline_management.insights
    if not wanted.enabled:
        return off("insights") | {"generated_at": state.made_at}
    from sales_operations.pipeline import findings
    from sales_operations.pipeline.alerts import found as warned
    from sales_operations.pipeline.variance import forecast_variance
    from sales_operations.pipeline.watch import Watch

    finders: dict[str, Callable[[Watch], Result]] = {
        "pipeline_health": findings.pipeline_health,
        "stage_bottlenecks": findings.stage_bottlenecks,
        "at_risk_deals": findings.at_risk_deals,
        "forecast_variance": lambda watch: forecast_variance(watch.state, forecasts),
    }
    watch = Watch(state)
    found: Result = {name: find(watch) for name, find in finders.items() if name in wanted.alerts}
    found |= warned.warnings_of(watch, wanted.warnings)
    found["currency"] = state.settings.company.currency
    return found | state.seen | {"generated_at": state.made_at}


def reviewed(state: State, forecasts: Sequence[Kept] = ()) -> Result:
    """The findings about a state, the warnings with their ``record``; ``measured`` says from which weeks."""
    found = insights_of(state, forecasts)
    if not state.settings.pipeline_management.insights.enabled:
        return found
    measured = _records(state)
    for name, record in measured.pop("records").items():
        found[name]["record"] = record
    return found | {"measured": measured}


def _records(state: State, horizon_days: int | None = None, weeks: int | None = None) -> Result:
    from sales_operations.pipeline.alerts.record import records

    return records(state, state.settings.pipeline_management.insights.warnings, horizon_days, weeks) | state.seen

"""PipelineAnalytics: how deals move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sales_operations.pipeline.face import Face, Result, off

if TYPE_CHECKING:
    from sales_operations.domain.periods import Period
    from sales_operations.pipeline.state import State


class PipelineAnalytics(Face):
    """Measures conversion, velocity, deal size and win rate, each with its sample size."""

    async def analyze_pipeline(
        self,
        as_of: str | None = None,
        known_at: str | None = None,
        *,
        by: str | None = None,
        period: str | None = None,
    ) -> Result:
        """Figure name to figure, as of a date or an RFC 3339 instant, by default now; unknown values are None.

        Of the deals closed in ``period`` (2026-05, 2026-Q2, 2026, FY2026-Q2 or FY2026), by default in the last year. ``by``
        sales_rep, team, pipeline, lead_source, product, segment or month: ``groups`` has the same for each. Raises InvalidInput.
        """
        wanted = None if period is None else self.period(period)
        return await self._look(as_of, known_at, lambda state: analytics_of(state, by, wanted))

    async def analyze_movement(
        self, as_of: str | None = None, known_at: str | None = None, *, period: str | None = None
    ) -> Result:
        """``stage_conversion``, ``time_to_close`` and ``slippage``: see ``pipeline.movement.movement``."""
        wanted = None if period is None else self.period(period)

        def compute(state: State) -> Result:
            from sales_operations.pipeline.movement import movement

            return movement(state, wanted)

        return await self._look(as_of, known_at, compute)


def analytics_of(state: State, by: str | None = None, period: Period | None = None) -> Result:
    """The analysis of a state, or why there is none."""
    if not state.settings.pipeline_management.analytics.enabled:
        return off("analytics") | {"analyzed_at": state.made_at}
    from sales_operations.pipeline.analysis import analyze

    return analyze(state, by, period)

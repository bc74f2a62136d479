"""PipelineTracker: the pipeline in figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sales_operations.pipeline.face import Face, Result, off

if TYPE_CHECKING:
    from sales_operations.pipeline.state import State


class PipelineTracker(Face):
    """Counts and sums the deals, in total and by stage, sales rep and month."""

    async def track_pipeline(self, as_of: str | None = None, known_at: str | None = None) -> Result:
        """The tracking result as of a date or an RFC 3339 instant, by default now; keys as ``tracking.track`` says."""
        return await self._look(as_of, known_at, tracking_of)


def tracking_of(state: State) -> Result:
    """The tracking result of a state, or why there is none."""
    if not state.settings.pipeline_management.tracking.enabled:
        return off("tracking") | {"tracked_at": state.made_at}
    from sales_operations.pipeline.tracking import track

    return track(state)

"""The pipeline as of any date: what is in it, how it moves, and what needs attention. Reads, never changes a deal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sales_operations.lazy import attribute

if TYPE_CHECKING:
    from sales_operations.pipeline.analytics import PipelineAnalytics as PipelineAnalytics
    from sales_operations.pipeline.changes import PipelineChanges as PipelineChanges
    from sales_operations.pipeline.insights import PipelineInsights as PipelineInsights
    from sales_operations.pipeline.kpis import PipelineKpis as PipelineKpis
    from sales_operations.pipeline.manager import PipelineManager as PipelineManager
    from sales_operations.pipeline.reporter import PipelineReporter as PipelineReporter
    from sales_operations.pipeline.tracker import PipelineTracker as PipelineTracker

_HOMES = {
    "PipelineAnalytics": "sales_operations.pipeline.analytics",
    "PipelineChanges": "sales_operations.pipeline.changes",
    "PipelineInsights": "sales_operations.pipeline.insights",
    "PipelineKpis": "sales_operations.pipeline.kpis",
    "PipelineManager": "sales_operations.pipeline.manager",
    "PipelineReporter": "sales_operations.pipeline.reporter",
    "PipelineTracker": "sales_operations.pipeline.tracker",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    return attribute(__name__, _HOMES, name)

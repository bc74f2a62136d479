"""The pipeline as of any date: what is in it, how it moves, and what needs attention. Reads, never changes a deal."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sales_operations.pipeline.analytics import PipelineAnalytics
    from sales_operations.pipeline.insights import PipelineInsights
    from sales_operations.pipeline.manager import PipelineManager
    from sales_operations.pipeline.reporter import PipelineReporter
    from sales_operations.pipeline.tracker import PipelineTracker

__all__ = ["PipelineAnalytics", "PipelineInsights", "PipelineManager", "PipelineReporter", "PipelineTracker"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{name.removeprefix('Pipeline').lower()}"), name)

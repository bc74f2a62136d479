"""Sales operations: process automation, forecasting, pipeline management and sales enablement, self-hosted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sales_operations.lazy import attribute

if TYPE_CHECKING:
    from sales_operations.forecasting import MLForecaster as MLForecaster
    from sales_operations.forecasting import PipelineAnalyzer as PipelineAnalyzer
    from sales_operations.forecasting import SalesForecaster as SalesForecaster
    from sales_operations.forecasting import SeasonalAnalyzer as SeasonalAnalyzer
    from sales_operations.forecasting import TrendAnalyzer as TrendAnalyzer
    from sales_operations.pipeline import PipelineAnalytics as PipelineAnalytics
    from sales_operations.pipeline import PipelineInsights as PipelineInsights
    from sales_operations.pipeline import PipelineManager as PipelineManager
    from sales_operations.pipeline import PipelineReporter as PipelineReporter
    from sales_operations.pipeline import PipelineTracker as PipelineTracker
    from sales_operations.process import ContractManager as ContractManager
    from sales_operations.process import LeadStore as LeadStore
    from sales_operations.process import NotificationService as NotificationService
    from sales_operations.process import Opportunity as Opportunity
    from sales_operations.process import OpportunityStage as OpportunityStage
    from sales_operations.process import OpportunityStatus as OpportunityStatus
    from sales_operations.process import OpportunityStore as OpportunityStore
    from sales_operations.process import Quoter as Quoter
    from sales_operations.process import SalesProcessAutomator as SalesProcessAutomator
    from sales_operations.settings import Settings as Settings
    from sales_operations.workspace import Workspace as Workspace
    from sales_operations.workspace import open_workspace as open_workspace

_ROOMS = {
    "forecasting": ("MLForecaster", "PipelineAnalyzer", "SalesForecaster", "SeasonalAnalyzer", "TrendAnalyzer"),
    "pipeline": ("PipelineAnalytics", "PipelineInsights", "PipelineManager", "PipelineReporter", "PipelineTracker"),
    "process": (
        "ContractManager",
        "LeadStore",
        "NotificationService",
        "Opportunity",
        "OpportunityStage",
        "OpportunityStatus",
        "OpportunityStore",
        "Quoter",
        "SalesProcessAutomator",
    ),
    "settings": ("Settings",),
    "workspace": ("Workspace", "open_workspace"),
}
_HOMES = {name: f"sales_operations.{room}" for room, names in _ROOMS.items() for name in names}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    return attribute(__name__, _HOMES, name)

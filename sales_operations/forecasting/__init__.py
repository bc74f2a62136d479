"""Forecasts of won revenue that state their own accuracy. Reads the history, never changes a deal."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sales_operations.forecasting.analyzers import PipelineAnalyzer, SeasonalAnalyzer, TrendAnalyzer
    from sales_operations.forecasting.forecaster import SalesForecaster
    from sales_operations.forecasting.ml_forecaster import MLForecaster

__all__ = ["MLForecaster", "PipelineAnalyzer", "SalesForecaster", "SeasonalAnalyzer", "TrendAnalyzer"]

_HOMES = {"SalesForecaster": "forecaster", "MLForecaster": "ml_forecaster"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'analyzers')}"), name)

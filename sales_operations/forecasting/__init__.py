"""Forecasts of won revenue that state their own accuracy. Reads the history, never changes a deal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sales_operations.lazy import attribute

if TYPE_CHECKING:
    from sales_operations.forecasting.analyzers import PipelineAnalyzer as PipelineAnalyzer
    from sales_operations.forecasting.analyzers import SeasonalAnalyzer as SeasonalAnalyzer
    from sales_operations.forecasting.analyzers import TrendAnalyzer as TrendAnalyzer
    from sales_operations.forecasting.backtest_history import BacktestHistory as BacktestHistory
    from sales_operations.forecasting.backtester import ForecastBacktest as ForecastBacktest
    from sales_operations.forecasting.calls.face import ForecastCalls as ForecastCalls
    from sales_operations.forecasting.forecaster import SalesForecaster as SalesForecaster
    from sales_operations.forecasting.history import ForecastHistory as ForecastHistory
    from sales_operations.forecasting.ml_forecaster import MLForecaster as MLForecaster
    from sales_operations.forecasting.open_deals import OpenDealForecasts as OpenDealForecasts
    from sales_operations.forecasting.scenario_face import ForecastScenario as ForecastScenario
    from sales_operations.forecasting.series import forecast_series as forecast_series

_HOMES = {
    "BacktestHistory": "sales_operations.forecasting.backtest_history",
    "ForecastBacktest": "sales_operations.forecasting.backtester",
    "ForecastCalls": "sales_operations.forecasting.calls.face",
    "ForecastHistory": "sales_operations.forecasting.history",
    "ForecastScenario": "sales_operations.forecasting.scenario_face",
    "MLForecaster": "sales_operations.forecasting.ml_forecaster",
    "OpenDealForecasts": "sales_operations.forecasting.open_deals",
    "PipelineAnalyzer": "sales_operations.forecasting.analyzers",
    "SalesForecaster": "sales_operations.forecasting.forecaster",
    "SeasonalAnalyzer": "sales_operations.forecasting.analyzers",
    "TrendAnalyzer": "sales_operations.forecasting.analyzers",
    "forecast_series": "sales_operations.forecasting.series",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    return attribute(__name__, _HOMES, name)

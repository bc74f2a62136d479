"""Scores of leads and deals: the chance of conversion or win, measured, with leaking fields refused and reasons given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sales_operations.lazy import attribute

if TYPE_CHECKING:
    from sales_operations.forecasting.scoring.contributions import explain as explain
    from sales_operations.forecasting.scoring.evaluation import evaluate as evaluate
    from sales_operations.forecasting.scoring.evaluation import train as train
    from sales_operations.forecasting.scoring.records import Records as Records
    from sales_operations.forecasting.scoring.records import records_of as records_of

_HOMES = {
    "Records": "sales_operations.forecasting.scoring.records",
    "evaluate": "sales_operations.forecasting.scoring.evaluation",
    "explain": "sales_operations.forecasting.scoring.contributions",
    "records_of": "sales_operations.forecasting.scoring.records",
    "train": "sales_operations.forecasting.scoring.evaluation",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    return attribute(__name__, _HOMES, name)

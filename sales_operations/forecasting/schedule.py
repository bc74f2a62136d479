"""What the worker does by itself about forecasts, and when."""

from __future__ import annotations

from functools import partial

from sales_operations.effects.schedules import Schedule
from sales_operations.workspace import Workspace

DAILY = "45 5 * * *"
"""Before the insights of the day, which look at what was forecast."""


def schedules(workspace: Workspace) -> list[Schedule]:
    """All periodic work of this package, ready to run on a workspace."""
    return [Schedule("forecasts", DAILY, partial(forecast_all, workspace))]


def forecast_all(workspace: Workspace) -> int:
    """Forecast every period on offer, so that there is a record even where nobody asks; gives how many it made.

    With the hybrid or, where it is not on offer, with each method that is. Raises StoreError where they cannot be kept.
    """
    from sales_operations.domain.errors import StoreError
    from sales_operations.forecasting.forecaster import SalesForecaster
    from sales_operations.forecasting.keeping import NOT_KEPT

    options = workspace.settings.forecasting
    offered = [name for name in options.methods if getattr(options, name).enabled]
    forecaster, made = SalesForecaster(workspace), 0
    for period in options.periods:
        for method in ["hybrid"] if "hybrid" in offered else offered:
            found = forecaster.forecast_now(period, method, None)
            if NOT_KEPT in found:
                raise StoreError(found[NOT_KEPT])
            made += "refused" not in found
    return made

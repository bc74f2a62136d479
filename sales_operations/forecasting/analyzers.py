"""The brief's analyzers: the pipeline as handed in, and trend and season of the store's won revenue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sales_operations.domain.money import to_minor
from sales_operations.domain.opportunity import Opportunity
from sales_operations.forecasting.face import Face
from sales_operations.forecasting.forecaster import SalesForecaster


class PipelineAnalyzer(Face):
    """Sums up deals. ``config`` as for ``SalesForecaster``."""

    async def analyze_pipeline(self, pipeline_data: Sequence[Opportunity]) -> dict[str, Any]:
        """``by_stage``: count, amount and the mean probability (``weighted_probability``) of the stages that occur.

        Amounts are in major units, added up without regard to their currencies; ``total`` is their sum.
        """
        currency = self.workspace.settings.company.currency
        groups: dict[str, list[Opportunity]] = {}
        for deal in pipeline_data:
            groups.setdefault(deal.stage.value, []).append(deal)
        sums = {stage: sum(to_minor(deal.amount, currency) for deal in deals) for stage, deals in groups.items()}
        return {
            "by_stage": {
                stage: {
                    "count": len(deals),
                    "amount": self.major(sums[stage]),
                    "weighted_probability": sum(deal.probability for deal in deals) / len(deals),
                }
                for stage, deals in groups.items()
            },
            "total": self.major(sum(sums.values())),
            "analyzed_at": self.workspace.clock().isoformat(),
        }


class TrendAnalyzer(Face):
    """The direction of won revenue. ``config`` as for ``SalesForecaster``."""

    async def analyze_trends(self, period: str, as_of: str | None = None) -> dict[str, Any]:
        """``trend`` (increasing, decreasing, stable), ``growth_rate`` a year as a fraction, ``forecast`` of the period.

        The first two are None where the history is too short; ``refused`` then says so.
        """
        return await SalesForecaster(self.workspace).forecast_sales(period, "trend", as_of)


class SeasonalAnalyzer(Face):
    """The rhythm of the year. ``config`` as for ``SalesForecaster``."""

    async def analyze_seasonality(self, period: str, as_of: str | None = None) -> dict[str, Any]:
        """``seasonal_factor`` of the period, 1 being an average time of the year, and its ``forecast``.

        The factor is None where the history is too short; ``refused`` then says so.
        """
        return await SalesForecaster(self.workspace).forecast_sales(period, "seasonal", as_of)

"""Keys of ``pipeline_management.kpi_targets``: what the key figures are held against."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sales_operations.settings.base import Expect, Section, Share

_Positive = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False), Expect("a number above 0")]


class KpiTargets(Section):
    """A figure meets its target when it is better than it."""

    forecast_accuracy: Share = Field(default=0.9, description="Forecasts should be more accurate than this share.")
    pipeline_coverage: _Positive = Field(
        default=3.0, description="The open pipeline should be more than so many times what is won in 90 days."
    )
    sales_cycle_days: _Positive = Field(
        default=90.0, description="Winning a deal should take fewer days than this, by the mean."
    )
    win_rate: Share = Field(default=0.3, description="More than this share of the closed deals should be won.")
    deal_size: _Positive = Field(
        default=10_000.0, description="Won deals should be bigger than this, by the mean, in the company's currency."
    )
    won_deals_per_rep_month: _Positive = Field(
        default=5.0, description="A sales rep should win more deals a month than this."
    )

"""Keys of ``pipeline_management``: what is tracked, reported, analysed and watched."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from sales_operations.settings.base import Expect, Section, Several
from sales_operations.settings.schedule import NAMED_SCHEDULES, check_schedule

TrackingMetric = Literal[
    "total_opportunities", "total_pipeline_value", "weighted_pipeline_value", "by_stage", "by_sales_rep", "by_month"
]
Report = Literal["pipeline_summary", "stage_report", "sales_rep_report", "trend_report"]
AnalyticsMetric = Literal["conversion_rate", "velocity", "deal_size", "win_rate"]
Alert = Literal["pipeline_health", "stage_bottlenecks", "at_risk_deals", "forecast_variance"]
Schedule = Annotated[
    str,
    AfterValidator(check_schedule),
    Expect(f"one of {', '.join(NAMED_SCHEDULES)}, or a cron expression of 5 fields"),
]


class Tracking(Section):
    """The state of the pipeline."""

    enabled: bool = Field(default=True, description="The state of the pipeline is part of the result.")
    metrics: Several[TrackingMetric] = Field(default=get_args(TrackingMetric), description="The figures that it holds.")


class Reporting(Section):
    """Reports."""

    enabled: bool = Field(default=True, description="Reports are part of the result.")
    reports: Several[Report] = Field(default=get_args(Report), description="The reports that are made.")
    schedule: Schedule = Field(default="daily", description="When the worker makes the reports by itself.")


class Analytics(Section):
    """Analysis of how deals move."""

    enabled: bool = Field(default=True, description="The analysis is part of the result.")
    metrics: Several[AnalyticsMetric] = Field(
        default=get_args(AnalyticsMetric), description="The figures that it holds."
    )


class Insights(Section):
    """Findings that ask for attention."""

    enabled: bool = Field(default=True, description="Findings are part of the result.")
    alerts: Several[Alert] = Field(default=get_args(Alert), description="The kinds of finding that are looked for.")


class PipelineManagement(Section):
    """What is shown about the pipeline."""

    tracking: Tracking = Tracking()
    reporting: Reporting = Reporting()
    analytics: Analytics = Analytics()
    insights: Insights = Insights()

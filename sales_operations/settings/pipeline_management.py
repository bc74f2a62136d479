"""Keys of ``pipeline_management``: what is tracked, reported, analysed and watched."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from sales_operations.settings.base import Expect, Section, Several, Share, Text
from sales_operations.settings.kpis import KpiTargets
from sales_operations.settings.schedule import NAMED_SCHEDULES, check_schedule

TrackingMetric = Literal[
    "total_opportunities", "total_pipeline_value", "weighted_pipeline_value", "by_stage", "by_sales_rep", "by_month",
    "by_team", "by_pipeline", "by_lead_source", "by_product", "by_segment"
]  # fmt: skip
USUAL_TRACKING: tuple[TrackingMetric, ...] = get_args(TrackingMetric)[:6]
Report = Literal[
    "pipeline_summary", "stage_report", "sales_rep_report", "trend_report", "funnel", "cohorts", "win_loss", "activity",
    "quota_attainment", "coverage", "rep_scorecard", "data_quality"
]  # fmt: skip
ReportFormat = Literal["json", "csv", "xlsx", "html", "pdf"]
USUAL_REPORTS: tuple[Report, ...] = ("pipeline_summary", "stage_report", "sales_rep_report", "trend_report")
AnalyticsMetric = Literal["conversion_rate", "velocity", "deal_size", "win_rate"]
Alert = Literal["pipeline_health", "stage_bottlenecks", "at_risk_deals", "forecast_variance"]
Warned = Literal[
    "no_activity",
    "overdue",
    "stalled",
    "pushed_again",
    "single_contact",
    "no_next_step",
    "amount_shrinking",
    "unusually_large",
    "rep_overloaded",
    "coverage_gap_next_quarter",
]
"""What open deals are warned about."""
Schedule = Annotated[
    str,
    AfterValidator(check_schedule),
    Expect(f"one of {', '.join(NAMED_SCHEDULES)}, or a cron expression of 5 fields"),
]


Times = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False), Expect("a number above 0, at most 1000")]


class Tracking(Section):
    """The state of the pipeline."""

    enabled: bool = Field(default=True, description="The state of the pipeline is part of the result.")
    metrics: Several[TrackingMetric] = Field(default=USUAL_TRACKING, description="The figures that it holds.")


class Reporting(Section):
    """Reports."""

    enabled: bool = Field(default=True, description="Reports are part of the result.")
    reports: Several[Report] = Field(default=USUAL_REPORTS, description="The reports that are made.")
    schedule: Schedule = Field(
        default="daily",
        description="When the worker makes the reports by itself, in the company's time zone: `hourly`, `daily` (at six), "
        "`weekly` (on Monday), `monthly` (on the first), or five cron fields.",
    )
    formats: Several[ReportFormat] = Field(
        default=("html", "pdf"),
        description="The files that the worker writes of each report, to `reports` in the results folder.",
    )
    recipients: Annotated[Several[Text], Expect("a list of texts")] = Field(
        default=("sales operations",),
        description="Who is told of them: users by name, id or e-mail address, or the name of an inbox.",
    )


class Analytics(Section):
    """Analysis of how deals move."""

    enabled: bool = Field(default=True, description="The analysis is part of the result.")
    metrics: Several[AnalyticsMetric] = Field(
        default=get_args(AnalyticsMetric), description="The figures that it holds."
    )


class Thresholds(Section):
    """From where on something is a warning."""

    idle_days: Annotated[int, Field(ge=1, le=3650), Expect("a whole number from 1 to 3650")] = Field(
        default=30, description="A deal without an activity for more days than these is warned of (`no_activity`)."
    )
    stalled_times: Times = Field(
        default=1.0,
        description="A deal is `stalled` when it has been in its stage longer than this many times what nine of ten won "
        "deals took.",
    )
    pushes: Annotated[int, Field(ge=1, le=100), Expect("a whole number from 1 to 100")] = Field(
        default=2, description="A close date moved to a later day this many times is warned of (`pushed_again`)."
    )
    contacts: Annotated[int, Field(ge=2, le=100), Expect("a whole number from 2 to 100")] = Field(
        default=2, description="A deal with fewer known contacts is warned of (`single_contact`)."
    )
    shrunk_share: Share = Field(
        default=0.1, description="A deal that lost this share of its highest amount is warned of (`amount_shrinking`)."
    )
    large_times: Times = Field(
        default=3.0, description="A deal of more than this many times the median won deal is `unusually_large`."
    )
    overloaded_times: Times = Field(
        default=1.5, description="A rep with more than this many times the reps' median of open deals is overloaded."
    )
    coverage: Times = Field(
        default=3.0, description="Open deals due next quarter should be worth this many times what is to be won in it."
    )


class Record(Section):
    """How often warnings have been right, by looking at past weeks as they were then."""

    horizon_days: Annotated[int, Field(ge=1, le=730), Expect("a whole number from 1 to 730")] = Field(
        default=90, description="A warning is right when what it warns of happens within so many days."
    )
    weeks: Annotated[int, Field(ge=2, le=520), Expect("a whole number from 2 to 520")] = Field(
        default=52, description="So many past weeks are looked at."
    )


class Insights(Section):
    """Findings that ask for attention."""

    enabled: bool = Field(default=True, description="Findings are part of the result.")
    alerts: Several[Alert] = Field(default=get_args(Alert), description="The kinds of finding that are looked for.")
    schedule: Schedule = Field(
        default="daily", description="When the worker checks the warnings by itself, and tells the reps of new ones."
    )
    warnings: Several[Warned] = Field(
        default=get_args(Warned), description="The warnings about open deals, beside them."
    )
    thresholds: Thresholds = Thresholds()
    record: Record = Record()


class PipelineManagement(Section):
    """What is shown about the pipeline."""

    tracking: Tracking = Tracking()
    reporting: Reporting = Reporting()
    analytics: Analytics = Analytics()
    kpi_targets: KpiTargets = KpiTargets()
    insights: Insights = Insights()

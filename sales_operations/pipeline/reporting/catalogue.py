"""Every report by its name: what it is about, how it is made, and how its result becomes a paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sales_operations.domain.clock import written_as_of
from sales_operations.domain.errors import NotFound
from sales_operations.pipeline import reports
from sales_operations.pipeline.reporting.activity import activity
from sales_operations.pipeline.reporting.funnel import cohorts, funnel
from sales_operations.pipeline.reporting.layouts import flow, summaries, targets
from sales_operations.pipeline.reporting.outcomes import win_loss
from sales_operations.pipeline.reporting.quality import data_quality
from sales_operations.pipeline.reporting.quotas import coverage, quota_attainment
from sales_operations.pipeline.reporting.scorecard import rep_scorecard
from sales_operations.pipeline.state import State
from sales_operations.render.paper import Paper, Table

Result = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One report: its title, what it is about, what makes its result of a state, and how that is read."""

    title: str
    about: str
    make: Callable[[State], Result]
    tables: Callable[[Result], list[Table]]
    facts: Callable[[Result], list[tuple[str, str]]] = lambda _: []


KINDS: dict[str, Kind] = {
    "pipeline_summary": Kind(
        "Pipeline summary",
        "The open pipeline, what closed, and the biggest deals.",
        reports.pipeline_summary,
        summaries.summary,
        summaries.summary_facts,
    ),
    "stage_report": Kind(
        "Stages", "The deals of each stage, and how long they have been there.", reports.stage_report, summaries.stages
    ),
    "sales_rep_report": Kind(
        "Sales reps", "The open and won deals of each sales rep.", reports.sales_rep_report, summaries.reps
    ),
    "trend_report": Kind(
        "Trend", "What was created, won and lost in the last twelve months.", reports.trend_report, summaries.trend
    ),
    "funnel": Kind(
        "Funnel",
        "How many deals move on from each stage, and how long they stay in it.",
        funnel,
        flow.funnel,
        flow.window,
    ),
    "cohorts": Kind("Cohorts", "What became of the deals opened in each month, and how soon.", cohorts, flow.cohorts),
    "win_loss": Kind(
        "Wins and losses",
        "Why deals were lost, how late, and which sources win.",
        win_loss,
        flow.win_loss,
        flow.win_loss_facts,
    ),
    "activity": Kind(
        "Activity",
        "What was done for the deals, and which of them nobody looked after.",
        activity,
        flow.activity,
        flow.activity_facts,
    ),
    "quota_attainment": Kind(
        "Quota attainment",
        "What is won of the quotas, and whether that is on pace.",
        quota_attainment,
        targets.attainment,
        targets.attainment_facts,
    ),
    "coverage": Kind("Coverage", "Whether the open deals suffice for the quotas to come.", coverage, targets.coverage),
    "rep_scorecard": Kind(
        "Rep scorecard", "Each rep's results, pipeline, quota and habits.", rep_scorecard, targets.scorecard
    ),
    "data_quality": Kind(
        "Data quality",
        "What is missing, past, standing still or twice, and the money that it touches.",
        data_quality,
        targets.quality,
        targets.quality_facts,
    ),
}


def kind_of(name: str) -> Kind:
    """The report of that name. Raises NotFound."""
    if name not in KINDS:
        near = get_close_matches(name, KINDS, 1) or list(KINDS)
        raise NotFound(f"there is no report {name!r}; use {'one of ' if len(near) > 1 else ''}{', '.join(near)}")
    return KINDS[name]


def paper_of(name: str, result: Result) -> Paper:
    """The result of a report as a paper."""
    kind = kind_of(name)
    seen = [("As of", written_as_of(result["as_of"]))]
    if result["known_at"] is not None:
        seen.append(("Known at", written_as_of(result["known_at"])))
    return Paper(
        name,
        kind.title,
        kind.about,
        [*seen, ("Currency", result["currency"]), *kind.facts(result)],
        kind.tables(result),
        list(result["definitions"].items()),
        result["currency"],
    )

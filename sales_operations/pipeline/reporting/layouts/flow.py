"""How the reports of what becomes of deals, and of what is done for them, are read."""

from __future__ import annotations

import re
from typing import Any

from sales_operations.pipeline.reporting.layouts.parts import Result, money, percent, rate, table
from sales_operations.render.paper import Chart, Table

_TYPES = 6
"""Types of activity that have a column of their own, the most frequent ones; the JSON has all."""


def window(found: Result) -> list[tuple[str, str]]:
    """Over how many deals."""
    return [("Deals", f"{found['deals']:,} closed in the {found['window_days']} days before")]


def funnel(found: Result) -> list[Table]:
    """The funnel, and days in stage."""
    return [
        table(
            "stages",
            "The funnel",
            found["stages"],
            ("stage", "Stage"),
            ("entered", "Were there", "count"),
            ("moved_on.value", "Moved on", "share"),
            ("moved_on.low", "at least", "share"),
            ("moved_on.high", "at most", "share"),
            ("won.value", "Won", "share"),
            chart=Chart("Deals that were in the stage", "stage", ("entered",)),
            note="The bounds are those of a 95 % Wilson interval. Stages may be skipped.",
        ),
        table(
            "days_in_stage",
            "Days in stage",
            found["stages"],
            ("stage", "Stage"),
            ("days_in_stage.p50", "Half below", "days"),
            ("days_in_stage.p75", "3 of 4 below", "days"),
            ("days_in_stage.p90", "9 of 10 below", "days"),
            ("days_in_stage.n", "Deals", "count"),
            chart=Chart("Days in stage", "stage", ("days_in_stage_p50", "days_in_stage_p75", "days_in_stage_p90")),
        ),
    ]


def cohorts(found: Result) -> list[Table]:
    """One table of months."""
    ages: list[Any] = [(f"won_within.{days}.value", f"Won in {days} d", "share") for days in found["ages_days"]]
    return [
        table(
            "months",
            "Deals by the month in which they were opened",
            found["months"],
            ("month", "Month"),
            ("created", "Opened", "count"),
            ("created_amount", "Amount", "money"),
            ("open", "Open", "count"),
            ("won", "Won", "count"),
            ("lost", "Lost", "count"),
            ("win_rate.value", "Win rate", "share"),
            *ages,
            chart=Chart("Deals", "month", ("won", "lost", "open"), upright=True),
            note="Win rate is of the closed deals; the shares won within days are of all. The last month is not over.",
        )
    ]


def win_loss_facts(found: Result) -> list[tuple[str, str]]:
    """Won and lost in figures."""
    won, lost = found["won"], found["lost"]
    return [
        *window(found),
        ("Won", f"{won['count']:,} deals, {money(won['amount'], found)}"),
        ("Lost", f"{lost['count']:,} deals, {money(lost['amount'], found)}"),
        ("Win rate by count", rate(found["win_rate"])),
        ("Win rate by amount", percent(found["win_rate"]["by_amount"])),
    ]


def win_loss(found: Result) -> list[Table]:
    """Reasons, stages and sources."""
    lost: tuple[Any, ...] = (
        ("count", "Lost", "count"),
        ("share.value", "Share", "share"),
        ("amount", "Amount", "money"),
        ("median_days", "Days to loss (median)", "days"),
    )
    return [
        table(
            "loss_reasons",
            "Lost deals by reason",
            found["loss_reasons"],
            ("reason", "Reason"),
            *lost,
            chart=Chart("Amount lost by reason", "reason", ("amount",)),
        ),
        table(
            "lost_after",
            "Lost deals by the furthest stage they reached",
            found["lost_after"],
            ("furthest_stage", "Furthest stage"),
            *lost,
            chart=Chart("Deals lost by furthest stage", "furthest_stage", ("count",)),
        ),
        table(
            "lead_sources",
            "Won and lost by lead source",
            found["lead_sources"],
            ("lead_source", "Lead source"),
            ("won", "Won", "count"),
            ("won_amount", "Won amount", "money"),
            ("lost", "Lost", "count"),
            ("lost_amount", "Lost amount", "money"),
            ("win_rate.value", "Win rate", "share"),
            chart=Chart("Win rate by lead source", "lead_source", ("win_rate",)),
        ),
    ]


def activity_facts(found: Result) -> list[tuple[str, str]]:
    """Activities now and before."""
    days = found["window_days"]
    return [
        (f"Last {days} days", f"{found['activities']:,} activities"),
        (f"{days} days before", f"{found['activities_before']:,} activities"),
    ]


def activity(found: Result) -> list[Table]:
    """Types and sales reps."""
    types = sorted(found["types"], key=lambda entry: -entry["activities"])[:_TYPES]
    names = {entry["activity_type"]: re.sub(r"\W+", "_", entry["activity_type"].lower()) for entry in types}
    kinds: list[Any] = [(name, kind.capitalize(), "count") for kind, name in names.items()]
    entries = [entry | {name: entry["by_type"][kind] for kind, name in names.items()} for entry in found["sales_reps"]]
    return [
        table(
            "types",
            "Activities by type",
            found["types"],
            ("activity_type", "Type"),
            ("activities", "Last 30 days", "count"),
            ("activities_before", "30 days before", "count"),
            chart=Chart("Activities by type", "activity_type", ("activities", "activities_before")),
        ),
        table(
            "sales_reps",
            "Activities by sales rep",
            entries,
            ("sales_rep", "Sales rep"),
            ("activities", "Last 30 days", "count"),
            ("activities_before", "Before", "count"),
            *kinds,
            ("deals_touched", "Deals touched", "count"),
            ("open_deals", "Open", "count"),
            ("idle_deals", "Idle", "count"),
            chart=Chart("Open deals and idle ones", "sales_rep", ("open_deals", "idle_deals")),
        ),
    ]

"""How the reports against quotas and habits, and of the data themselves, are read."""

from __future__ import annotations

from typing import Any

from sales_operations.pipeline.reporting.layouts.parts import DEAL, Result, money, percent, table, words
from sales_operations.render.paper import Chart, Table


def attainment_facts(found: Result) -> list[tuple[str, str]]:
    """Each present period in figures."""
    if not found["periods"]:
        return [("Quotas", "none is set for the present month, quarter or year")]
    facts = []
    for one in found["periods"]:
        total = one["total"]
        facts.append(
            (f"{one['period']}, {one['elapsed']:.0%} over", f"{percent(total['attainment'])} of the quota won")
        )
        facts.append(("Won", f"{money(total['won_amount'], found)} of {money(total['quota'], found)}"))
        facts.append(("With the weighted pipeline", percent(total["projected_attainment"])))
    return facts


def attainment(found: Result) -> list[Table]:
    """For each present period, reps and teams."""
    columns: tuple[Any, ...] = (
        ("quota", "Quota", "money"),
        ("won_amount", "Won", "money"),
        ("attainment", "Attained", "share"),
        ("pace", "Pace", "times"),
        ("remaining", "Remaining", "money"),
        ("open_due_weighted", "Weighted due", "money"),
        ("projected_attainment", "Projected", "share"),
    )
    tables = []
    for one in found["periods"]:
        period = one["period"]
        for name, key, title in (("sales_reps", "sales_rep", "Sales rep"), ("teams", "team", "Team")):
            if one[name]:
                chart = Chart(f"Won against quota, {period}", key, ("won_amount", "quota"))
                heading = f"Quota by {title.lower()}, {period}"
                tables.append(table(f"{name}_{period}", heading, one[name], (key, title), *columns, chart=chart))
    return tables


def coverage(found: Result) -> list[Table]:
    """Periods, and reps or teams now."""
    columns: tuple[Any, ...] = (
        ("quota", "Quota", "money"),
        ("remaining", "Remaining", "money"),
        ("open_deals", "Open due", "count"),
        ("open_amount", "Open amount", "money"),
        ("coverage_of_quota", "Of quota", "times"),
        ("coverage_of_remaining_quota", "Of remaining", "times"),
    )
    now = found["periods"][0]["period"]
    holder = "Sales rep" if found["by"] == "sales_rep" else "Team"
    return [
        table(
            "periods",
            "Coverage by period",
            found["periods"],
            ("period", "Period"),
            *columns,
            chart=Chart("Amount", "period", ("open_amount", "remaining"), upright=True),
            note="Coverage is the open pipeline due in the period, in times the quota, or what it still lacks.",
        ),
        table(
            "holders",
            f"Coverage by {holder.lower()}, {now}",
            found["holders"],
            ("name", holder),
            *columns,
            chart=Chart(f"Open pipeline due and remaining quota, {now}", "name", ("open_amount", "remaining")),
        ),
    ]


def scorecard(found: Result) -> list[Table]:
    """Results, and open deals."""
    return [
        table(
            "results",
            f"Results of {found['window_days']} days",
            found["sales_reps"],
            ("sales_rep", "Sales rep"),
            ("won", "Won", "count"),
            ("won_amount", "Won amount", "money"),
            ("win_rate.value", "Win rate", "share"),
            ("win_rate.n", "of", "count"),
            ("deal_size_mean", "Deal size", "money"),
            ("cycle_days_mean", "Cycle days", "days"),
            ("quota_attainment", f"Quota {found['quarter']}", "share"),
            chart=Chart("Amount won", "sales_rep", ("won_amount",)),
        ),
        table(
            "pipeline",
            "Open deals",
            found["sales_reps"],
            ("sales_rep", "Sales rep"),
            ("created", "Opened", "count"),
            ("open_deals", "Open", "count"),
            ("open_amount", "Open amount", "money"),
            ("open_weighted", "Weighted", "money"),
            ("overdue_deals", "Overdue", "count"),
            ("stale_deals", "Stale", "count"),
            ("pushed_deals", "Pushed", "count"),
            ("idle_deals", "Idle", "count"),
            ("activities", "Activities", "count"),
            chart=Chart("Open pipeline", "sales_rep", ("open_amount", "open_weighted")),
            note=f"Opened: in the last {found['window_days']} days. Activities: in the last {found['activity_days']}.",
        ),
    ]


def quality_facts(found: Result) -> list[tuple[str, str]]:
    """The open deals with a problem."""
    troubled = found["open_deals_with_a_problem"]
    return [
        ("Open deals", f"{found['deals']:,}"),
        ("With a problem", f"{troubled['count']:,} ({percent(troubled['value'])})"),
        ("Their amount", f"{money(troubled['amount'], found)}, weighted {money(troubled['weighted_amount'], found)}"),
    ]


def quality(found: Result) -> list[Table]:
    """Checks and their deals."""
    checks = [one | {"check": words(one["check"]), "priced_by": words(one["priced_by"])} for one in found["checks"]]
    listed = [{"check": one["check"]} | deal for one in checks for deal in one["deals"]]
    return [
        table(
            "checks",
            "Checks",
            checks,
            ("check", "Check"),
            ("count", "Deals", "count"),
            ("n", "of", "count"),
            ("share", "Share", "share"),
            ("priced", "Touches", "money"),
            ("priced_by", "Priced by"),
            chart=Chart("Money that is touched", "check", ("priced",)),
        ),
        table("deals", "The deals, at most 20 of each check", listed, *DEAL, ("check", "Check")),
    ]

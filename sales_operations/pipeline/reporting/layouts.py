"""How each report is read: which of its parts are tables, which figures are facts, and what is drawn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sales_operations.domain.money import written
from sales_operations.render.paper import UNKNOWN, Chart, Column, Table, Unit

Result = dict[str, Any]
_TYPES = 6
"""Types of activity that have a column of their own, the most frequent ones; the JSON has all."""


@dataclass(frozen=True)
class Layout:
    """``facts`` and ``tables`` make the parts of a report of its result."""

    facts: Callable[[Result], list[tuple[str, str]]]
    tables: Callable[[Result], list[Table]]


def _table(
    name: str,
    title: str,
    entries: Iterable[Result],
    *columns: tuple[str, str] | tuple[str, str, Unit],
    chart: Chart | None = None,
    note: str = "",
) -> Table:
    """``columns``: the path to the value in an entry, such as ``win_rate.value``, its title and unit."""
    made = tuple(Column(_key(path), title, *unit) for path, title, *unit in columns)
    rows = [[_at(entry, path) for path, *_ in columns] for entry in entries]
    return Table(name, title, made, rows, chart, note)


def _key(path: str) -> str:
    return path.removesuffix(".value").replace(".", "_")


def _at(entry: Result, path: str) -> Any:
    value: Any = entry
    for name in path.split("."):
        value = None if value is None else value[name]
    return value


def _money(value: float | None, result: Result) -> str:
    return UNKNOWN if value is None else written(value, result["currency"])


def _percent(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.1%}"


def _rate(share: Result) -> str:
    """A share with its interval and sample size."""
    if share["value"] is None:
        return f"{UNKNOWN} (no deal)"
    return f"{share['value']:.1%} ({share['low']:.0%} to {share['high']:.0%}, n = {share['n']:,})"


def _none(_: Result) -> list[tuple[str, str]]:
    return []


_DEAL: tuple[Any, ...] = (
    ("opportunity_id", "Opportunity"),
    ("name", "Name"),
    ("sales_rep", "Sales rep"),
    ("stage", "Stage"),
    ("close_date", "Close date"),
    ("amount", "Amount", "money"),
    ("weighted_amount", "Weighted", "money"),
)


def _summary_facts(found: Result) -> list[tuple[str, str]]:
    cover = found["coverage"]
    times = UNKNOWN if cover["value"] is None else f"{cover['value']:.2f}"
    return [
        ("Open deals", f"{found['open_opportunities']:,} ({found['amount_unknown']:,} without an amount)"),
        ("Open pipeline", _money(found["open_pipeline_value"], found)),
        ("Weighted", _money(found["open_weighted_value"], found)),
        ("Overdue deals", f"{found['overdue_opportunities']:,}"),
        ("Coverage", f"{times} times what was won in the last {cover['days']} days"),
    ]


def _summary(found: Result) -> list[Table]:
    quarters = []
    for name in ("last_quarter", "this_quarter"):
        one = found[name]
        quarters.append({"period": one["period"], "won": one["won"], "lost": one["lost"]})
    return [
        _table(
            "quarters",
            "Won and lost by quarter",
            quarters,
            ("period", "Quarter"),
            ("won.count", "Won", "count"),
            ("won.amount", "Won amount", "money"),
            ("lost.count", "Lost", "count"),
            ("lost.amount", "Lost amount", "money"),
            chart=Chart("Amount won and lost", "period", ("won_amount", "lost_amount"), upright=True),
        ),
        _table("top_deals", "The biggest open deals, weighted", found["top_deals"], *_DEAL),
    ]


def _stages(found: Result) -> list[Table]:
    entries = [{"moved_on": None, "median_days_in_stage": None} | one for one in found["stages"]]
    return [
        _table(
            "stages",
            "Deals by stage",
            entries,
            ("stage", "Stage"),
            ("count", "Deals", "count"),
            ("amount", "Amount", "money"),
            ("weighted_amount", "Weighted", "money"),
            ("median_days_in_stage", "Days in stage (median)", "days"),
            ("moved_on.value", "Moved on", "share"),
            ("moved_on.n", "of", "count"),
            chart=Chart("Amount by stage", "stage", ("amount", "weighted_amount")),
        )
    ]


def _reps(found: Result) -> list[Table]:
    return [
        _table(
            "sales_reps",
            "Deals by sales rep",
            found["sales_reps"],
            ("sales_rep", "Sales rep"),
            ("open_opportunities", "Open", "count"),
            ("open_pipeline_value", "Open amount", "money"),
            ("open_weighted_value", "Weighted", "money"),
            ("won_this_quarter.amount", "Won this quarter", "money"),
            ("win_rate.value", "Win rate", "share"),
            ("win_rate.n", "of", "count"),
            ("deal_size_mean", "Deal size (mean)", "money"),
            chart=Chart("Open pipeline", "sales_rep", ("open_pipeline_value", "open_weighted_value")),
        )
    ]


def _trend(found: Result) -> list[Table]:
    return [
        _table(
            "months",
            "Deals by month",
            found["months"],
            ("month", "Month"),
            ("created", "Created", "count"),
            ("created_amount", "Created amount", "money"),
            ("won", "Won", "count"),
            ("won_amount", "Won amount", "money"),
            ("lost", "Lost", "count"),
            ("lost_amount", "Lost amount", "money"),
            ("win_rate.value", "Win rate", "share"),
            chart=Chart("Deals", "month", ("created", "won", "lost"), upright=True),
            note="The last month is not over.",
        )
    ]


def _window(found: Result) -> list[tuple[str, str]]:
    return [("Deals", f"{found['deals']:,} closed in the {found['window_days']} days before")]


def _funnel(found: Result) -> list[Table]:
    return [
        _table(
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
        _table(
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


def _cohorts(found: Result) -> list[Table]:
    ages: list[Any] = [(f"won_within.{days}.value", f"Won in {days} d", "share") for days in found["ages_days"]]
    return [
        _table(
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


def _win_loss_facts(found: Result) -> list[tuple[str, str]]:
    won, lost = found["won"], found["lost"]
    return [
        *_window(found),
        ("Won", f"{won['count']:,} deals, {_money(won['amount'], found)}"),
        ("Lost", f"{lost['count']:,} deals, {_money(lost['amount'], found)}"),
        ("Win rate by count", _rate(found["win_rate"])),
        ("Win rate by amount", _percent(found["win_rate"]["by_amount"])),
    ]


def _win_loss(found: Result) -> list[Table]:
    lost: tuple[Any, ...] = (
        ("count", "Lost", "count"),
        ("share.value", "Share", "share"),
        ("amount", "Amount", "money"),
        ("median_days", "Days to loss (median)", "days"),
    )
    return [
        _table(
            "loss_reasons",
            "Lost deals by reason",
            found["loss_reasons"],
            ("reason", "Reason"),
            *lost,
            chart=Chart("Amount lost by reason", "reason", ("amount",)),
        ),
        _table(
            "lost_after",
            "Lost deals by the furthest stage they reached",
            found["lost_after"],
            ("furthest_stage", "Furthest stage"),
            *lost,
            chart=Chart("Deals lost by furthest stage", "furthest_stage", ("count",)),
        ),
        _table(
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


def _activity_facts(found: Result) -> list[tuple[str, str]]:
    days = found["window_days"]
    return [
        (f"Last {days} days", f"{found['activities']:,} activities"),
        (f"{days} days before", f"{found['activities_before']:,} activities"),
    ]


def _activity(found: Result) -> list[Table]:
    types = sorted(found["types"], key=lambda entry: -entry["activities"])[:_TYPES]
    names = {entry["activity_type"]: re.sub(r"\W+", "_", entry["activity_type"].lower()) for entry in types}
    kinds: list[Any] = [(name, kind.capitalize(), "count") for kind, name in names.items()]
    entries = [entry | {name: entry["by_type"][kind] for kind, name in names.items()} for entry in found["sales_reps"]]
    return [
        _table(
            "types",
            "Activities by type",
            found["types"],
            ("activity_type", "Type"),
            ("activities", "Last 30 days", "count"),
            ("activities_before", "30 days before", "count"),
            chart=Chart("Activities by type", "activity_type", ("activities", "activities_before")),
        ),
        _table(
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


def _attainment_facts(found: Result) -> list[tuple[str, str]]:
    if not found["periods"]:
        return [("Quotas", "none is set for the present month, quarter or year")]
    facts = []
    for one in found["periods"]:
        total = one["total"]
        facts.append(
            (f"{one['period']}, {one['elapsed']:.0%} over", f"{_percent(total['attainment'])} of the quota won")
        )
        facts.append(("Won", f"{_money(total['won_amount'], found)} of {_money(total['quota'], found)}"))
        facts.append(("With the weighted pipeline", _percent(total["projected_attainment"])))
    return facts


def _attainment(found: Result) -> list[Table]:
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
                tables.append(_table(f"{name}_{period}", heading, one[name], (key, title), *columns, chart=chart))
    return tables


def _coverage(found: Result) -> list[Table]:
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
        _table(
            "periods",
            "Coverage by period",
            found["periods"],
            ("period", "Period"),
            *columns,
            chart=Chart("Amount", "period", ("open_amount", "remaining"), upright=True),
            note="Coverage is the open pipeline due in the period, in times the quota, or what it still lacks.",
        ),
        _table(
            "holders",
            f"Coverage by {holder.lower()}, {now}",
            found["holders"],
            ("name", holder),
            *columns,
            chart=Chart(f"Open pipeline due and remaining quota, {now}", "name", ("open_amount", "remaining")),
        ),
    ]


def _scorecard(found: Result) -> list[Table]:
    return [
        _table(
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
        _table(
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


def _quality_facts(found: Result) -> list[tuple[str, str]]:
    troubled = found["open_deals_with_a_problem"]
    return [
        ("Open deals", f"{found['deals']:,}"),
        ("With a problem", f"{troubled['count']:,} ({_percent(troubled['value'])})"),
        ("Their amount", f"{_money(troubled['amount'], found)}, weighted {_money(troubled['weighted_amount'], found)}"),
    ]


def _quality(found: Result) -> list[Table]:
    checks = [one | {"check": _words(one["check"]), "priced_by": _words(one["priced_by"])} for one in found["checks"]]
    listed = [{"check": one["check"]} | deal for one in checks for deal in one["deals"]]
    return [
        _table(
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
        _table("deals", "The deals, at most 20 of each check", listed, ("check", "Check"), *_DEAL),
    ]


def _words(name: str) -> str:
    return name.replace("_", " ")


LAYOUTS: dict[str, Layout] = {
    "pipeline_summary": Layout(_summary_facts, _summary),
    "stage_report": Layout(_none, _stages),
    "sales_rep_report": Layout(_none, _reps),
    "trend_report": Layout(_none, _trend),
    "funnel": Layout(_window, _funnel),
    "cohorts": Layout(_none, _cohorts),
    "win_loss": Layout(_win_loss_facts, _win_loss),
    "activity": Layout(_activity_facts, _activity),
    "quota_attainment": Layout(_attainment_facts, _attainment),
    "coverage": Layout(_none, _coverage),
    "rep_scorecard": Layout(_none, _scorecard),
    "data_quality": Layout(_quality_facts, _quality),
}

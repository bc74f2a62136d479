"""How the four reports of the pipeline itself are read."""

from __future__ import annotations

from sales_operations.pipeline.reporting.layouts.parts import DEAL, Result, money, table
from sales_operations.render.paper import UNKNOWN, Chart, Table


def summary_facts(found: Result) -> list[tuple[str, str]]:
    """The open pipeline in figures."""
    cover = found["coverage"]
    times = UNKNOWN if cover["value"] is None else f"{cover['value']:.2f}"
    return [
        ("Open deals", f"{found['open_opportunities']:,} ({found['amount_unknown']:,} without an amount)"),
        ("Open pipeline", money(found["open_pipeline_value"], found)),
        ("Weighted", money(found["open_weighted_value"], found)),
        ("Overdue deals", f"{found['overdue_opportunities']:,}"),
        ("Coverage", f"{times} times what was won in the last {cover['days']} days"),
    ]


def summary(found: Result) -> list[Table]:
    """Quarters and the biggest deals."""
    quarters = []
    for name in ("last_quarter", "this_quarter"):
        one = found[name]
        quarters.append({"period": one["period"], "won": one["won"], "lost": one["lost"]})
    return [
        table(
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
        table("top_deals", "The biggest open deals, weighted", found["top_deals"], *DEAL),
    ]


def stages(found: Result) -> list[Table]:
    """One table of stages."""
    entries = [{"moved_on": None, "median_days_in_stage": None} | one for one in found["stages"]]
    return [
        table(
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
            chart=Chart(
                "Amount of the open deals", "stage", ("amount", "weighted_amount"), omit=("closed_won", "closed_lost")
            ),
        )
    ]


def reps(found: Result) -> list[Table]:
    """One table of sales reps."""
    return [
        table(
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


def trend(found: Result) -> list[Table]:
    """One table of months."""
    return [
        table(
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

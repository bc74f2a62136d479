"""The warnings about the open deals of one instant, as findings."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import narwhals as nw

from sales_operations.metrics.deals import whole
from sales_operations.metrics.value import AMOUNT, DEALS
from sales_operations.pipeline.alerts.coverage import Coverage, coverages
from sales_operations.pipeline.findings import COVERAGE_LEAST, LISTED, SHARE_CRITICAL, severity_of
from sales_operations.pipeline.present import deal, shown, top_rows
from sales_operations.pipeline.reports import RUN_RATE_DAYS
from sales_operations.pipeline.state import UNASSIGNED, State
from sales_operations.pipeline.warning_kinds import KINDS, Kind, money
from sales_operations.pipeline.watch import Watch

GAP = "coverage_gap_next_quarter"

Result = dict[str, Any]


def warnings_of(watch: Watch, wanted: Collection[str]) -> dict[str, Result]:
    """Warning name to finding: severity, explanation, next_action, count, judged, amount, deals.

    ``judged`` is how many of the open deals could be judged; where none could, the severity is ``unknown``. Each deal says
    why. ``watch`` looks at the one instant of its state.
    """
    state = watch.state
    kinds = {name: kind for name, kind in KINDS.items() if name in wanted}
    flags = {kind.flag for kind in kinds.values()}
    columns = {f"n_{flag}": nw.col(flag).count() for flag in flags} | {
        f"has_{flag}": whole(nw.col(flag)).sum() for flag in flags
    }
    row = state.rows(watch.deals.select(n=nw.len(), **columns))[0]
    found = {name: _warning(watch, kind, row) for name, kind in kinds.items()}
    if GAP in wanted:
        found[GAP] = _gap(watch)
    return found


def raised(watch: Watch, wanted: Collection[str]) -> Iterator[tuple[str, str, str, str, str | None]]:
    """Warning, deal, what it is called, explanation and sales rep (None for nobody), of every open deal with a warning."""
    kinds = {name: kind for name, kind in KINDS.items() if name in wanted}
    if not kinds:
        return
    having = watch.deals.filter(nw.any_horizontal(*(nw.col(kind.flag) for kind in kinds.values()), ignore_nulls=True))
    names = watch.state.table("opportunities").select("opportunity_id", "name", "account_name")
    for row in watch.state.rows(having.join(names, on="opportunity_id", how="left").sort("opportunity_id")):
        deal, called = row["opportunity_id"], row["account_name"] or row["name"] or row["opportunity_id"]
        rep = None if row["sales_rep"] == UNASSIGNED else row["sales_rep"]
        for name, kind in kinds.items():
            if row[kind.flag]:
                yield name, deal, called, kind.why(row, watch), rep


def gap_told(watch: Watch) -> tuple[str, str] | None:
    """The quarter whose coverage has a gap, and the explanation; None where there is no gap, or none is known."""
    now = coverages(watch.moments).get(watch.state.until)
    return (now.quarter.label, _coverage_told(watch, now)) if now and now.gap(watch.thresholds.coverage) else None


def _warning(watch: Watch, kind: Kind, row: Result) -> Result:
    state, flag = watch.state, kind.flag
    judged, count, every = row[f"n_{flag}"], row[f"has_{flag}"] or 0, row["n"]
    having = watch.deals.filter(nw.col(flag))
    amount = state.measured(having, [AMOUNT])[AMOUNT.name] if count else 0
    severity = "ok" if judged and not count else severity_of(count / judged if judged else None, 0.0, SHARE_CRITICAL)
    if not every:
        explanation = "There are no open deals."
    elif not judged:
        explanation = f"None of the {every} open deals can be judged: {kind.missing}."
    else:
        explanation = f"{count} of {judged} open deals {kind.meaning(watch)}"
        explanation += f", worth {money(amount, watch)}." if count else "."
        if judged < every:
            explanation += f" {every - judged} more cannot be judged: {kind.missing}."
    listed = top_rows(state, having, LISTED) if count else []
    return {
        "severity": severity,
        "explanation": explanation,
        "next_action": kind.action if count else "None.",
        "count": count,
        "judged": judged,
        "amount": shown(amount, "money", state.settings.company.currency),
        "deals": [deal(one, state) | {"explanation": kind.why(one, watch)} for one in listed],
    }


def _gap(watch: Watch) -> Result:
    state, wanted = watch.state, watch.thresholds.coverage
    now = coverages(watch.moments).get(state.until)
    gap = now.gap(wanted) if now else None
    critical = now is not None and now.times is not None and now.times < COVERAGE_LEAST
    having = due(state, now) if now and gap else watch.deals.head(0)
    listed = top_rows(state, having, LISTED) if gap else []
    currency = state.settings.company.currency
    return {
        "severity": "unknown" if gap is None else "critical" if gap and critical else "warning" if gap else "ok",
        "explanation": _coverage_told(watch, now),
        "next_action": "Bring in new deals, or agree on earlier dates, for the next quarter." if gap else "None.",
        "count": state.measured(having, [DEALS])[DEALS.name] if gap else 0,
        "judged": now.open_deals if now and gap is not None else 0,
        "amount": shown(now.due_minor, "money", currency) if now else 0,
        "deals": [deal(one, state) | {"explanation": f"Due {one['close_date']}."} for one in listed],
        "coverage": now.times if now else None,
        "target": shown(now.target_minor, "money", currency) if now else None,
        "basis": now.basis if now else None,
        "quarter": now.quarter.label if now else None,
    }


def due(state: State, coverage: Coverage) -> nw.LazyFrame[Any]:
    """The open deals that are due in the quarter of a coverage."""
    quarter = coverage.quarter
    return state.open.filter(nw.col("close_date").is_between(nw.lit(quarter.start), nw.lit(quarter.end)))


def _coverage_told(watch: Watch, now: Coverage | None) -> str:
    if now is None or not now.open_deals:
        return "There are no open deals."
    if now.target_minor is None:
        return f"It cannot be judged: {now.quarter.label} has no quota, and nothing was won in the last {RUN_RATE_DAYS} days."
    if now.times is None:
        return "It cannot be judged: the open deals have no close dates or no amounts."
    basis = "of quota" if now.basis == "quota" else f"won in the last {RUN_RATE_DAYS} days"
    return (
        f"{now.due} open deals of {money(now.due_minor, watch)} are due in {now.quarter.label}, against "
        f"{money(now.target_minor, watch)} {basis}: coverage {now.times:.1f} (wanted {watch.thresholds.coverage:g})."
    )

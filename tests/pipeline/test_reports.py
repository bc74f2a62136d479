"""The four reports: against plain loops over the histories, written from the definitions."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

from datetime import date, datetime, timedelta
from statistics import mean, median
from typing import Any

import pytest

from sales_operations.pipeline.reporter import reports_of
from sales_operations.pipeline.reports import pipeline_summary, sales_rep_report, stage_report, trend_report

AS_OF = "2026-05-20"
UNTIL = datetime(2026, 5, 21) - timedelta(microseconds=1)
FUNNEL = ["lead", "qualified", "proposal", "negotiation"]


class Way:
    """One deal as of UNTIL, worked out step by step."""

    def __init__(self, steps: list[dict[str, Any]]) -> None:
        self.steps = [step for step in steps if step["at"] <= UNTIL]
        self.last = self.steps[-1]
        self.stage = self.last["stage"]
        self.closed = self.stage.startswith("closed")
        ends = [step["at"] for step in self.steps[1:]] + [UNTIL]
        alive = [(step, end) for step, end in zip(self.steps, ends, strict=True) if not step.get("deleted")]
        self.opened_at = min(step["at"] for step, _ in alive)
        self.days = {
            stage: sum((end - step["at"]).total_seconds() for step, end in alive if step["stage"] == stage) / 86_400
            for stage in FUNNEL
            if any(step["stage"] == stage for step, _ in alive)
        }
        open_ends = [end for step, end in alive if step["stage"] in FUNNEL]
        self.closed_at = (max(open_ends) if open_ends else self.opened_at) if self.closed else None

    def closed_between(self, start: datetime, end: datetime = UNTIL) -> bool:
        return self.closed_at is not None and start <= self.closed_at <= end


@pytest.fixture(scope="module")
def ways(company):
    known = [steps for steps in company.values() if steps[0]["at"] <= UNTIL]
    return [way for way in map(Way, known) if not way.last.get("deleted")]


def total(ways: list[Way]) -> float:
    return sum(way.last["amount"] or 0 for way in ways) / 100


def test_the_summary_counts_what_closed_and_came_in_by_the_calendar(state_of, company, ways):
    report = pipeline_summary(state_of(company, AS_OF))
    opened = [way for way in ways if not way.closed]
    assert report["open_opportunities"] == report["deals"] == len(opened)
    assert report["open_pipeline_value"] == total(opened)
    periods = {
        "this_quarter": (date(2026, 4, 1), date(2026, 6, 30)),
        "last_quarter": (date(2026, 1, 1), date(2026, 3, 31)),
    }
    for name, (first, last) in periods.items():
        end = min(datetime.combine(last, datetime.max.time()), UNTIL)
        here = [way for way in ways if way.closed_between(datetime.combine(first, datetime.min.time()), end)]
        for outcome in ("won", "lost"):
            expected = [way for way in here if way.stage == f"closed_{outcome}"]
            assert report[name][outcome] == {"count": len(expected), "amount": total(expected)}
    assert (report["this_quarter"]["period"], report["last_quarter"]["period"]) == ("2026-Q2", "2026-Q1")
    fresh = [way for way in ways if way.opened_at >= datetime(2026, 5, 1)]
    assert (report["created_this_month"]["count"], report["created_this_month"]["amount"]) == (len(fresh), total(fresh))
    overdue = [way for way in opened if way.last["close_date"] and way.last["close_date"] < date(2026, 5, 20)]
    assert report["overdue_opportunities"] == len(overdue)
    won = [way for way in ways if way.stage == "closed_won" and way.closed_between(UNTIL - timedelta(days=90))]
    assert report["coverage"]["value"] == pytest.approx(total(opened) / total(won))
    assert report["as_of"] == AS_OF
    assert all(report["definitions"].values())


def test_the_summary_lists_the_five_open_deals_of_the_highest_weighted_amount(state_of, company):
    state = state_of(company, AS_OF)
    deals = pipeline_summary(state)["top_deals"]
    weights = [deal["weighted_amount"] for deal in deals]
    assert len(deals) == 5
    assert weights == sorted(weights, reverse=True)
    assert all(deal["name"] == f"Deal {deal['opportunity_id']}" for deal in deals if deal["name"])


def test_the_stage_report_tells_age_in_stage_and_the_share_that_moved_on(state_of, company, ways):
    entries = {entry["stage"]: entry for entry in stage_report(state_of(company, AS_OF))["stages"]}
    assert list(entries) == [*FUNNEL, "closed_won", "closed_lost"]
    for index, stage in enumerate(FUNNEL):
        here = [way for way in ways if way.stage == stage]
        assert (entries[stage]["count"], entries[stage]["amount"]) == (len(here), total(here))
        ages = [way.days[stage] for way in here]
        assert entries[stage]["mean_days_in_stage"] == pytest.approx(mean(ages), abs=1e-4)
        assert entries[stage]["median_days_in_stage"] == pytest.approx(median(ages), abs=1e-4)
        entered = [way for way in ways if way.closed_between(UNTIL - timedelta(days=365)) and stage in way.days]
        beyond = [way for way in entered if set(FUNNEL[index + 1 :]) & set(way.days) or way.stage == "closed_won"]
        moved = entries[stage]["moved_on"]
        assert (moved["n"], moved["value"]) == (len(entered), pytest.approx(len(beyond) / len(entered)))
        assert moved["low"] <= moved["value"] <= moved["high"]
        assert moved["variant"] == "any_stage"


def test_the_sales_rep_report_tells_each_reps_pipeline_wins_and_last_activity(state_of, company, ways):
    calls = [
        ("d001", "Ada", datetime(2026, 5, 3)),
        ("d002", "Ada", datetime(2026, 4, 1)),
        ("d003", "Bo", datetime(2026, 6, 1)),
    ]
    entries = {entry["sales_rep"]: entry for entry in sales_rep_report(state_of(company, AS_OF, calls))["sales_reps"]}
    assert list(entries) == ["Ada", "Bo", "Cy", "unassigned"]
    for rep, entry in entries.items():
        own = [way for way in ways if (way.last["rep"] or "unassigned") == rep]
        opened = [way for way in own if not way.closed]
        assert (entry["open_opportunities"], entry["open_pipeline_value"]) == (len(opened), total(opened))
        closed = [way for way in own if way.closed_between(UNTIL - timedelta(days=365))]
        won = [way for way in closed if way.stage == "closed_won"]
        assert entry["win_rate"]["n"] == len(closed)
        assert entry["win_rate"]["value"] == pytest.approx(len(won) / len(closed))
        sizes = [way.last["amount"] / 100 for way in won if way.last["amount"] is not None]
        assert entry["deal_size_mean"] == (pytest.approx(mean(sizes)) if sizes else None)
        quarter = [way for way in won if way.closed_between(datetime(2026, 4, 1))]
        assert entry["won_this_quarter"]["count"] == len(quarter)
    last = {rep: entry["last_activity_at"] for rep, entry in entries.items()}
    assert last == {"Ada": "2026-05-03T00:00:00+00:00", "Bo": None, "Cy": None, "unassigned": None}


def test_the_trend_report_tells_twelve_months_of_created_won_and_lost(state_of, company, ways):
    months = trend_report(state_of(company, AS_OF))["months"]
    assert [entry["month"] for entry in months][::11] == ["2025-06", "2026-05"]
    assert [entry["complete"] for entry in months] == [True] * 11 + [False]
    for entry in months:
        created = [way for way in ways if way.opened_at.strftime("%Y-%m") == entry["month"]]
        closed = [way for way in ways if way.closed_at and way.closed_at.strftime("%Y-%m") == entry["month"]]
        won = [way for way in closed if way.stage == "closed_won"]
        assert (entry["created"], entry["created_amount"]) == (len(created), total(created))
        assert (entry["won"], entry["won_amount"], entry["lost"]) == (len(won), total(won), len(closed) - len(won))
        assert entry["win_rate"]["value"] == (pytest.approx(len(won) / len(closed)) if closed else None)


def test_months_begin_at_midnight_of_the_companys_zone(state_of):
    history = {"d1": [{"at": datetime(2026, 3, 1, 3), "stage": "lead"}]}  # still February in New York
    zone = {"company": {"currency": "USD", "timezone": "America/New_York"}}
    created = {entry["month"]: entry["created"] for entry in trend_report(state_of(history, config=zone))["months"]}
    assert (created["2026-02"], created["2026-03"]) == (1, 0)


def test_what_became_known_later_is_not_in_a_report_of_an_earlier_date(state_of):
    steps = [{"at": datetime(2026, 1, 5), "stage": "lead", "rep": "Ada"}]
    steps += [
        {"at": datetime(2026, 2, 5), "stage": "closed_won", "rep": "Bo", "amount": 500, "close_date": date(2026, 2, 5)}
    ]
    deal = pipeline_summary(state_of({"d1": steps}, "2026-01-31"))["top_deals"][0]
    assert (deal["stage"], deal["amount"], deal["sales_rep"], deal["close_date"]) == ("lead", None, "Ada", None)


def test_only_the_listed_reports_are_made(state_of, company):
    reporting = {"reports": ["trend_report"]}
    made = reports_of(state_of(company, config={"pipeline_management": {"reporting": reporting}}))
    assert set(made) == {"trend_report", "generated_at"}

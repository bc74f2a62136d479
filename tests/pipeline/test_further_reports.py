"""The reports beside the four: against plain loops over the histories, written from the definitions."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

from datetime import date, datetime, timedelta
from statistics import median, quantiles
from typing import Any

import pytest

from sales_operations.pipeline.movement import movement
from sales_operations.pipeline.reporting.activity import activity
from sales_operations.pipeline.reporting.catalogue import KINDS, paper_of
from sales_operations.pipeline.reporting.funnel import cohorts, funnel
from sales_operations.pipeline.reporting.outcomes import win_loss
from sales_operations.pipeline.reporting.quality import data_quality
from sales_operations.pipeline.reporting.quotas import coverage, quota_attainment
from sales_operations.pipeline.reporting.scorecard import rep_scorecard
from sales_operations.pipeline.reports import pipeline_summary
from tests.pipeline.test_reports import AS_OF, FUNNEL, UNTIL, Way, total

QUOTAS = "CREATE OR REPLACE TABLE quotas(user_id VARCHAR, team_id VARCHAR, period VARCHAR, period_start DATE, amount_minor BIGINT)"
YEAR_AGO = UNTIL - timedelta(days=365)


@pytest.fixture(scope="module")
def ways(company):
    known = [steps for steps in company.values() if steps[0]["at"] <= UNTIL]
    return [way for way in map(Way, known) if not way.last.get("deleted")]


@pytest.fixture
def state(state_of, company):
    """The company as of the day, without quotas, with reasons of some lost deals."""
    made = state_of(company, AS_OF)
    made.db.execute(QUOTAS)
    number = "CAST(substr(id, 2) AS INTEGER) % 4"
    made.db.execute(
        f"UPDATE m_opportunities SET lead_source = 'web', "
        f"loss_reason = CASE {number} WHEN 0 THEN 'price' WHEN 2 THEN 'Not_given' END"
    )
    return made


def lost(ways: list[Way]) -> list[Way]:
    return [way for way in ways if way.stage == "closed_lost" and way.closed_between(YEAR_AGO)]


def test_the_funnel_counts_who_was_in_each_stage_who_went_on_and_for_how_long(state, ways):
    closed = [way for way in ways if way.closed_between(YEAR_AGO)]
    found = funnel(state)
    assert (found["deals"], found["window_days"]) == (len(closed), 365)
    assert [entry["stage"] for entry in found["stages"]] == FUNNEL
    for index, entry in enumerate(found["stages"]):
        there = [way for way in closed if entry["stage"] in way.days]
        won = [way for way in there if way.stage == "closed_won"]
        beyond = [way for way in there if way in won or set(FUNNEL[index + 1 :]) & set(way.days)]
        assert entry["entered"] == entry["moved_on"]["n"] == len(there)
        assert entry["moved_on"]["value"] == pytest.approx(len(beyond) / len(there))
        assert entry["won"]["value"] == pytest.approx(len(won) / len(there))
        days = [way.days[entry["stage"]] for way in there]
        percentiles = quantiles(days, n=100, method="inclusive")
        for name, at in (("p50", 50), ("p75", 75), ("p90", 90)):
            assert entry["days_in_stage"][name] == pytest.approx(percentiles[at - 1], abs=1e-4)
        assert entry["days_in_stage"]["n"] == len(days)


def test_a_cohort_is_followed_and_its_share_is_unknown_until_the_youngest_deal_is_old_enough(state, ways):
    months = cohorts(state)["months"]
    assert [entry["month"] for entry in months][::11] == ["2025-06", "2026-05"]
    for entry in months:
        begun = [way for way in ways if way.opened_at.strftime("%Y-%m") == entry["month"]]
        won = [way for way in begun if way.stage == "closed_won"]
        lost = [way for way in begun if way.stage == "closed_lost"]
        counts = (entry["created"], entry["won"], entry["lost"], entry["open"])
        assert counts == (len(begun), len(won), len(lost), len(begun) - len(won) - len(lost))
        assert (entry["created_amount"], entry["won_amount"]) == (total(begun), total(won))
        year, month = map(int, entry["month"].split("-"))
        after = datetime(year + month // 12, month % 12 + 1, 1)
        for days, share in entry["won_within"].items():
            if after + timedelta(days=int(days)) > UNTIL:
                assert share is None
                continue
            quick = [way for way in won if way.closed_at - way.opened_at <= timedelta(days=int(days))]
            assert (share["n"], share["value"]) == (len(begun), pytest.approx(len(quick) / len(begun)))
    assert months[-1]["won_within"] == dict.fromkeys(("30", "60", "90", "180"))


def test_lost_deals_are_told_by_reason_and_by_the_furthest_stage(state, ways):
    found = win_loss(state)
    gone = lost(ways)
    assert (found["lost"]["count"], found["lost"]["amount"]) == (len(gone), total(gone))
    assert {entry["reason"] for entry in found["loss_reasons"]} == {"price", "Not_given", "unknown"}
    for name in ("loss_reasons", "lost_after"):
        assert sum(entry["count"] for entry in found[name]) == len(gone)
        assert sum(round(entry["amount"] * 100) for entry in found[name]) == round(total(gone) * 100)
        assert sum(entry["share"]["value"] for entry in found[name]) == pytest.approx(1)
    for entry in found["lost_after"]:
        stage = entry["furthest_stage"]
        here = [way for way in gone if ([one for one in FUNNEL if one in way.days] or ["unknown"])[-1] == stage]
        assert entry["count"] == len(here)
        days = [(way.closed_at - way.opened_at).total_seconds() / 86_400 for way in here]
        assert entry["median_days"] == pytest.approx(median(days), abs=1e-4)
    [source] = [entry for entry in found["lead_sources"] if entry["lead_source"] == "web"]
    assert source["won"] + source["lost"] <= found["deals"]
    assert found["win_rate"]["n"] == len(gone) + found["won"]["count"]


def test_activities_that_took_place_are_counted_by_rep_type_and_window(state_of, company):
    calls = [
        ("d001", "Ada", datetime(2026, 5, 3)),
        ("d001", "Ada", datetime(2026, 5, 4)),
        ("d002", "Ada", datetime(2026, 5, 20, 23)),
        ("d002", "Bo", datetime(2026, 4, 15)),
        ("d003", "Bo", datetime(2026, 5, 21, 1)),
        ("d003", "Bo", datetime(2026, 3, 1)),
        ("d004", "Nobody", datetime(2026, 5, 5)),
        ("d005", "Cy", datetime(2026, 5, 6)),
    ]
    state = state_of(company, AS_OF, calls)
    state.db.execute("UPDATE activities SET status = 'Cancelled' WHERE owner_id = 'Cy'")
    state.db.execute(
        "UPDATE activities SET status = NULL, activity_type = 'email' WHERE occurred_at = TIMESTAMP '2026-05-04'"
    )
    found = activity(state)
    assert (found["activities"], found["activities_before"]) == (4, 1)
    told = {entry["activity_type"]: (entry["activities"], entry["activities_before"]) for entry in found["types"]}
    assert told == {"call": (3, 1), "email": (1, 0)}
    reps = {entry["sales_rep"]: entry for entry in found["sales_reps"]}
    names = ("activities", "activities_before", "deals_touched")
    assert [reps["Ada"][name] for name in names] == [3, 0, 2]
    assert [reps["Bo"][name] for name in names] == [0, 1, 0]
    assert [reps["unassigned"][name] for name in names] == [1, 0, 1]
    assert reps["Cy"]["activities"] == 0
    assert reps["Ada"]["by_type"] == {"call": 2, "email": 1}
    assert reps["Ada"]["last_activity_at"] == "2026-05-20T23:00:00+00:00"
    assert reps["Ada"]["idle_deals"] <= reps["Ada"]["open_deals"]
    assert all(entry["idle_deals"] is None for entry in activity(state_of(company, AS_OF))["sales_reps"])


def deal(
    rep: str, *steps: tuple[datetime, str], amount: int | None = None, due: date | None = None
) -> list[dict[str, Any]]:
    return [{"at": at, "stage": stage, "rep": rep, "amount": amount, "close_date": due} for at, stage in steps]


MARCH, APRIL, MAY = datetime(2026, 3, 1), datetime(2026, 4, 10), datetime(2026, 5, 1)
SALES = {
    "a1": deal("Ada", (MARCH, "lead"), (APRIL, "closed_won"), amount=600_00),
    "a2": deal("Ada", (APRIL, "proposal"), amount=1000_00, due=date(2026, 6, 15)),
    "a3": deal("Ada", (MARCH, "lead"), (datetime(2026, 3, 31, 23), "closed_won"), amount=900_00),
    "a4": deal("Ada", (APRIL, "negotiation"), due=date(2026, 6, 30)),
    "a5": deal("Ada", (MARCH, "lead"), (APRIL, "closed_lost"), amount=700_00),
    "b1": deal("Bo", (MARCH, "lead"), (MAY, "closed_won"), amount=300_00),
    "b2": deal("Bo", (MAY, "qualified"), amount=2000_00, due=date(2026, 8, 1)),
    "c1": deal("Cy", (MARCH, "lead"), (MAY, "closed_won"), amount=50_00),
    "c2": deal("Cy", (MARCH, "lead"), amount=100_00, due=date(2026, 4, 1)),
}
HALF = "2026-05-16T12:00:00Z"
"""Half of the 91 days of the quarter are over."""


@pytest.fixture
def sales(state_of):
    """Quotas of the second quarter for Ada and Bo, of the third for Ada, of the year for a team."""
    made = state_of(SALES, HALF)
    made.db.execute(QUOTAS)
    made.db.execute("UPDATE users SET team_id = 't1', team = 'North'")
    rows = [("Ada", None, "Quarter", "2026-04-01", 1000_00), ("Bo", "t1", "2026-Q2", "2026-04-01", 250_00)]
    rows += [("Ada", None, "quarter", "2026-07-01", 5000_00), (None, "t1", "year", "2026-01-01", 9000_00)]
    made.db.executemany("INSERT INTO quotas VALUES (?, ?, ?, ?, ?)", rows)
    return made


def test_quotas_of_fiscal_quarters_count_in_the_company_s_fiscal_year(state_of):
    state = state_of(SALES, HALF, config={"company": {"fiscal_year_start": 2}})
    state.db.execute(QUOTAS)
    rows = [("Ada", None, "quarter", "2026-04-01", 1_00), ("Ada", None, "fy2027-q2", "2026-05-01", 1000_00)]
    rows += [("Ada", None, "quarter", "2026-08-01", 3000_00), ("Bo", None, "FY2027", "2026-02-01", 4000_00)]
    state.db.executemany("INSERT INTO quotas VALUES (?, ?, ?, ?, ?)", rows)
    attained = {one["period"]: one["total"]["quota"] for one in quota_attainment(state)["periods"]}
    assert attained == {"FY2027-Q2": 1000, "FY2027": 4000}
    covered = [(one["period"], one["quota"]) for one in coverage(state)["periods"]]
    assert covered == [("FY2027-Q2", 1000), ("FY2027-Q3", 3000), ("FY2027-Q4", None), ("FY2028-Q1", None)]
    assert rep_scorecard(state)["quarter"] == "FY2027-Q2"
    summary = pipeline_summary(state)
    assert (summary["this_quarter"]["period"], summary["last_quarter"]["period"]) == ("FY2027-Q2", "FY2027-Q1")
    slipped = movement(state)["slippage"]
    assert (slipped["this_period"]["period"], slipped["period_before"]["period"]) == ("FY2027-Q2", "FY2027-Q1")


def figures(entry: dict[str, Any], names: str) -> list[Any]:
    return [entry[name] if entry[name] is None else round(entry[name], 6) for name in names.split()]


ATTAINED = "quota won_amount remaining attainment pace open_due_amount open_due_weighted projected_attainment"


def test_attainment_pace_and_projection_are_those_of_the_reps_with_a_quota(sales):
    quarter, year = quota_attainment(sales)["periods"]
    assert (quarter["period"], quarter["elapsed"], quarter["teams"]) == ("2026-Q2", 0.5, [])
    ada, bo = quarter["sales_reps"]
    assert figures(ada, ATTAINED) == [1000, 600, 400, 0.6, 1.2, 1000, 500, 1.1]
    assert figures(bo, ATTAINED) == [250, 300, 0, 1.2, 2.4, 0, 0, 1.2]
    assert figures(quarter["total"], ATTAINED) == [1250, 900, 400 - 50, 0.72, 1.44, 1000, 500, 1.12]
    assert (quarter["total"]["over"], quarter["total"]["won_deals"]) == ("sales_rep", 2)
    assert (year["period"], year["sales_reps"], year["total"]["over"]) == ("2026", [], "team")
    assert [entry["team"] for entry in year["teams"]] == ["North"]


COVERED = "quota remaining open_deals open_amount amount_unknown coverage_of_quota coverage_of_remaining_quota"


def test_coverage_stands_against_the_quota_and_against_what_remains_of_it(sales):
    found = coverage(sales)
    assert [entry["period"] for entry in found["periods"]] == ["2026-Q2", "2026-Q3", "2026-Q4", "2027-Q1"]
    now, third, fourth, _ = found["periods"]
    assert figures(now, COVERED) == [1250, 300, 3, 1100, 1, 0.88, round(1100 / 300, 6)]
    assert figures(third, COVERED) == [5000, 5000, 1, 2000, 0, 0.4, 0.4]
    assert figures(fourth, COVERED) == [None, None, 0, 0, 0, None, None]
    ada, bo = found["holders"]
    assert (found["by"], ada["name"], bo["name"]) == ("sales_rep", "Ada", "Bo")
    assert figures(ada, COVERED) == [1000, 400, 2, 1000, 1, 1.0, 2.5]
    assert figures(bo, COVERED) == [250, 0, 0, 0, 0, 0.0, None]  # met: nothing remains to be covered


def test_months_stand_in_where_only_they_have_quotas_and_an_unknown_quota_stays_unknown(state_of, company):
    state = state_of(company, AS_OF)
    state.db.execute(QUOTAS)
    assert quota_attainment(state)["periods"] == []
    assert coverage(state)["periods"][0] | {"quota": None} == coverage(state)["periods"][0]
    state.db.execute("INSERT INTO quotas VALUES ('Ada', NULL, '2026-05', DATE '2026-05-01', 100000)")
    state.db.execute("INSERT INTO quotas VALUES ('Bo', NULL, 'month', DATE '2026-05-01', NULL)")
    [period] = quota_attainment(state)["periods"]
    assert (period["period"], period["total"]["quota"], period["total"]["attainment"]) == ("2026-05", None, None)
    assert [entry["period"] for entry in coverage(state)["periods"]][:2] == ["2026-05", "2026-06"]


def test_the_scorecard_ranks_reps_by_what_they_won(state, ways):
    found = rep_scorecard(state)
    reps = found["sales_reps"]
    assert [entry["won_amount"] for entry in reps] == sorted((entry["won_amount"] for entry in reps), reverse=True)
    assert {entry["sales_rep"] for entry in reps} == {"Ada", "Bo", "Cy", "unassigned"}
    for entry in reps:
        own = [way for way in ways if (way.last["rep"] or "unassigned") == entry["sales_rep"]]
        won = [way for way in own if way.stage == "closed_won" and way.closed_between(YEAR_AGO)]
        opened = [way for way in own if not way.closed]
        assert (entry["won"], entry["won_amount"]) == (len(won), pytest.approx(total(won)))
        assert (entry["open_deals"], entry["open_amount"]) == (len(opened), total(opened))
        assert entry["created"] == len([way for way in own if way.opened_at > YEAR_AGO])
        cycles = [(way.closed_at - way.opened_at).total_seconds() / 86_400 for way in won]
        assert entry["cycle_days_mean"] == pytest.approx(sum(cycles) / len(cycles), abs=1e-3)
        assert entry["activities"] is None  # none are recorded


def test_the_scorecard_tells_the_quota_of_the_quarter_of_those_who_have_one(sales):
    attained = {entry["sales_rep"]: entry["quota_attainment"] for entry in rep_scorecard(sales)["sales_reps"]}
    assert attained == {"Ada": 0.6, "Bo": 1.2, "Cy": None}


def test_each_check_of_the_data_counts_its_deals_and_the_money_they_touch(state, ways):
    found = data_quality(state)
    checks = {entry["check"]: entry for entry in found["checks"]}
    opened = [way for way in ways if not way.closed]
    failing = {
        "amount_missing": [way for way in opened if way.last["amount"] is None],
        "close_date_missing": [way for way in opened if way.last["close_date"] is None],
        "close_date_past": [
            way for way in opened if way.last["close_date"] and way.last["close_date"] < date(2026, 5, 20)
        ],
        "owner_missing": [way for way in opened if way.last["rep"] is None],
        "account_missing": [],
    }
    for name, deals in failing.items():
        assert (checks[name]["count"], checks[name]["n"]) == (len(deals), len(opened)), name
        assert len(checks[name]["deals"]) == min(len(deals), 20)
    known = [way.last["amount"] for way in opened if way.last["amount"] is not None]
    usual = {"lead": 0.1, "qualified": 0.3, "proposal": 0.5, "negotiation": 0.7}
    chances = [way.last["probability"] or usual[way.stage] for way in failing["amount_missing"]]
    assert checks["amount_missing"]["priced"] == pytest.approx(sum(chances) * median(known) / 100, abs=0.01)
    assert checks["amount_missing"]["priced_by"] == "probability_x_median_amount"
    gone = [row for row in win_loss(state)["loss_reasons"] if row["reason"] != "price"]
    assert checks["lost_without_reason"]["count"] == sum(row["count"] for row in gone)
    assert checks["lost_without_reason"]["n"] == len(lost(ways))
    assert checks["lost_without_reason"]["priced"] == pytest.approx(sum(row["amount"] for row in gone))
    all_of_them = {id(way) for deals in failing.values() for way in deals}
    assert found["open_deals_with_a_problem"]["count"] >= len(all_of_them)


def test_a_deal_that_is_there_twice_is_found(state_of):
    step = {"at": datetime(2026, 1, 5), "stage": "lead", "rep": "Ada", "amount": 70_00, "close_date": date(2026, 9, 1)}
    others = {"other amount": step | {"amount": 71_00}, "no amount": step | {"amount": None}}
    state = state_of({name: [one] for name, one in {"first": step, "again": step, **others}.items()})
    state.db.execute("UPDATE m_opportunities SET account_text = 'Alder'")
    [entry] = [one for one in data_quality(state)["checks"] if one["check"] == "duplicate"]
    assert {deal["opportunity_id"] for deal in entry["deals"]} == {"first", "again"}
    assert entry["priced"] == 14.0  # two leads of 70, at 10 % each


LOST = [
    {"at": datetime(2026, 1, 5), "stage": "lead"},
    {"at": datetime(2026, 2, 5), "stage": "closed_lost", "amount": 500},
]
FEW = {
    "none": {},
    "one": {"d1": [{"at": datetime(2026, 1, 5), "stage": "lead"}]},
    "all lost": {"d1": LOST, "d2": LOST},
    "no rate": {"d1": [{"at": datetime(2026, 1, 5), "stage": "lead", "amount": None, "own": 70_00, "currency": "EUR"}]},
}


@pytest.mark.parametrize("history", FEW.values(), ids=FEW)
@pytest.mark.parametrize("name", KINDS)
def test_of_few_deals_or_none_every_report_is_made_and_can_be_read(state_of, name: str, history: dict[str, Any]):
    state = state_of(history)
    state.db.execute(QUOTAS)
    result: dict[str, Any] = KINDS[name].make(state)
    assert result["deals"] <= len(history)
    for table in paper_of(name, result).tables:
        for row in table.texts("USD"):
            assert len(row) == len(table.columns)


def test_what_cannot_be_known_of_few_deals_is_unknown(state_of):
    one, lost, abroad = (state_of(FEW[name]) for name in ("one", "all lost", "no rate"))
    assert [entry["moved_on"]["value"] for entry in funnel(one)["stages"]] == [None] * 4
    assert win_loss(one)["win_rate"]["value"] is None
    assert (win_loss(lost)["win_rate"]["value"], win_loss(lost)["won"]["median_days"]) == (0, None)
    [missing] = [entry for entry in data_quality(abroad)["checks"] if entry["check"] == "amount_missing"]
    assert (missing["count"], missing["priced"]) == (1, None)

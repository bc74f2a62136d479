"""What needs attention: each finding with its numbers, and nothing claimed where nothing is known."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from sales_operations.pipeline.insights import insights_of

NOW = datetime(2026, 6, 30, 12)
FINDINGS = ("pipeline_health", "stage_bottlenecks", "at_risk_deals", "forecast_variance")


def won(number, days=10):
    start = datetime(2026, 5, 1) + timedelta(days=number)
    steps = [{"at": start, "stage": "proposal", "amount": 100_000, "rep": "Ada"}]
    return [*steps, steps[0] | {"at": start + timedelta(days=days), "stage": "closed_won"}]


def open_deal(age_days, stage="proposal", **given):
    return [{"at": NOW - timedelta(days=age_days), "stage": stage, "amount": 50_000, "rep": "Ada", **given}]


@pytest.fixture(scope="module")
def past():
    return {f"won{number}": won(number, days=8 + number) for number in range(6)}


def reasons(found):
    return {deal["opportunity_id"]: [entry["reason"] for entry in deal["reasons"]] for deal in found["deals"]}


def test_a_deal_is_at_risk_for_each_reason_that_holds_and_says_what_to_do(state_of, past):
    pushed = open_deal(5, close_date=date(2026, 7, 1))
    pushed += [pushed[0] | {"at": NOW - timedelta(days=day), "close_date": date(2026, 8, 5 - day)} for day in (3, 2)]
    history = past | {
        "fine": open_deal(5, close_date=date(2026, 9, 1)),
        "late": open_deal(5, close_date=date(2026, 6, 20)),
        "slow": open_deal(40, probability=0.9),
        "pushed": pushed,
    }
    found = insights_of(state_of(history))["at_risk_deals"]
    assert reasons(found) == {"slow": ["stale"], "late": ["overdue"], "pushed": ["pushed"]}
    late = found["deals"][1]
    assert late["reasons"][0]["explanation"] == "The close date 2026-06-20 passed 10 days ago."
    assert late["next_action"].startswith("Agree on a new close date")
    assert (late["account_name"], late["sales_rep"], late["weighted_amount"]) == ("Account late", "Ada", 250.0)
    assert (found["count"], found["amount"], found["weighted_amount"]) == (3, 1500.0, 950.0)
    assert found["severity"] == "critical"
    assert found["thresholds"]["days_in_stage"] == {
        "lead": None, "qualified": None, "proposal": pytest.approx(12.5), "negotiation": None,
    }  # fmt: skip


def test_inactivity_is_a_reason_only_where_activities_are_recorded(state_of):
    history = {"quiet": open_deal(40), "busy": open_deal(40)}
    assert insights_of(state_of(history))["at_risk_deals"]["count"] == 0
    calls = [("busy", "Ada", NOW - timedelta(days=2)), ("quiet", "Ada", NOW + timedelta(days=2))]
    found = insights_of(state_of(history, activities=calls))["at_risk_deals"]
    assert reasons(found) == {"quiet": ["idle"]}
    assert found["deals"][0]["reasons"][0]["explanation"] == "No activity for 40 days."


def test_a_stage_is_a_bottleneck_when_its_open_deals_are_slower_than_its_own_history(state_of, past):
    history = past | {"stuck": open_deal(60), "new": open_deal(1, stage="lead")}
    found = insights_of(state_of(history))["stage_bottlenecks"]
    entry = next(entry for entry in found["stages"] if entry["stage"] == "proposal")
    assert (entry["bottleneck"], entry["median_days"], entry["n"]) == (True, 60.0, 6)
    assert entry["usual_days_p75"] == pytest.approx(11.75)
    assert [entry["bottleneck"] for entry in found["stages"]] == [None, None, True, None]
    assert (found["severity"], [deal["opportunity_id"] for deal in found["deals"]]) == ("warning", ["stuck"])
    assert "60.0 days" in found["explanation"]


def test_health_compares_the_open_pipeline_with_what_was_won_lately(state_of, past):
    found = insights_of(state_of(past | {"one": open_deal(2)}))["pipeline_health"]
    assert found["measures"] == {
        "coverage_of_run_rate": pytest.approx(500 / 6000), "overdue_share": 0.0, "stale_share": 0.0,
    }  # fmt: skip
    assert found["severity"] == "critical"
    assert "500.00 USD" in found["explanation"]
    rich = past | {f"open{number}": open_deal(2) for number in range(40)}
    assert insights_of(state_of(rich))["pipeline_health"]["severity"] == "ok"


def test_coverage_is_unknown_where_no_open_deal_has_an_amount(state_of, past):
    found = insights_of(state_of(past | {"one": open_deal(2) and [open_deal(2)[0] | {"amount": None}]}))[
        "pipeline_health"
    ]
    assert found["measures"]["coverage_of_run_rate"] is None


def test_no_stored_forecast_is_said_plainly(state_of):
    assert insights_of(state_of({}))["forecast_variance"]["status"] == "no_forecasts_stored"


def test_every_finding_has_severity_explanation_next_action_and_deals(state_of, company):
    found = insights_of(state_of(company))
    for name in FINDINGS:
        assert found[name]["severity"] in {"ok", "warning", "critical", "unknown"}
        assert found[name]["explanation"].endswith(".")
        assert found[name]["next_action"].endswith(".")
        assert isinstance(found[name]["deals"], list)


def test_an_empty_store_gives_unknown_severities_and_no_deals(state_of):
    found = insights_of(state_of({}))
    assert {found[name]["severity"] for name in FINDINGS} == {"unknown"}
    assert all(found[name]["deals"] == [] for name in FINDINGS)


def test_only_the_listed_alerts_are_looked_for(state_of, company):
    config = {"pipeline_management": {"insights": {"alerts": ["forecast_variance"], "warnings": ["stalled"]}}}
    assert set(insights_of(state_of(company, config=config))) == {
        "forecast_variance",
        "stalled",
        "currency",
        "as_of",
        "known_at",
        "generated_at",
    }

"""The key figures: each from its definition by hand, against its target and the span before, unknown with a reason."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.periods import parse_period
from sales_operations.pipeline.scorecard import scorecard

Q1, Q2 = datetime(2026, 2, 1), datetime(2026, 5, 1)
NAMES = [
    *("forecast_accuracy", "pipeline_coverage", "sales_cycle_days", "win_rate", "deal_size"),
    "won_deals_per_rep_month",
]


def deal(start, days, stage, amount=None, rep="Ada"):
    opened = {"at": start, "stage": "lead", "amount": amount, "rep": rep}
    return [opened, opened | {"at": start + timedelta(days=days), "stage": stage}] if stage else [opened]


@pytest.fixture
def history():
    """Two won of four in the first quarter; three won of three in the second, and two deals open."""
    return {
        "a": deal(Q1, 10, "closed_won", 9_000_00),
        "b": deal(Q1, 20, "closed_won", 5_000_00),
        "c": deal(Q1, 5, "closed_lost", rep="Bo"),
        "d": deal(Q1, 5, "closed_lost", rep="Cy"),
        "e": deal(Q2, 40, "closed_won", 12_000_00),
        "f": deal(Q2, 30, "closed_won", 16_000_00, rep="Bo"),
        "g": deal(Q2, 50, "closed_won", rep=None),
        "h": deal(Q2, 50, None, 21_000_00),
        "i": deal(Q1, 50, None, 7_000_00, rep="Bo"),
    }


def by_name(result):
    assert [one["name"] for one in result["kpis"]] == NAMES
    return {one["name"]: one for one in result["kpis"]}


def test_every_figure_of_a_quarter_and_of_the_quarter_before(state_of, history):
    result = scorecard(state_of(history, "2026-06-30"), parse_period("2026-Q2"), None)
    found = {name: (one["value"], one["n"], one["before"]["value"]) for name, one in by_name(result).items()}
    month = 365.25 / 12
    assert found["pipeline_coverage"] == (28_000 / 28_000, 2, 7_000 / 14_000)
    assert found["sales_cycle_days"] == (40.0, 3, 15.0)
    assert found["win_rate"] == (1.0, 3, 0.5)
    assert found["deal_size"] == (14_000.0, 2, 7_000.0)
    # Two wins of reps in the second quarter by Ada and Bo; two in the first, when Cy had a deal too.
    assert found["won_deals_per_rep_month"][:2] == (pytest.approx(2 / 2 / (91 / month)), 2)
    assert found["won_deals_per_rep_month"][2] == pytest.approx(2 / 3 / (90 / month))
    assert (result["window"]["deals"], result["before"]["deals"]) == (3, 4)


def test_a_figure_meets_its_target_when_it_is_better_and_says_which_way_it_went(state_of, history):
    result = scorecard(state_of(history, "2026-06-30"), parse_period("2026-Q2"), None)
    found = {name: (one["target"], one["met"], one["trend"]) for name, one in by_name(result).items()}
    assert found == {
        "forecast_accuracy": (0.9, None, None),
        "pipeline_coverage": (3.0, False, "better"),
        "sales_cycle_days": (90.0, True, "worse"),
        "win_rate": (0.3, True, "better"),
        "deal_size": (10_000.0, True, "better"),
        "won_deals_per_rep_month": (5.0, False, "better"),
    }
    assert (result["met"], result["unknown"]) == (3, 1)


def test_an_interval_says_whether_target_and_change_are_more_than_chance(state_of, history):
    rate = by_name(scorecard(state_of(history, "2026-06-30"), parse_period("2026-Q2"), None))["win_rate"]
    assert (rate["low"], rate["high"]) == (pytest.approx(3 / (3 + 1.959964**2)), 1.0)  # Wilson's where all were won
    assert (rate["target_outside_interval"], rate["intervals_apart"]) == (True, False)
    size = by_name(scorecard(state_of(history, "2026-06-30"), parse_period("2026-Q2"), None))["deal_size"]
    assert (size["low"], size["target_outside_interval"], size["intervals_apart"]) == (None, None, None)


def test_a_win_counts_in_the_span_in_which_it_was_won(state_of, history):
    late = {"j": deal(Q1, 100, "closed_won", 1_000_00, rep="Cy")}  # opened in the first quarter, won in the second
    result = scorecard(state_of(history | late, "2026-06-30"), parse_period("2026-Q2"), None)
    found = by_name(result)["won_deals_per_rep_month"]
    month = 365.25 / 12
    assert (found["value"], found["n"]) == (pytest.approx(3 / 3 / (91 / month)), 3)
    assert found["before"]["value"] == pytest.approx(2 / 3 / (90 / month))


def test_the_targets_are_those_of_the_configuration(state_of, history):
    config = {"pipeline_management": {"kpi_targets": {"win_rate": 1, "sales_cycle_days": 40}}}
    found = by_name(scorecard(state_of(history, "2026-06-30", config=config), parse_period("2026-Q2"), None))
    # Equal is not better.
    assert [(found[name]["target"], found[name]["met"]) for name in ("win_rate", "sales_cycle_days")] == [
        (1.0, False),
        (40.0, False),
    ]


def test_without_a_period_the_last_year_stands_against_the_year_before(state_of, history):
    long_ago = {"z": deal(datetime(2025, 3, 1), 10, "closed_lost")}
    rate = by_name(scorecard(state_of(history | long_ago, "2026-06-30"), None, None))["win_rate"]
    assert (rate["value"], rate["n"], rate["before"]["value"], rate["before"]["n"]) == (5 / 7, 7, 0.0, 1)


def test_the_accuracy_is_that_of_the_forecast_or_unknown_with_its_reason(state_of):
    made = {"method": "hybrid", "period": "quarter", "confidence_basis": {"origins": 8, "wape": 0.07}}
    found = by_name(scorecard(state_of({}), None, made))["forecast_accuracy"]
    assert (found["value"], found["n"], found["met"]) == (pytest.approx(0.93), 8, True)
    assert "the hybrid forecasts of the last 8 quarters" in found["definition"]
    worse = made | {"confidence_basis": {"origins": 8, "wape": 1.4}}
    assert by_name(scorecard(state_of({}), None, worse))["forecast_accuracy"]["value"] == 0
    refused = {"method": "hybrid", "period": "quarter", "refused": "too little history"}
    found = by_name(scorecard(state_of({}), None, refused))["forecast_accuracy"]
    assert (found["value"], found["unknown_because"]) == (None, "too little history")


def test_without_deals_every_figure_is_unknown_and_says_why(state_of):
    result = scorecard(state_of({}), None, None)
    assert {one["name"]: (one["value"], one["met"], one["unknown_because"]) for one in result["kpis"]} == {
        "forecast_accuracy": (None, None, "no forecast was asked for"),
        "pipeline_coverage": (None, None, "nothing was won in the 90 days up to the end"),
        "sales_cycle_days": (None, None, "no deal was won whose opening is known"),
        "win_rate": (None, None, "no deal was closed"),
        "deal_size": (None, None, "no deal was won with a known amount"),
        "won_deals_per_rep_month": (None, None, "no sales rep had a deal"),
    }


def test_where_all_were_lost_the_rates_are_zero_and_the_rest_unknown(state_of):
    found = by_name(scorecard(state_of({"a": deal(Q2, 9, "closed_lost", 500)}), None, None))
    assert [found[name]["value"] for name in NAMES[1:]] == [None, None, 0.0, None, 0.0]


def test_a_period_to_come_is_an_error(state_of):
    with pytest.raises(InvalidInput, match="2027 had not begun"):
        scorecard(state_of({}), parse_period("2027"), None)

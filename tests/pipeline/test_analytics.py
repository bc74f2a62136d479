"""Conversion, velocity, deal size and win rate: by hand on few deals, unknown where there are none."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sales_operations.pipeline.analytics import analytics_of

START = datetime(2026, 1, 1)


def deal(*path, days=10, amount=None, start=START):
    """A deal that spends ``days`` in each stage of its path."""
    return [
        {"at": start + timedelta(days=days * place), "stage": stage, "amount": amount}
        for place, stage in enumerate(path)
    ]


@pytest.fixture(scope="module")
def four():
    return {
        "won1": deal("lead", "qualified", "closed_won", amount=10_000),
        "won2": deal("lead", "proposal", "closed_won", amount=30_000, days=20),
        "lost1": deal("lead", "closed_lost", amount=40_000),
        "lost2": deal("qualified", "closed_lost"),
        "open": deal("lead", "negotiation", amount=99_000),
        "long_ago": deal("lead", "closed_lost", start=datetime(2024, 1, 1)),
    }


def test_the_win_rate_is_by_count_with_its_sample_size_and_interval(state_of, four):
    rate = analytics_of(state_of(four))["win_rate"]
    assert (rate["value"], rate["n"], rate["variant"]) == (0.5, 4, "by_count")
    assert rate["by_amount"] == 0.5
    assert (rate["low"], rate["high"]) == (pytest.approx(0.1500, abs=1e-4), pytest.approx(0.8500, abs=1e-4))


def test_conversion_asks_for_any_later_stage_and_names_its_variant(state_of, four):
    conversion = analytics_of(state_of(four))["conversion_rate"]
    assert conversion["variant"] == "any_stage"
    assert (conversion["from"], conversion["to"], conversion["n"]) == ("lead", "closed_won", 3)
    assert conversion["value"] == pytest.approx(2 / 3)
    found = {stage: (entry["value"], entry["n"]) for stage, entry in conversion["by_stage"].items()}
    assert found == {"lead": (2 / 3, 3), "qualified": (0.5, 2), "proposal": (1.0, 1), "negotiation": (None, 0)}


def test_velocity_is_deals_times_win_rate_times_size_over_cycle(state_of, four):
    velocity = analytics_of(state_of(four))["velocity"]
    assert (velocity["open_deals"], velocity["win_rate"], velocity["deal_size"]) == (1, 0.5, 200.0)
    assert (velocity["cycle_days"], velocity["cycle_days_median"], velocity["n"]) == (30.0, 30.0, 2)
    assert velocity["value"] == pytest.approx(1 * 0.5 * 200 / 30)


def test_deal_size_is_that_of_won_deals_with_a_known_amount(state_of, four):
    size = analytics_of(state_of(four | {"won3": deal("lead", "closed_won")}))["deal_size"]
    assert (size["mean"], size["median"], size["n"]) == (200.0, 200.0, 2)


def test_the_window_holds_the_deals_closed_in_the_year_up_to_the_date(state_of, four):
    result = analytics_of(state_of(four, "2024-06-01"))
    assert (result["window"]["days"], result["window"]["deals"]) == (365, 1)
    assert result["win_rate"]["value"] == 0.0


@pytest.mark.parametrize("history", [{}, {"one": deal("lead")}])
def test_without_closed_deals_every_rate_is_unknown(state_of, history):
    result = analytics_of(state_of(history))
    for name in ("conversion_rate", "velocity", "deal_size", "win_rate"):
        assert result[name]["value"] is None
        assert result[name]["n"] == 0


def test_only_the_listed_figures_are_made(state_of, four):
    config = {"pipeline_management": {"analytics": {"metrics": ["deal_size"]}}}
    assert {"conversion_rate", "velocity", "deal_size", "win_rate"} & set(
        analytics_of(state_of(four, config=config))
    ) == {"deal_size"}

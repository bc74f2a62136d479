from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from sales_operations.domain.clock import parse_as_of
from sales_operations.domain.errors import HistoryTooThin
from sales_operations.forecasting.asof import load_history
from sales_operations.forecasting.bands import bands
from sales_operations.forecasting.seasonal import SeasonalMethod
from sales_operations.forecasting.trend import TrendMethod, direction
from sales_operations.forecasting.window import window_after
from tests.forecasting.selling import FIRST, at_end, days, noisy, sold


@pytest.mark.parametrize(("slope", "label"), [(1.0, "increasing"), (-0.6, "decreasing"), (0.0, "stable")])
def test_the_trend_is_named_and_its_growth_fitted(slope: float, label: str) -> None:
    estimate = at_end(TrendMethod(12), sold(noisy(10_000 * (1.5 + slope * days(800) / 800))), 800)
    assert estimate.details["trend"] == label
    middle = 1.5 + slope * (800 - 183) / 800
    assert estimate.details["growth_rate"] == pytest.approx(slope * 365 / 800 / middle, abs=0.12)


def test_noise_alone_is_stable() -> None:
    labels = [direction(np.random.default_rng(seed).gamma(9, 100, 12))[0] for seed in range(40)]
    assert labels.count("stable") >= 34


def test_the_trend_looks_back_over_historical_periods_only() -> None:
    company = sold(np.where(days(800) < 400, 90_000, 10_000))
    short, long = (at_end(TrendMethod(months), company, 800) for months in (6, 24))
    assert (short.details["months"], long.details["months"]) == (6, 24)
    assert (short.details["trend"], long.details["trend"]) == ("stable", "decreasing")


def test_a_short_history_is_refused_and_says_how_short() -> None:
    with pytest.raises(HistoryTooThin, match=r"3 whole months.*needs 6"):
        at_end(TrendMethod(12), sold(np.full(100, 1_000)), 100)
    with pytest.raises(HistoryTooThin, match=r"2 whole months.*needs 3"):
        at_end(TrendMethod(2), sold(np.full(400, 1_000)), 400)
    with pytest.raises(HistoryTooThin, match="seasons need"):
        at_end(SeasonalMethod(4), sold(np.full(20, 1_000)), 20)


def test_few_historical_periods_are_obeyed_where_the_history_is_long() -> None:
    assert at_end(TrendMethod(3), sold(np.full(400, 1_000)), 400).details["months"] == 3


@pytest.mark.parametrize("method", [TrendMethod(12), SeasonalMethod(4)])
def test_steady_sales_go_on_and_what_is_booked_is_kept(method: TrendMethod | SeasonalMethod) -> None:
    estimate = at_end(method, sold(np.full(777, 1_000)), 777)
    assert estimate.booked == 46 * 1_000
    assert estimate.total == pytest.approx(90 * 1_000, rel=0.02)


def test_nothing_sold_in_amounts_of_zero_is_forecast_as_zero() -> None:
    for method in (TrendMethod(12), SeasonalMethod(4)):
        assert at_end(method, sold(np.zeros(400)), 400).total == 0


def test_luck_is_that_of_as_many_deals_as_make_up_the_forecast() -> None:
    few, many = (at_end(TrendMethod(12), sold(np.full(400, amount)), 400) for amount in (90_000, 10_000))
    for estimate, amount in ((few, 90_000), (many, 10_000)):
        assert estimate.chance.variance == pytest.approx(estimate.rest * amount)


def test_the_range_of_a_steady_trend_holds_what_luck_brings() -> None:
    amounts = np.random.default_rng(4).poisson(1.0, 1_600) * 10_000.0
    last = FIRST + timedelta(days=len(amounts) - 1)
    known = load_history(sold(amounts).tables(), parse_as_of(last.isoformat(), "UTC"), "UTC")
    inside = 0
    for start in range(400, len(amounts), 30):
        history = known.at(known.day - len(amounts) + start)
        window = window_after(history.day, 30)
        found = bands(TrendMethod(12).fit_forecast(history, window), 0.01, window)
        inside += found.p10 <= amounts[start : start + 30].sum() <= found.p90
    assert 28 <= inside <= 39


def test_two_years_of_months_have_their_season_forecast() -> None:
    count = 365 * 3 - 20
    level = 10_000 * (1 + 0.8 * np.sin(2 * np.pi * days(count) / 365.25))
    company = sold(level)
    history = company.history((FIRST + timedelta(days=count - 91)).isoformat())
    window = window_after(history.day, 90)
    seen, unseen = (TrendMethod(months).fit_forecast(history, window).rest for months in (36, 12))
    actual = level[count - 90 :].sum()
    assert abs(seen - actual) < 0.5 * abs(unseen - actual)
    assert seen == pytest.approx(actual, rel=0.2)


def test_a_gap_of_a_year_leaves_figures_finite() -> None:
    amounts = np.where((days(1_000) > 300) & (days(1_000) < 700), 0.0, 10_000.0)
    estimate = at_end(TrendMethod(24), sold(amounts), 1_000)
    assert np.isfinite([estimate.total, estimate.chance.variance, estimate.details["growth_rate"]]).all()
    assert estimate.rest > 0

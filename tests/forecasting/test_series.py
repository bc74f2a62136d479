from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from sales_operations.domain.errors import HistoryTooThin
from sales_operations.forecasting.method import Estimate
from sales_operations.forecasting.seasonal import SeasonalMethod
from sales_operations.forecasting.seasons import parts_of, seasons_of
from sales_operations.forecasting.series import forecast_series
from sales_operations.forecasting.trend import TrendMethod, direction
from sales_operations.forecasting.window import window_of
from tests.forecasting.conftest import Company, State

FIRST = date(2023, 1, 1)


def sold(per_day: np.ndarray) -> Company:
    """One deal a day since 2023, of so many minor units."""
    company = Company()
    for day, amount in enumerate(per_day):
        at = datetime(FIRST.year, FIRST.month, FIRST.day, 9, tzinfo=UTC) + timedelta(days=day)
        company.add(f"d{day:05d}", State(at, "closed_won", round(float(amount))))
    return company


def days(count: int) -> np.ndarray:
    return np.arange(count)


def noisy(level: np.ndarray, seed: int = 3) -> np.ndarray:
    return level * np.random.default_rng(seed).gamma(20, 1 / 20, len(level))


def at_end(method: TrendMethod | SeasonalMethod, company: Company, count: int, period: str = "quarter") -> Estimate:
    day = FIRST + timedelta(days=count - 1)
    return method.fit_forecast(company.history(day.isoformat()), window_of(period, day))


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


def busy_december(count: int) -> Company:
    """Three deals on each day of December, one on others."""
    company = Company()
    for day in range(count):
        at = datetime(FIRST.year, FIRST.month, FIRST.day, 9, tzinfo=UTC) + timedelta(days=day)
        for number in range(4 if at.month == 12 else 1):
            company.add(f"d{day:05d}_{number}", State(at, "closed_won", 1_000))
    return company


def test_a_season_seen_twice_or_more_raises_the_factor_and_the_forecast() -> None:
    count = (date(2025, 12, 1) - FIRST).days
    busy = busy_december(count)
    monthly, quarterly = (at_end(SeasonalMethod(n), busy, count, "month") for n in (12, 1))
    assert monthly.details["seasonal_factor"] != quarterly.details["seasonal_factor"]
    december = busy.history("2025-11-30")
    window = window_of("month", date(2025, 12, 1))
    ahead = SeasonalMethod(12).fit_forecast(december, window)
    flat = SeasonalMethod(1).fit_forecast(december, window)
    assert ahead.details["seasonal_factor"] > 1.8
    assert ahead.total > 1.3 * flat.total
    assert ahead.total == pytest.approx(31 * 4 * 1_000, rel=0.25)


def test_a_season_seen_once_is_no_season() -> None:
    count = (date(2024, 2, 1) - FIRST).days
    day = FIRST + timedelta(days=count)
    estimate = SeasonalMethod(12).fit_forecast(
        busy_december(count).history(day.isoformat()), window_of("month", date(2024, 12, 5))
    )
    assert estimate.details["seasonal_factor"] < 1.6


def test_the_year_is_cut_into_seasons_of_equal_length() -> None:
    stamps = np.arange(np.datetime64("2024-01-01"), np.datetime64("2025-01-01")).astype(np.int64)
    months = stamps.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    assert seasons_of(stamps, 12).tolist() == months.tolist()
    assert seasons_of(stamps, 4).tolist() == (months // 3).tolist()
    assert set(seasons_of(stamps, 1).tolist()) == {0}
    assert len(set(seasons_of(stamps, 366).tolist())) > 350


def test_a_quarter_has_three_months_and_its_last_two_weeks_and_a_year_its_holidays() -> None:
    stamps = [
        "2026-01-01",
        "2026-01-02",
        "2026-02-01",
        "2026-03-17",
        "2026-03-18",
        "2026-12-23",
        "2026-12-24",
        "2026-12-31",
    ]
    days = np.array(stamps, dtype="datetime64[D]").astype(np.int64)
    assert parts_of(days).tolist() == [4, 0, 1, 2, 3, 3, 4, 4]


@pytest.mark.parametrize("values", [[5.0], [0.0, 0.0], [1.0, 2.0, 3.0], [0.0] * 11 + [9.0], [4.0, -9.0] * 6])
def test_forecasts_of_short_empty_and_odd_series_are_finite_and_not_negative(values: list[float]) -> None:
    ahead = forecast_series([values], 3).median[0]
    assert ahead.shape == (3,)
    assert np.isfinite(ahead).all()
    assert (ahead >= 0).all()

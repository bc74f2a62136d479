from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from sales_operations.forecasting.seasonal import SeasonalMethod
from sales_operations.forecasting.seasons import parts_of, seasons_of
from sales_operations.forecasting.window import window_of
from tests.forecasting.conftest import Company, State
from tests.forecasting.selling import FIRST, at_end


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

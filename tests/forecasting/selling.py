"""Companies that sell a given amount on each day since 2023."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np

from sales_operations.forecasting.method import Estimate
from sales_operations.forecasting.seasonal import SeasonalMethod
from sales_operations.forecasting.trend import TrendMethod
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

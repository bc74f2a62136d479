from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sales_operations.domain.errors import InvalidInput
from sales_operations.forecasting import forecast_series
from sales_operations.forecasting.series import Ahead, next_values, smoothed_level

ODD = {
    "one value": [5.0],
    "zeros": [0.0, 0.0],
    "three": [1.0, 2.0, 3.0],
    "one sale at last": [0.0] * 11 + [9.0],
    "one sale long ago": [9.0] + [0.0] * 40,
    "refunds": [4.0, -9.0] * 6,
    "less than nothing": [-4.0] * 12,
    "a gap of a year": [7.0, 5.0, 6.0] * 5 + [0.0] * 12 + [6.0, 8.0, 5.0] * 3,
    "an outlier": [10.0, 11.0, 9.0] * 8 + [10_000.0] + [10.0] * 3,
    "an explosion": list(2.0 ** np.arange(30)),
    "tiny": [1e-9, 2e-9, 1e-9] * 9,
    "huge": [1e15, 2e15, 3e15] * 9,
    "ten quarters": [1.0, 5.0, 2.0, 9.0, 1.5, 5.5, 2.5, 9.5, 2.0, 6.0],
}


def months(count: int, seed: int = 1, noise: float = 0.05) -> np.ndarray:
    """A rising series with a season of 12."""
    at = np.arange(count)
    level = (100 + at) * (1 + 0.5 * np.sin(2 * np.pi * at / 12))
    return level * np.random.default_rng(seed).normal(1, noise, count)


def bounds(ahead: Ahead) -> np.ndarray:
    return np.array([ahead.low_95, ahead.low_80, ahead.median, ahead.high_80, ahead.high_95])


@pytest.mark.parametrize("season", [1, 4, 12])
@pytest.mark.parametrize("values", ODD.values(), ids=ODD.keys())
def test_forecasts_of_odd_series_are_finite_in_order_and_not_negative(values: list[float], season: int) -> None:
    found = bounds(forecast_series([values], 5, season))
    assert found.shape == (5, 1, 5)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (np.diff(found, axis=0) >= -1e-9 * found.max()).all()


@pytest.mark.parametrize("season", [1, 4, 12])
def test_the_unit_of_a_series_does_not_matter(season: int) -> None:
    for values in (months(40), np.array(ODD["a gap of a year"]), np.array([3.0, 1.0, 4.0])):
        cents, whole = (bounds(forecast_series([values * unit], 4, season)) for unit in (100.0, 1.0))
        assert cents == pytest.approx(whole * 100, rel=1e-3)


def test_a_constant_goes_on_and_ranges_are_narrow() -> None:
    ahead = forecast_series([[8.0] * 30], 4, 12)
    assert ahead.median[0] == pytest.approx(8.0)
    assert (ahead.high_95 < 8.2).all()
    assert (ahead.low_95 > 7.8).all()


def test_each_series_is_forecast_by_itself_whatever_its_length_and_company() -> None:
    series = [months(40), np.array([0.0, 3.0, 0.0, 0.0, 5.0, 0.0]), np.array([2.0])]
    together = bounds(forecast_series(series, 3, 12))
    for place, one in enumerate(series):
        assert np.array_equal(together[:, place], bounds(forecast_series([one], 3, 12))[:, 0])
        assert np.array_equal(together[2, place], next_values(one, 3, 12))


def test_no_series_have_no_forecasts() -> None:
    assert forecast_series([], 3).median.shape == (0, 3)


def test_a_season_and_a_trend_are_carried_on() -> None:
    whole = months(60)
    ahead = forecast_series([whole[:48]], 12, 12).median[0]
    level = forecast_series([whole[:48]], 12, 1).median[0]
    off, off_without = (np.abs(said - whole[48:]).mean() for said in (ahead, level))
    assert off < 0.1 * whole[48:].mean()
    assert off < 0.4 * off_without


def test_a_series_of_mostly_zeros_is_forecast_at_its_mean_rate() -> None:
    rng = np.random.default_rng(2)
    series = rng.gamma(4, 25, (60, 40)) * (rng.random((60, 40)) < 0.3)
    assert forecast_series(series, 6).median.mean() == pytest.approx(30, rel=0.12)


@pytest.mark.parametrize(("count", "season"), [(6, 1), (12, 1), (42, 12), (40, 4)])
def test_ranges_hold_what_they_say(count: int, season: int) -> None:
    rng = np.random.default_rng(count)
    shape = 1 + 0.4 * np.sin(2 * np.pi * np.arange(count + 3) / max(season, 4)) * (season > 1)
    levels = 100 * np.exp(np.cumsum(rng.normal(0, 0.05, (80, count + 3)), axis=1)) * shape
    values = rng.gamma(20, levels / 20)
    ahead, true = forecast_series(values[:, :count], 3, season), values[:, count:]
    held = [
        np.mean((low <= true) & (true <= high))
        for low, high in ((ahead.low_80, ahead.high_80), (ahead.low_95, ahead.high_95))
    ]
    assert 0.72 <= held[0] <= 0.9
    assert held[1] >= 0.89


def test_ranges_widen_with_the_horizon_and_fastest_where_the_level_moves() -> None:
    noise = np.random.default_rng(8).normal(1_000, 10, (40, 60))
    width = [
        one.high_80 - one.low_80 for one in (forecast_series(noise, 6), forecast_series(noise + 20 * np.arange(60), 6))
    ]
    slow, fast = (float((one[:, 5] / one[:, 0]).mean()) for one in width)
    assert fast > 1.3 * slow > 1.3


@pytest.mark.parametrize(
    ("series", "horizon", "season", "reason"),
    [
        ([[1.0], []], 3, 1, "series 1 has no values"),
        ([[1.0, float("nan")]], 3, 1, "series 0 .* not a finite number"),
        ([[1.0, float("inf")]], 3, 1, "write 0"),
        ([1.0, 2.0], 3, 1, "series 0"),
        ([[1.0]], 0, 1, "horizon is 0"),
        ([[1.0]], 3, 0, "season 0"),
    ],
)
def test_what_is_no_series_is_refused(series: list[list[float]], horizon: int, season: int, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        forecast_series(series, horizon, season)


def test_the_smoothed_level_follows_the_latest_values() -> None:
    assert smoothed_level(np.array([4.0]), 0.3) == 4.0
    assert smoothed_level(np.array([0.0, 10.0]), 0.3) == pytest.approx(3.0)
    assert smoothed_level(np.array([-5.0]), 0.3) == 0.0


@pytest.mark.long
def test_months_of_a_retailer_are_forecast_better_than_by_the_season_before(shared: Path) -> None:
    rows = (shared / "data/superstore/monthly_sales.csv").read_text(encoding="utf-8").splitlines()[1:]
    values = np.array([float(row.split(",")[1]) for row in rows])
    origins = range(len(values) - 14, len(values) - 2)
    said = np.array([forecast_series([values[:at]], 3, 12).median[0] for at in origins])
    before, true = (np.array([values[at + back : at + back + 3] for at in origins]) for back in (-12, 0))
    assert np.abs(said - true).sum() <= 0.9 * np.abs(before - true).sum()

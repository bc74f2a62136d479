"""The figures of a backtest: what each method and baseline said of many windows, against what came true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sales_operations.estimation import forecast_errors
from sales_operations.forecasting.asof import History
from sales_operations.forecasting.backtest import Said
from sales_operations.forecasting.bands import QUANTILES
from sales_operations.forecasting.window import Window

LEAST_SHARE = 0.9
"""A method that gave fewer of the forecasts than this does not enter the contest: the easy windows may be its own."""


def figures(said: Sequence[Said], actual: Mapping[Window, float], history: History) -> dict[str, Any]:
    """Figures of one method: its forecasts of windows whose outcome is known, refusals left out.

    ``origins`` counts them, ``independent`` is how many windows as long as these the origins span, since overlapping ones
    tell less; ``refused`` counts the origins at which it gave none. ``wape_of_remaining`` relates the errors to what was
    won after the origins alone. Figures are None where there is nothing to divide by.
    """
    known = [one for one in said if one.window in actual]
    given = [one for one in known if one.refused is None]
    total, true = np.array([one.total for one in given]), np.array([actual[one.window] for one in given])
    left = true - np.array([one.booked for one in given]) if given else true
    scale = np.array([_naive_error(history, one.window) for one in given])
    ranged = [(one.bands, actual[one.window]) for one in given if one.bands is not None]
    bounds = np.array([tuple(vars(one).values()) for one, _ in ranged]).reshape(-1, len(QUANTILES))
    came = np.array([value for _, value in ranged])
    return {
        "origins": len(given),
        "independent": _independent([one.window for one in given]),
        "refused": len(known) - len(given),
        "wape": forecast_errors.wape(total, true),
        "wape_of_remaining": None if not left.sum() > 0 else float(np.abs(total - true).sum() / left.sum()),
        "bias": forecast_errors.bias(total, true),
        "mase": forecast_errors.mase(total, true, scale),
        "pinball": forecast_errors.pinball(bounds, QUANTILES, came),
        "coverage_80": forecast_errors.coverage(bounds[:, 1], bounds[:, 3], came),
        "coverage_95": forecast_errors.coverage(bounds[:, 0], bounds[:, 4], came),
    }


def best(by_name: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The name with the lowest WAPE, among those that forecast nearly all of the windows; None without any."""
    most = max((one["origins"] for one in by_name.values()), default=0)
    entered = {
        name: one["wape"]
        for name, one in by_name.items()
        if one["wape"] is not None and one["origins"] >= LEAST_SHARE * most
    }
    return min(entered, key=lambda name: entered[name]) if entered else None


def _independent(windows: Sequence[Window]) -> float:
    if not windows:
        return 0.0
    ahead = float(np.mean([max(one.remaining, 1) for one in windows]))
    span = windows[-1].origin - windows[0].origin
    return min(float(len(windows)), 1 + span / ahead)


def _naive_error(history: History, window: Window) -> float:
    """Mean absolute difference of what was won in consecutive stretches as long as what is left, before the origin."""
    length = max(window.remaining, 1)
    count = (window.origin - history.observed_by(window.origin) + 1) // length
    if count < 2:
        return float("nan")
    days = history.won_per_day(window.origin - count * length + 1, window.origin)
    return float(np.abs(np.diff(days.reshape(count, length).sum(axis=1))).mean())

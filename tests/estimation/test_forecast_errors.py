from __future__ import annotations

import numpy as np
import pytest

from sales_operations.estimation.forecast_errors import bias, coverage, mase, pinball, wape


def test_errors_are_weighed_by_what_came_true() -> None:
    assert wape([110, 80], [100, 100]) == pytest.approx(0.15)
    assert bias([110, 80], [100, 100]) == pytest.approx(-0.05)


def test_opposite_errors_cancel_in_the_bias_only() -> None:
    assert bias([150, 50], [100, 100]) == 0
    assert wape([150, 50], [100, 100]) == 0.5


def test_mase_is_one_for_a_forecast_as_bad_as_repeating_and_leaves_out_what_has_no_scale() -> None:
    assert mase([110, 90, 500], [100, 100, 0], [10, 10, float("nan")]) == 1


def test_pinball_of_the_median_is_the_absolute_error_and_outer_levels_forgive_one_side() -> None:
    assert pinball([[110], [80]], [0.5], [100, 100]) == pytest.approx(wape([110, 80], [100, 100]))
    assert pinball([[90]], [0.1], [100]) == pytest.approx(0.02)
    assert pinball([[110]], [0.1], [100]) == pytest.approx(0.18)


def test_the_true_quantile_has_the_least_pinball_loss() -> None:
    drawn = np.random.default_rng(3).gamma(2, 50, 4_000)
    levels = np.linspace(0.5, 0.95, 10)
    loss = [pinball(np.full((len(drawn), 1), np.quantile(drawn, level)), [0.8], drawn) for level in levels]
    assert levels[int(np.argmin(loss))] == pytest.approx(0.8)


def test_coverage_counts_the_bounds_in() -> None:
    assert coverage([1, 1, 1], [2, 2, 2], [1, 2, 3]) == pytest.approx(2 / 3)


def test_what_has_nothing_to_divide_by_is_unknown() -> None:
    assert (wape([1], [0]), bias([1], [0]), mase([1], [0], [float("nan")])) == (None, None, None)
    assert (pinball([], [0.5], []), coverage([], [], [])) == (None, None)

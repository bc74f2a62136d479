from __future__ import annotations

import pytest

from sales_operations.forecasting.accuracy import measure


def test_confidence_is_the_share_that_landed_within_a_tenth_shrunk_by_one_hit_and_one_miss() -> None:
    accuracy = measure([(100.0, 109.0), (100.0, 130.0), (95.0, 100.0), (90.0, 100.0)])
    assert (accuracy.origins, accuracy.landed) == (4, 3)
    assert accuracy.confidence == pytest.approx(4 / 6)
    assert accuracy.wape == pytest.approx((9 + 30 + 5 + 10) / 439)


def test_nothing_measured_gives_no_confidence_and_no_error() -> None:
    accuracy = measure([])
    assert (accuracy.confidence, accuracy.wape) == (0.0, None)
    assert accuracy.shown() == {"origins": 0, "within_10_percent": 0, "interval_80": [0.0, 1.0], "wape": None}


def test_a_period_without_revenue_is_hit_by_zero_only() -> None:
    accuracy = measure([(0.0, 0.0), (5.0, 0.0)])
    assert (accuracy.landed, accuracy.wape) == (1, None)

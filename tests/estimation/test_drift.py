"""Tests of drift: exact, and seldom wrong about forecasts that are sound."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from sales_operations.estimation.drift import off_coverage, one_sided


@pytest.mark.parametrize(("above", "below"), [(0, 0), (1, 0), (3, 3), (7, 1), (0, 12), (11, 1)])
def test_one_sidedness_is_the_exact_sign_test(above: int, below: int) -> None:
    expected = binomtest(above, above + below).pvalue if above + below else 1.0
    assert one_sided([1] * above + [-1] * below + [0]) == pytest.approx(expected)


def test_coverage_doubles_the_smaller_exact_tail() -> None:
    assert off_coverage(4, 12, 0.8) == pytest.approx(2 * binomtest(4, 12, 0.8, "less").pvalue)
    assert off_coverage(12, 12, 0.8) == pytest.approx(2 * 0.8**12)
    assert off_coverage(10, 12, 0.8) == 1.0
    assert off_coverage(0, 0, 0.8) == 1.0


def test_whatever_the_shape_of_the_errors_a_right_median_is_seldom_called_wrong() -> None:
    rng = np.random.default_rng(5)
    normal, skewed, wild = rng.standard_normal((3, 4_000, 12))
    for errors in (normal * 3, np.exp(skewed) - 1, wild / np.abs(normal)):
        false = np.mean([one_sided(np.sign(row).astype(int).tolist()) <= 0.0125 for row in errors])
        assert false <= 0.0125

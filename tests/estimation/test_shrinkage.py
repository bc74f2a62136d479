from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.estimation.shrinkage import inverse_error_weights, shrunk_mean, shrunk_ratio


def test_a_group_without_observations_gets_the_prior() -> None:
    assert shrunk_mean([0.0, 40.0], [0, 4], 3.0, 2.0).tolist() == [3.0, 46 / 6]


def test_many_observations_outweigh_the_prior() -> None:
    assert shrunk_mean(7_000, 1_000, 0.0, 2.0) == pytest.approx(7, rel=0.01)


def test_a_ratio_goes_to_one_where_little_was_expected() -> None:
    assert shrunk_ratio([2.0, 200.0], [1.0, 100.0], 5.0).tolist() == [7 / 6, 205 / 105]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=6), st.integers(0, 100))
def test_weights_add_up_to_one_and_follow_the_errors(errors: list[float], count: int) -> None:
    weights = inverse_error_weights(errors, count, 4.0)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    order = np.argsort(errors)
    assert (np.diff(weights[order]) <= 1e-12).all()


def test_weights_are_equal_without_any_occasion_or_error() -> None:
    assert inverse_error_weights([1.0, 9.0], 0, 4.0).tolist() == [0.5, 0.5]
    assert inverse_error_weights([0.0, 0.0], 8, 4.0).tolist() == [0.5, 0.5]

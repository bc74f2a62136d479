from __future__ import annotations

import pytest

from sales_operations.estimation.shrinkage import shrunk_mean, shrunk_ratio


def test_a_group_without_observations_gets_the_prior() -> None:
    assert shrunk_mean([0.0, 40.0], [0, 4], 3.0, 2.0).tolist() == [3.0, 46 / 6]


def test_many_observations_outweigh_the_prior() -> None:
    assert shrunk_mean(7_000, 1_000, 0.0, 2.0) == pytest.approx(7, rel=0.01)


def test_a_ratio_goes_to_one_where_little_was_expected() -> None:
    assert shrunk_ratio([2.0, 200.0], [1.0, 100.0], 5.0).tolist() == [7 / 6, 205 / 105]

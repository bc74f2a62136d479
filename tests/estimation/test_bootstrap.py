"""Intervals by resampling and by order statistics, against plain Python."""

from __future__ import annotations

import math
import random
from statistics import NormalDist, mean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.estimation.bootstrap import bootstrap, median_interval


def column(values: list[float]) -> np.ndarray:
    return np.array([[value, 1.0] for value in values])


def ratio(sums: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return sums[:, 0] / sums[:, 1]


def test_the_interval_of_a_mean_is_that_of_resampling_by_hand() -> None:
    chance = random.Random(1)
    values = [chance.lognormvariate(9, 1) for _ in range(60)]
    means = sorted(mean(chance.choices(values, k=60)) for _ in range(4000))
    low, high = bootstrap(column(values), ratio) or (0, 0)
    assert low == pytest.approx(means[100], rel=0.04)
    assert high == pytest.approx(means[3900], rel=0.04)


def test_many_observations_have_the_interval_of_the_central_limit() -> None:
    chance = random.Random(2)
    values = [chance.lognormvariate(0, 1) for _ in range(20_500)]
    half = NormalDist().inv_cdf(0.975) * stdev(values) / math.sqrt(len(values))
    low, high = bootstrap(column(values), ratio) or (0, 0)
    assert (low, high) == (
        pytest.approx(mean(values) - half, abs=half / 5),
        pytest.approx(mean(values) + half, abs=half / 5),
    )


@pytest.mark.parametrize("count", [6, 3000])
def test_the_same_sample_has_the_same_interval_in_whatever_order(count: int) -> None:
    values = [float(value * value % 1009) for value in range(count)]
    assert bootstrap(column(values), ratio) == bootstrap(column(values[::-1]), ratio)


def test_few_observations_and_samples_without_a_value_have_no_interval() -> None:
    assert bootstrap(column([1.0, 5.0, 9.0, 2.0]), ratio) is None
    one_of_ten = np.array([[3.0, 1.0]] + [[0.0, 0.0]] * 9)  # undefined in a third of the samples
    assert bootstrap(one_of_ten, ratio) is None


@pytest.mark.parametrize(
    ("count", "rank"), [(1, 0), (5, 0), (6, 1), (8, 1), (9, 2), (10, 2), (20, 6), (100, 40), (1000, 469), (1001, 469)]
)
def test_the_interval_of_a_median_lies_between_order_statistics(count: int, rank: int) -> None:
    # (9, 2) and so on are the ranks of published tables of the sign test at 5 %, two-sided.
    values = [float(value) for value in range(1, count + 1)]
    random.Random(3).shuffle(values)
    expected = (float(rank), float(count + 1 - rank)) if rank else None
    assert median_interval(np.array(values)) == expected


@given(st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=80))
def test_the_interval_of_a_median_holds_the_median(values: list[float]) -> None:
    low, high = median_interval(np.array(values)) or (0, 0)
    assert low <= float(np.median(values)) <= high

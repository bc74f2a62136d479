from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.estimation.intervals import wilson


def test_nothing_observed_leaves_everything_possible() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_interval_of_a_known_case() -> None:
    assert wilson(8, 10, z=1.96) == pytest.approx((0.490, 0.943), abs=0.001)


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_interval_lies_in_0_to_1_and_holds_the_share(successes: int, count: int) -> None:
    successes = min(successes, count)
    low, high = wilson(successes, count)
    assert 0 <= low <= successes / count + 1e-12
    assert successes / count - 1e-12 <= high <= 1

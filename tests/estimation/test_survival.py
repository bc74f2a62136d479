"""The survival curve against the definitions, written out in plain Python, and against a published case."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.estimation.survival import curve

Z = 1.959964
GEHAN = ([6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])
"""Weeks to relapse, and weeks until lost from sight, of the treated patients of Freireich et al. (Blood 21, 1963)."""


def counted(events: list[list[int]], censored: list[int]) -> tuple[list[int], list[list[int]], list[int]]:
    times = sorted({*censored, *(time for cause in events for time in cause)})
    return times, [[cause.count(time) for time in times] for cause in events], [censored.count(time) for time in times]


def test_the_published_curve_of_the_treated_leukaemia_patients() -> None:
    found = curve(*counted([GEHAN[0]], GEHAN[1]), Z)
    assert found.time.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert found.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert found.surviving.tolist() == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)
    error = 0.0764  # Greenwood's, as published, at week 6
    assert found.low[0] == pytest.approx(0.620, abs=1e-3)
    assert found.high[0] == pytest.approx(0.952, abs=1e-3)
    assert math.sqrt(0.857**2 * (3 / (21 * 18))) == pytest.approx(error, abs=1e-3)
    assert (found.median, found.place(5), found.place(6), found.place(9), found.place(100)) == (23, -1, 0, 1, 6)


_times = st.lists(st.integers(0, 30), max_size=20)


@given(_times, _times, _times)
def test_the_curve_is_the_product_over_the_times_and_the_causes_share_what_is_gone(
    won: list[int], lost: list[int], censored: list[int]
) -> None:
    found = curve(*counted([won, lost], censored), Z)
    assert found.time.tolist() == sorted({*won, *lost})
    surviving, share = Fraction(1), [Fraction(0), Fraction(0)]
    for place, time in enumerate(found.time.tolist()):
        at_risk = sum(other >= time for other in [*won, *lost, *censored])
        assert found.at_risk[place] == at_risk
        for cause, times in enumerate((won, lost)):
            share[cause] += surviving * Fraction(times.count(time), at_risk)
            assert found.incidence[cause, place] == pytest.approx(float(share[cause]))
        surviving *= 1 - Fraction(won.count(time) + lost.count(time), at_risk)
        assert found.surviving[place] == pytest.approx(float(surviving), abs=1e-12)
        assert sum(share) + surviving == 1


def test_without_any_event_there_is_no_curve() -> None:
    found = curve([3, 8], [[0, 0]], [2, 1], Z)
    assert (found.time.tolist(), found.median, found.place(9)) == ([], None, -1)
    assert curve([], [[]], [], Z).median is None


def test_where_everybody_is_gone_the_interval_is_unknown() -> None:
    found = curve([1, 2], [[1, 1]], [0, 0], Z)
    assert found.surviving.tolist() == [0.5, 0.0]
    assert np.isnan(found.low[1])
    assert np.isnan(found.high[1])
    assert found.median == 1

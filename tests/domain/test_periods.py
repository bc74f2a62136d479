"""Calendar periods."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain.errors import NotFound
from sales_operations.domain.periods import MONTHS, period_of

DAYS = st.dates(date(2, 1, 1), date(9990, 1, 1))


@pytest.mark.parametrize(
    ("name", "day", "start", "end", "label"),
    [
        ("month", "2026-02-15", "2026-02-01", "2026-02-28", "2026-02"),
        ("month", "2028-02-29", "2028-02-01", "2028-02-29", "2028-02"),
        ("month", "2026-12-31", "2026-12-01", "2026-12-31", "2026-12"),
        ("quarter", "2026-01-01", "2026-01-01", "2026-03-31", "2026-Q1"),
        ("quarter", "2026-06-30", "2026-04-01", "2026-06-30", "2026-Q2"),
        ("quarter", "2026-11-24", "2026-10-01", "2026-12-31", "2026-Q4"),
        ("year", "2026-07-01", "2026-01-01", "2026-12-31", "2026"),
    ],
)
def test_a_day_lies_in_one_period_of_each_kind(name: str, day: str, start: str, end: str, label: str) -> None:
    found = period_of(name, date.fromisoformat(day))
    assert (found.name, found.start.isoformat(), found.end.isoformat(), found.label) == (name, start, end, label)


@given(st.sampled_from(list(MONTHS)), DAYS)
def test_periods_follow_each_other_without_a_gap(name: str, day: date) -> None:
    period = period_of(name, day)
    assert period.start <= day <= period.end
    assert period.shifted(1).start == period.end + timedelta(days=1)
    assert period.shifted(1).shifted(-1) == period == period.shifted(0)
    assert period_of(name, period.start) == period_of(name, period.end) == period


def test_a_period_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound, match="period 'week' does not exist; use one of month, quarter, year"):
        period_of("week", date(2026, 1, 1))

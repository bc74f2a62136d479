"""Working hours: when a time to answer is over, with nights, weekends, holidays and clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain.clock import from_micros, to_micros
from sales_operations.process.assigning.working_hours import WorkingHours

BERLIN = WorkingHours("Europe/Berlin", holidays=frozenset([date(2026, 12, 25)]))


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-11-24T10:00:00+01:00", 4, "2026-11-24T14:00:00+01:00"),
        ("2026-11-24T15:00:00+01:00", 4, "2026-11-25T11:00:00+01:00"),
        ("2026-11-24T03:00:00+01:00", 8, "2026-11-24T17:00:00+01:00"),
        ("2026-11-24T17:00:00+01:00", 1, "2026-11-25T10:00:00+01:00"),
        ("2026-11-27T16:30:00+01:00", 1, "2026-11-30T09:30:00+01:00"),  # over a weekend
        ("2026-12-24T16:00:00+01:00", 2, "2026-12-28T10:00:00+01:00"),  # over a holiday and a weekend
        ("2026-03-27T16:00:00+01:00", 2, "2026-03-30T10:00:00+02:00"),  # into summer time
        ("2026-11-24T12:00:00+01:00", 40, "2026-12-01T12:00:00+01:00"),
        ("2026-11-24T12:00:00+01:00", 0.5, "2026-11-24T12:30:00+01:00"),
    ],
)
def test_the_time_runs_in_working_hours_only(start: str, hours: float, expected: str) -> None:
    due = BERLIN.after(to_micros(datetime.fromisoformat(start)), hours)
    assert from_micros(due) == datetime.fromisoformat(expected)


def test_round_the_clock_is_plain_hours() -> None:
    always = WorkingHours("America/New_York", frozenset(range(7)), 0, 24)
    start = to_micros(datetime(2026, 10, 31, 12, tzinfo=UTC))
    assert always.after(start, 100) == start + 100 * 3_600_000_000  # over the end of summer time


@given(st.integers(0, 365 * 24 * 60), st.floats(0.1, 60), st.floats(0.1, 60), st.floats(0, 11))
def test_two_times_in_a_row_are_their_sum(minutes: int, first: float, second: float, opens: float) -> None:
    hours = WorkingHours("Europe/Berlin", frozenset(range(6)), round(opens, 1), 18)
    at = to_micros(datetime(2026, 1, 1, tzinfo=UTC)) + minutes * 60_000_000
    apart, together = hours.after(hours.after(at, first), second), hours.after(at, first + second)
    # An end of one day's hours is the same working moment as the beginning of the next one's.
    assert abs(hours.after(apart, 0.1) - hours.after(together, 0.1)) <= 2

"""Periods of the calendar and of fiscal years."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.periods import MONTHS, parse_period, period_from, period_of

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


@pytest.mark.parametrize(
    ("name", "day", "first", "start", "end", "label"),
    [
        ("month", "2026-02-15", 2, "2026-02-01", "2026-02-28", "2026-02"),
        ("quarter", "2026-01-31", 2, "2025-11-01", "2026-01-31", "FY2026-Q4"),
        ("quarter", "2026-02-01", 2, "2026-02-01", "2026-04-30", "FY2027-Q1"),
        ("quarter", "2026-06-30", 2, "2026-05-01", "2026-07-31", "FY2027-Q2"),
        ("year", "2026-01-31", 2, "2025-02-01", "2026-01-31", "FY2026"),
        ("year", "2026-02-01", 2, "2026-02-01", "2027-01-31", "FY2027"),
        ("quarter", "2026-06-30", 7, "2026-04-01", "2026-06-30", "FY2026-Q4"),
        ("quarter", "2026-07-01", 7, "2026-07-01", "2026-09-30", "FY2027-Q1"),
        ("year", "2026-07-01", 7, "2026-07-01", "2027-06-30", "FY2027"),
        ("year", "2026-12-31", 12, "2026-12-01", "2027-11-30", "FY2027"),
    ],
)
def test_quarters_and_years_follow_the_fiscal_year_which_is_called_by_the_year_it_ends_in(
    name: str, day: str, first: int, start: str, end: str, label: str
) -> None:
    found = period_of(name, date.fromisoformat(day), first)
    assert (found.start.isoformat(), found.end.isoformat(), found.label) == (start, end, label)


@given(st.sampled_from(list(MONTHS)), st.dates(date(1001, 1, 1), date(9990, 1, 1)), st.integers(1, 12))
def test_a_label_means_its_period_and_fiscal_periods_leave_no_gap(name: str, day: date, first: int) -> None:
    period = period_of(name, day, first)
    assert period.start <= day <= period.end
    assert period.shifted(1).start == period.end + timedelta(days=1)
    assert period.shifted(1).shifted(-1).label == period.label
    assert parse_period(period.label, first) == period


def test_a_label_without_fy_is_of_the_calendar_and_one_with_it_of_the_fiscal_year() -> None:
    quarter, year = parse_period("2026-Q2", 2), parse_period("2026", 2)
    assert (quarter.start, year.end) == (date(2026, 4, 1), date(2026, 12, 31))
    assert (quarter.label, quarter.shifted(1).label, year.label) == ("2026-Q2", "2026-Q3", "2026")
    assert parse_period("FY2027-Q2", 2).start == date(2026, 5, 1)
    assert parse_period("FY2026-Q2") == parse_period("2026-Q2")
    for label in ("FY2027-Q5", "FY2027-02", "FY9999", "fy2027"):
        with pytest.raises(InvalidInput, match=r"a quarter \(2026-Q2\).*of the fiscal year \(FY2026-Q2, FY2026\)"):
            parse_period(label, 2)


def test_a_period_of_another_fiscal_year_is_called_by_its_days() -> None:
    before = period_from("quarter", date(2026, 5, 1), 1)
    assert (before.end, before.label) == (date(2026, 7, 31), "2026-05-01/2026-07-31")
    assert replace(before, fiscal_year_start=2).label == "FY2027-Q2"
    assert period_from("quarter", date(2026, 4, 1), 7) == period_of("quarter", date(2026, 4, 1))


def test_a_record_may_call_a_period_by_its_name_or_by_either_label() -> None:
    assert period_of("quarter", date(2026, 4, 1), 7).names == ["quarter", "fy2026-q4", "2026-q2"]
    assert period_of("quarter", date(2026, 4, 1)).names == ["quarter", "2026-q2"]

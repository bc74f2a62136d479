"""How long a term is, measured against the default one."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.pricing.rules import Proration
from sales_operations.process.pricing.terms import months_later, term_factor
from tests.process.pricing.conftest import line, priced

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
RULES = st.sampled_from(("day", "month", "whole_month"))


def factor(rule: Proration, start: str, end: str, default: int = 12) -> Fraction | None:
    return term_factor(rule, default, starts_on=date.fromisoformat(start), ends_on=date.fromisoformat(end))


@pytest.mark.parametrize("rule", ["day", "month", "whole_month"])
@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ("2026-01-01", "2026-12-31", 1),
        ("2024-01-01", "2024-12-31", 1),
        ("2023-03-01", "2024-02-29", 1),
        ("2024-02-29", "2025-02-27", 1),
        ("2024-01-01", "2026-12-31", 3),
    ],
)
def test_whole_years_are_whole_with_or_without_a_leap_day(rule: Proration, start: str, end: str, years: int) -> None:
    assert factor(rule, start, end) == years


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2026-01-31", "2026-02-27", Fraction(1)),
        ("2026-01-31", "2026-03-30", Fraction(2)),
        ("2028-01-31", "2028-02-28", Fraction(1)),
        ("2026-01-31", "2026-02-28", 1 + Fraction(1, 31)),
        ("2026-02-28", "2026-03-27", Fraction(1)),
        ("2028-01-15", "2028-03-31", 2 + Fraction(17, 31)),
        ("2026-05-10", "2026-05-10", Fraction(1, 31)),
    ],
)
def test_months_are_counted_from_the_first_day_with_the_ends_of_short_months(
    start: str, end: str, months: Fraction
) -> None:
    assert factor("month", start, end, 1) == months
    assert factor("month", start, end, 12) == months / 12
    assert factor("whole_month", start, end, 1) == -(-months // 1)


def test_days_are_those_of_the_default_term_that_they_lie_in() -> None:
    assert factor("day", "2026-01-01", "2026-01-31") == Fraction(31, 365)
    assert factor("day", "2024-01-01", "2024-01-31") == Fraction(31, 366)
    assert factor("day", "2023-03-01", "2024-03-01") == 1 + Fraction(1, 365)


def test_months_may_be_given_with_and_without_a_start() -> None:
    assert term_factor("day", 12, months=6) == Fraction(1, 2)
    assert term_factor("day", 12, months=6, starts_on=date(2026, 1, 1)) == Fraction(181, 365)
    assert term_factor("month", 12, months=6, starts_on=date(2026, 1, 31)) == Fraction(1, 2)


@given(DAYS, st.integers(1, 30), st.integers(1, 36), RULES)
def test_a_term_of_whole_default_terms_is_their_number(start: date, count: int, default: int, rule: Proration) -> None:
    end = months_later(start, count * default) - timedelta(days=1)
    assert term_factor(rule, default, starts_on=start, ends_on=end) == count


@given(DAYS, st.integers(0, 3000), st.integers(1, 36), RULES)
def test_a_longer_term_is_never_less(start: date, days: int, default: int, rule: Proration) -> None:
    ends = [start + timedelta(days=days + more) for more in (0, 1)]
    shorter, longer = (term_factor(rule, default, starts_on=start, ends_on=end) for end in ends)
    assert shorter is not None
    assert longer is not None
    assert 0 < shorter <= longer


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ({"starts_on": date(2026, 1, 2), "ends_on": date(2026, 1, 1)}, "ends on 2026-01-01, before its start"),
        ({"starts_on": date(2026, 1, 2)}, "needs a start and an end, or months"),
        ({"ends_on": date(2026, 1, 2)}, "needs a start and an end, or months"),
        ({"ends_on": date(2026, 1, 2), "term_months": 2}, "either months or an end"),
        ({"term_months": 0}, "a term of 0 months; give 1 to 1200"),
        ({"term_months": 12, "default_term_months": 0}, "a default term of 0 months"),
        ({"starts_on": date(2026, 1, 2), "ends_on": date(9999, 12, 31)}, "too long"),
        ({"starts_on": date(9990, 1, 2), "ends_on": date(9999, 12, 31)}, "too long"),
        ({"starts_on": date(9990, 1, 2), "term_months": 240}, "beyond the calendar"),
    ],
)
def test_a_term_that_makes_no_sense_is_an_error_that_names_the_line(term: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=rf"line 2 \(SEAT\): .*{message}"):
        priced(line(), line(**term))

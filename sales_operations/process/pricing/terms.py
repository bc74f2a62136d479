"""Proration: how much of a product's default term a line runs for."""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, date, timedelta
from fractions import Fraction

from sales_operations.domain.errors import InvalidInput
from sales_operations.process.pricing.rules import Proration

LONGEST_MONTHS = 1200


def term_factor(
    proration: Proration,
    default_months: int,
    *,
    starts_on: date | None = None,
    ends_on: date | None = None,
    months: int | None = None,
) -> Fraction | None:
    """Effective term divided by default term; None where a line has no term.

    ``ends_on`` is the last day of the term. ``day``: whole default terms, and the days of the rest by those of the
    default term that they lie in. ``month``: whole months, and the days of the rest by those of the month that they lie
    in. ``whole_month``: a month that has begun counts in full. Months are counted from the first day of the term; where
    a month lacks that day, its last one serves. Without a start, months are months.
    Raises InvalidInput for a term that is contradictory, empty or longer than 100 years.
    """
    if not 1 <= default_months <= LONGEST_MONTHS:
        raise InvalidInput(f"a default term of {default_months} months; give 1 to {LONGEST_MONTHS}")
    if months is not None:
        if ends_on is not None:
            raise InvalidInput("a term has either months or an end, not both")
        if not 1 <= months <= LONGEST_MONTHS:
            raise InvalidInput(f"a term of {months} months; give 1 to {LONGEST_MONTHS}")
        if starts_on is None:
            return Fraction(months, default_months)
        return _counted(proration, default_months, starts_on, months_later(starts_on, months))
    if starts_on is None and ends_on is None:
        return None
    if starts_on is None or ends_on is None:
        raise InvalidInput(
            "a term needs a start and an end, or months; give the one that is missing, or leave out both"
        )
    if ends_on < starts_on:
        raise InvalidInput(f"a term ends on {ends_on}, before its start on {starts_on}")
    if ends_on.year - starts_on.year > LONGEST_MONTHS // 12 or ends_on.year >= MAXYEAR:
        raise InvalidInput(f"a term from {starts_on} to {ends_on} is too long; the most is {LONGEST_MONTHS} months")
    return _counted(proration, default_months, starts_on, ends_on + timedelta(days=1))


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last one. Raises InvalidInput beyond the calendar."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > MAXYEAR:
        raise InvalidInput(f"{months} months after {day} is beyond the calendar")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _counted(proration: Proration, default_months: int, start: date, end: date) -> Fraction:
    """``end`` is the day after the last one."""
    if proration == "day":
        return _steps(start, end, default_months)
    months = _steps(start, end, 1)
    if proration == "whole_month":
        months = Fraction(-(-months.numerator // months.denominator))
    return months / default_months


def _steps(start: date, end: date, months: int) -> Fraction:
    """How many times so many months fit between two days, the last time in part, by days."""
    between = (end.year - start.year) * 12 + end.month - start.month
    count = between // months
    while months_later(start, count * months) > end:
        count -= 1
    reached, following = (months_later(start, step * months) for step in (count, count + 1))
    return count + Fraction((end - reached).days, (following - reached).days)

"""Periods: calendar month, and quarter and year of the calendar or of a fiscal year."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from sales_operations.domain.errors import InvalidInput, NotFound

MONTHS = {"month": 1, "quarter": 3, "year": 12}
"""Period name to its length in months."""


@dataclass(frozen=True)
class Period:
    """One period. ``start`` and ``end`` are both days of the period.

    ``fiscal_year_start`` is the month, 1 to 12, in which the years begin that it is named by; it makes no other period.
    """

    name: str
    start: date
    end: date
    fiscal_year_start: int = field(default=1, compare=False)

    @property
    def label(self) -> str:
        """``2026-05``, ``2026-Q2`` or ``2026``; ``FY2027-Q2``, ``FY2027`` where fiscal years begin in another month.

        A fiscal year is called by the calendar year that it ends in. What is no period of such a year is called by its
        days, as ISO 8601 does: ``2026-05-01/2026-07-31``.
        """
        if self.name not in MONTHS or period_of(self.name, self.start, self.fiscal_year_start) != self:
            return f"{self.start}/{self.end}"
        if self.name == "month":
            return f"{self.start:%Y-%m}"
        prefix = "" if self.fiscal_year_start == 1 else "FY"
        year = period_of("year", self.start, self.fiscal_year_start)
        number = (_month_number(self.start) - _month_number(year.start)) // MONTHS["quarter"] + 1
        return f"{prefix}{year.end.year}" + (f"-Q{number}" if self.name == "quarter" else "")

    @property
    def names(self) -> list[str]:
        """What a record may call it, in small letters, beside the day on which it begins."""
        calendar = Period(self.name, self.start, self.end)
        return list(dict.fromkeys((self.name, self.label.lower(), calendar.label.lower())))

    def shifted(self, periods: int) -> Period:
        """The period that many periods later (earlier when negative)."""
        number = _month_number(self.start) + periods * MONTHS[self.name]
        return _from_month_number(self.name, number, self.fiscal_year_start)


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _from_month_number(name: str, number: int, fiscal_year_start: int) -> Period:
    start = date(number // 12, number % 12 + 1, 1)
    following = number + MONTHS[name]
    end = date(following // 12, following % 12 + 1, 1) - timedelta(days=1)
    return Period(name, start, end, fiscal_year_start)


def period_of(name: str, day: date, fiscal_year_start: int = 1) -> Period:
    """The period called ``name`` that contains ``day``. Raises NotFound for a name that does not exist."""
    if name not in MONTHS:
        raise NotFound(f"period {name!r} does not exist; use one of {', '.join(MONTHS)}")
    number = _month_number(day)
    return _from_month_number(name, number - (number - fiscal_year_start + 1) % MONTHS[name], fiscal_year_start)


def period_from(name: str, start: date, fiscal_year_start: int = 1) -> Period:
    """The period that begins with the month of ``start``, of whatever fiscal year, as a record of earlier settings has it."""
    return _from_month_number(name, _month_number(start), fiscal_year_start)


_LABEL = re.compile(
    r"(?P<year>[1-9]\d{3})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?"
    r"|FY(?P<fiscal>[1-9]\d{3})(?:-Q(?P<part>[1-4]))?"
)


def parse_period(label: str, fiscal_year_start: int = 1) -> Period:
    """The period of a label such as ``2026-05``, ``2026-Q2`` or ``2026``, of the calendar, or ``FY2027-Q2``, ``FY2027``.

    Those with FY are of the fiscal year that begins in that month. Raises InvalidInput for anything else.
    """
    found = _LABEL.fullmatch(label)
    if found is None or "9999" in (found["year"], found["fiscal"]):
        raise InvalidInput(
            f"period: {label!r} is none; write a month (2026-05), a quarter (2026-Q2) or a year (2026) of the calendar, "
            "or one of the fiscal year (FY2026-Q2, FY2026)"
        )
    first = 1 if found["fiscal"] is None else fiscal_year_start
    year, quarter = int(found["year"] or found["fiscal"]), found["quarter"] or found["part"]
    begin = year * 12 if first == 1 else (year - 1) * 12 + first - 1
    if quarter:
        return _from_month_number("quarter", begin + (int(quarter) - 1) * MONTHS["quarter"], first)
    return _from_month_number("month" if found["month"] else "year", begin + int(found["month"] or 1) - 1, first)

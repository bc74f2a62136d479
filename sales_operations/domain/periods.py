"""Calendar periods: month, quarter and year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from sales_operations.domain.errors import InvalidInput, NotFound

MONTHS = {"month": 1, "quarter": 3, "year": 12}
"""Period name to its length in months."""


@dataclass(frozen=True)
class Period:
    """One calendar period. ``start`` and ``end`` are both days of the period."""

    name: str
    start: date
    end: date

    @property
    def label(self) -> str:
        """``2026-05``, ``2026-Q2`` or ``2026``."""
        if self.name == "month":
            return f"{self.start:%Y-%m}"
        if self.name == "quarter":
            return f"{self.start.year}-Q{(self.start.month + 2) // 3}"
        return str(self.start.year)

    def shifted(self, periods: int) -> Period:
        """The period that many periods later (earlier when negative)."""
        return _from_month_number(self.name, self.start.year * 12 + self.start.month - 1 + periods * MONTHS[self.name])


def _from_month_number(name: str, number: int) -> Period:
    start = date(number // 12, number % 12 + 1, 1)
    following = number + MONTHS[name]
    return Period(name, start, date(following // 12, following % 12 + 1, 1) - timedelta(days=1))


def period_of(name: str, day: date) -> Period:
    """The period called ``name`` that contains ``day``. Raises NotFound for a name that does not exist."""
    if name not in MONTHS:
        raise NotFound(f"period {name!r} does not exist; use one of {', '.join(MONTHS)}")
    length = MONTHS[name]
    number = day.year * 12 + day.month - 1
    return _from_month_number(name, number - (number % 12) % length)


_LABEL = re.compile(r"(?P<year>[1-9]\d{3})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?")


def parse_period(label: str) -> Period:
    """The period of a label such as ``2026-05``, ``2026-Q2`` or ``2026``. Raises InvalidInput for anything else."""
    found = _LABEL.fullmatch(label)
    if found is None or found["year"] == "9999":
        raise InvalidInput(f"period: {label!r} is none; write a month (2026-05), a quarter (2026-Q2) or a year (2026)")
    if found["quarter"]:
        return period_of("quarter", date(int(found["year"]), int(found["quarter"]) * 3, 1))
    return period_of("month" if found["month"] else "year", date(int(found["year"]), int(found["month"] or 1), 1))

"""The times at which a schedule is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sales_operations.domain.clock import day_of, from_micros, to_micros

NAMED = {"hourly": "0 * * * *", "daily": "0 0 * * *", "weekly": "0 0 * * 1", "monthly": "0 0 1 * *"}
"""Named schedules as cron expressions: at the beginning of the hour, the day, Monday, the first of the month."""
_MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
           "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}  # fmt: skip
_DAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_NO_NAMES: dict[str, int] = {}
_FURTHEST = 366 * 8
"""Days that are looked back: two leap days may lie eight years apart."""


class Schedule:
    """A checked schedule (``settings.schedule.check_schedule``) in a time zone."""

    def __init__(self, text: str, zone: str) -> None:
        minute, hour, day, month, weekday = NAMED.get(text, text).casefold().split()
        self._zone = ZoneInfo(zone)
        self._clock = [(one, other) for one in _values(hour, 0, 23) for other in _values(minute, 0, 59)]
        self._days, self._months = _values(day, 1, 31), _values(month, 1, 12, _MONTHS)
        self._weekdays = {value % 7 for value in _values(weekday, 0, 7, _DAYS)}
        self._either = not day.startswith("*") and not weekday.startswith("*")

    def between(self, first: int, last: int) -> list[int]:
        """Every time from ``first`` to ``last``, both included, in microseconds since the epoch."""
        day, end = day_of(first, str(self._zone)), day_of(last, str(self._zone))
        found: list[int] = []
        while day <= end:
            found += [one for one in self._of_day(day) if first <= one <= last]
            day += timedelta(days=1)
        return found

    def latest(self, until: int) -> int | None:
        """The last time up to an instant; None for a day that does not come, such as 31 February."""
        day = from_micros(until).astimezone(self._zone).date()
        for back in range(_FURTHEST):
            due = [one for one in self._of_day(day - timedelta(days=back)) if one <= until]
            if due:
                return due[-1]
        return None

    def _of_day(self, day: date) -> list[int]:
        if not self._fits(day):
            return []
        # A time that the clocks skip is due an hour later, one that they repeat the first time.
        local = (
            datetime(day.year, day.month, day.day, hour, minute, tzinfo=self._zone) for hour, minute in self._clock
        )
        return sorted({to_micros(one.astimezone(UTC)) for one in local})

    def _fits(self, day: date) -> bool:
        if day.month not in self._months:
            return False
        of_month, of_week = day.day in self._days, day.isoweekday() % 7 in self._weekdays
        # Where both are restricted, cron takes a day that fits either.
        return of_month or of_week if self._either else of_month and of_week


def _values(field: str, low: int, high: int, names: dict[str, int] = _NO_NAMES) -> list[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = low, high
        else:
            begin, _, end = span.partition("-")
            first, last = (names[word] if word in names else int(word) for word in (begin, end or begin))
        found.update(range(first, last + 1, int(step or 1)))
    return sorted(found)

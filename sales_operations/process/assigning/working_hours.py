"""When a number of working hours has passed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sales_operations.domain.clock import from_micros, to_micros

_HOUR = 3_600_000_000


@dataclass(frozen=True)
class WorkingHours:
    """The hours of a day (such as 8.5) between which people work, on which weekdays (Monday is 0), but not on ``holidays``."""

    zone: str
    weekdays: frozenset[int] = frozenset(range(5))
    starts: float = 9.0
    ends: float = 17.0
    holidays: frozenset[date] = frozenset()

    def after(self, start: int, hours: float) -> int:
        """The instant, in microseconds, at which so many working hours have passed since ``start``."""
        left = round(hours * _HOUR)
        zone = ZoneInfo(self.zone)
        day = from_micros(start).astimezone(zone).date()
        while True:
            if day.weekday() in self.weekdays and day not in self.holidays:
                opens, closes = max(_at(day, self.starts, zone), start), _at(day, self.ends, zone)
                if closes - opens >= left:
                    return opens + left
                left -= max(closes - opens, 0)
            day += timedelta(days=1)


def _at(day: date, hour: float, zone: ZoneInfo) -> int:
    """The instant of an hour of a day; 24 is the end of the day."""
    minutes = round(hour * 60)
    later = day + timedelta(days=minutes // 1440)
    clock = time(minutes % 1440 // 60, minutes % 60)
    return to_micros(datetime.combine(later, clock, zone).astimezone(UTC))

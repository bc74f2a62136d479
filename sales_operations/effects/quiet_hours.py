"""When nobody is disturbed: what comes up meanwhile waits until it is over, and is never dropped."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sales_operations.settings.notifications import QuietHours

_SATURDAY = 5
_MOST = 4
"""Steps that can follow each other: a night, a weekend, the night after it, and one to see that it is over."""


def after_quiet(instant: datetime, quiet: QuietHours, zone: str) -> datetime:
    """The first instant, from the given one on, that is not quiet; in UTC. ``zone`` is the company's time zone."""
    local = instant.astimezone(ZoneInfo(quiet.timezone or zone))
    for _ in range(_MOST):
        end = _end_of_quiet(local, quiet)
        if end is None:
            break
        local = end
    return max(local.astimezone(UTC), instant.astimezone(UTC))  # in an hour that the clocks show twice, never back


def _end_of_quiet(local: datetime, quiet: QuietHours) -> datetime | None:
    """When the quiet ends in which a local instant lies; None where it lies in none."""
    if quiet.weekends and local.weekday() >= _SATURDAY:
        monday = local.date() + timedelta(days=7 - local.weekday())
        return datetime.combine(monday, time(), local.tzinfo)
    if quiet.begin is None or quiet.end is None:
        return None
    begin, end, now = time.fromisoformat(quiet.begin), time.fromisoformat(quiet.end), local.time()
    if begin < end:
        ends_today = begin <= now < end
        ends_tomorrow = False
    else:
        ends_today, ends_tomorrow = now < end, now >= begin
    if not ends_today and not ends_tomorrow:
        return None
    day = local.date() + timedelta(days=int(ends_tomorrow))
    return datetime.combine(day, end, local.tzinfo)

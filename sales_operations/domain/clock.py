"""Instants: held as whole microseconds since 1970 in UTC, shown as ISO 8601, read with their zone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sales_operations.domain.errors import InvalidInput

Clock = Callable[[], datetime]
"""Gives the current instant, with its zone. Passed in, so that a test or a replay can set it."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def utc_now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def to_micros(instant: datetime) -> int:
    """Microseconds since the epoch of an instant that carries its zone."""
    if instant.tzinfo is None:
        raise InvalidInput(f"the instant {instant.isoformat()} has no time zone; give one, such as Z")
    return (instant - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The instant, in UTC, of microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=micros)


def day_of(micros: int, zone: str) -> date:
    """The calendar day, in a zone, of microseconds since the epoch."""
    return from_micros(micros).astimezone(ZoneInfo(zone)).date()


def iso(micros: int) -> str:
    """ISO 8601 in UTC of microseconds since the epoch, such as ``2026-01-31T09:30:00+00:00``."""
    return from_micros(micros).isoformat()


@dataclass(frozen=True)
class AsOf:
    """An inclusive instant to look from, and the way the caller wrote it."""

    micros: int
    shown: str
    day: date

    @property
    def instant(self) -> datetime:
        """The same, as a datetime in UTC."""
        return from_micros(self.micros)


def day_end(day: date, zone: str) -> int:
    """Microseconds of the last microsecond of a day in a zone."""
    following = datetime.combine(day, time.min, ZoneInfo(zone)) + timedelta(days=1)
    return to_micros(following.astimezone(UTC)) - 1


def parse_as_of(text: str, zone: str = "UTC", name: str = "as_of") -> AsOf:
    """Read an ``as_of``: a bare date means the end of that day in ``zone``; an RFC 3339 instant means itself.

    Raises InvalidInput for anything else; ``name`` is what the message calls it.
    """
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            if day.year >= 9999:
                raise ValueError
            return AsOf(day_end(day, zone), text, day)
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise ValueError
        micros = to_micros(instant)
        return AsOf(micros, text, instant.astimezone(ZoneInfo(zone)).date())
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{name}: {text!r} is neither a date (2026-01-31) nor an instant with its zone (2026-01-31T09:30:00Z)"
        ) from None


def as_of_now(clock: Clock, zone: str = "UTC") -> AsOf:
    """The present, as an ``AsOf``."""
    now = clock()
    return AsOf(to_micros(now), now.astimezone(UTC).isoformat(), now.astimezone(ZoneInfo(zone)).date())


def written_as_of(as_of: str) -> str:
    """An ``as_of`` as people read it: a date as it is, an instant to the second and in UTC."""
    if len(as_of) == len("2026-01-31"):
        return as_of
    return f"{datetime.fromisoformat(as_of).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

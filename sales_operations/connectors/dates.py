"""Dates and instants as exports write them, with the order of day and month that is said or that the column shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

Order = Literal["mdy", "dmy"]
Decide = Callable[[], Order]
"""Says whether a column's dates have the month or the day first; asked only for dates such as 3/4/2026."""

_Found = TypeVar("_Found", bound=date)
FIRST_YEAR, LAST_YEAR = 1900, 2199
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}  # fmt: skip
_TIME = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp])?(?:\.?[Mm]\.?)?\s*(Z|UTC|GMT|[+\-]\d{2}:?\d{2})?",
    re.ASCII,
)
_NUMERIC = re.compile(r"(\d{1,2})([/.\-])(\d{1,2})\2(\d{4}|\d{2})(?:(?:,\s*|\s+|T)(.+))?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})(?:(?:,\s*|\s+|T)(.+))?", re.ASCII)
_DAY_MONTH = re.compile(r"(\d{1,2})\.?[ \-]([A-Za-z]{3,9})\.?,?[ \-](\d{4})(?:(?:,\s*|\s+)(.+))?", re.ASCII)
_MONTH_DAY = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})(?:(?:,\s*|\s+)(?:at )?(.+))?", re.ASCII)
# Seconds, milliseconds, microseconds, and the ten-millionths of a second in which monday.com's activity log counts.
_EPOCHS = {10: (1_000_000, 1), 13: (1_000, 1), 16: (1, 1), 17: (1, 10)}
_NO_DATE = "is not a date; use YYYY-MM-DD"
_NO_INSTANT = "is not a date and time; use YYYY-MM-DDTHH:MM:SSZ"
_OUT_OF_RANGE = f"has a year outside of {FIRST_YEAR} to {LAST_YEAR}"
_MICROSECOND = timedelta(microseconds=1)


def evidence(text: str) -> str:
    """What a text shows of its column's order: ``mdy``, ``dmy``, ``?`` where both are possible, or nothing."""
    parts = _NUMERIC.fullmatch(text.strip())
    if parts is None or parts[2] == ".":
        return ""
    first, second = int(parts[1]), int(parts[3])
    return "dmy" if first > 12 else "mdy" if second > 12 else "?"


def day(zone: ZoneInfo, decide: Decide) -> Callable[[str], str]:
    """A parser of days; gives ``YYYY-MM-DD``. Of an instant it is the day in the zone.

    The parser raises ValueError for what is no date, or lies outside of the years 1900 to 2199.
    """

    def parse(text: str) -> str:
        if len(text) == 10 and text[4] == "-" == text[7]:
            with suppress(ValueError):
                return _in_range(date.fromisoformat(text)).isoformat()
        found = _read(text, decide)
        if found is None:
            raise ValueError(_NO_DATE)
        _in_range(found)
        local = found.astimezone(zone) if isinstance(found, datetime) and found.tzinfo else found
        return _in_range(local).strftime("%Y-%m-%d")

    return parse


def instant(zone: ZoneInfo, decide: Decide) -> Callable[[str], int]:
    """A parser of instants; gives microseconds since 1970 in UTC.

    What says no zone is in ``zone``; a day without a time is its first moment there. The parser raises ValueError for
    what is no instant, or lies outside of the years 1900 to 2199.
    """

    def parse(text: str) -> int:
        found: date | None
        try:
            found = datetime.fromisoformat(text) if text[4:5] == "-" and text[5:6].isdigit() else None
        except ValueError:
            found = None
        if found is None:
            found = _read(text, decide)
            if found is None:
                raise ValueError(_NO_INSTANT)
        moment = found if isinstance(found, datetime) else datetime(found.year, found.month, found.day)  # noqa: DTZ001
        _in_range(moment)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        passed = moment - _EPOCH
        return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds

    return parse


def _in_range(found: _Found) -> _Found:
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(_OUT_OF_RANGE)
    return found


def _read(text: str, decide: Decide) -> date | None:
    """A date, a datetime with or without its zone, or None. Raises ValueError for a day that does not exist."""
    if text[4:5] == "-" and text[5:6].isdigit():
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    if text.isascii() and text.isdigit():
        return _from_digits(text)
    if parts := _NUMERIC.fullmatch(text):
        if len(parts[4]) == 2:
            raise ValueError("has a year of two digits; export it with four")
        first, second, year = int(parts[1]), int(parts[3]), int(parts[4])
        order = "dmy" if parts[2] == "." else decide()
        month, in_month = (first, second) if order == "mdy" else (second, first)
        return _moment(year, month, in_month, parts[5], f"is not a date in the order {order}")
    if parts := _YEAR_FIRST.fullmatch(text):
        return _moment(int(parts[1]), int(parts[2]), int(parts[3]), parts[4], _NO_DATE)
    if parts := _DAY_MONTH.fullmatch(text):
        return _moment(int(parts[3]), _month(parts[2]), int(parts[1]), parts[4], _NO_DATE)
    if parts := _MONTH_DAY.fullmatch(text):
        return _moment(int(parts[3]), _month(parts[1]), int(parts[2]), parts[4], _NO_DATE)
    return None


def _from_digits(text: str) -> date:
    if len(text) == 8:
        return _moment(int(text[:4]), int(text[4:6]), int(text[6:]), None, _NO_DATE)
    if len(text) not in _EPOCHS:
        raise ValueError("is a number, but no count of seconds or milliseconds since 1970")
    times, parts = _EPOCHS[len(text)]
    return _EPOCH + int(text) * times // parts * _MICROSECOND


def _month(name: str) -> int:
    return _MONTHS.get(name[:3].lower(), 0)


def _moment(year: int, month: int, in_month: int, time: str | None, otherwise: str) -> date:
    if year < FIRST_YEAR or year > LAST_YEAR:
        raise ValueError(_OUT_OF_RANGE)
    try:
        found = date(year, month, in_month)
        return found if time is None else _at(found, time)
    except ValueError:
        raise ValueError(otherwise) from None


def _at(found: date, time: str) -> datetime:
    parts = _TIME.fullmatch(time.strip())
    if parts is None:
        raise ValueError
    hour, half = int(parts[1]), (parts[5] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if half == "p" else 0)
    micros = int((parts[4] or "").ljust(6, "0")[:6])
    zone = _zone(parts[6]) if parts[6] else None
    return datetime(found.year, found.month, found.day, hour, int(parts[2]), int(parts[3] or 0), micros, zone)


def _zone(text: str) -> timezone:
    if text[0] not in "+-":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))

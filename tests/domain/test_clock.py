"""Instants, days and ``as_of``."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.domain.clock import (
    as_of_now,
    day_end,
    day_of,
    from_micros,
    iso,
    parse_as_of,
    to_micros,
    utc_now,
)
from sales_operations.domain.errors import InvalidInput

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kathmandu", "America/Sao_Paulo"]
DAYS = st.dates(date(1971, 1, 1), date(2100, 1, 1))


INSTANTS = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, ZoneInfo("Asia/Tokyo")]),
)


@given(INSTANTS)
def test_an_instant_comes_back_from_microseconds_as_it_was(instant: datetime) -> None:
    assert from_micros(to_micros(instant)) == instant.astimezone(UTC)
    assert datetime.fromisoformat(iso(to_micros(instant))) == instant.astimezone(UTC)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        to_micros(datetime(2026, 1, 1))  # noqa: DTZ001


def test_times_are_shown_in_utc() -> None:
    assert (
        iso(to_micros(datetime(2026, 1, 31, 9, 30, tzinfo=timezone(timedelta(hours=2))))) == "2026-01-31T07:30:00+00:00"
    )
    assert utc_now().tzinfo is UTC


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        ("2026-01-31", "UTC", "2026-01-31T23:59:59.999999+00:00"),
        ("2026-01-31", "Europe/Berlin", "2026-01-31T22:59:59.999999+00:00"),
        ("2026-03-29", "Europe/Berlin", "2026-03-29T21:59:59.999999+00:00"),  # the day that lacks an hour
        ("2026-10-25", "Europe/Berlin", "2026-10-25T22:59:59.999999+00:00"),  # the day that has one twice
        ("2026-11-01", "America/New_York", "2026-11-02T04:59:59.999999+00:00"),
        ("2011-12-29", "Pacific/Apia", "2011-12-30T09:59:59.999999+00:00"),  # the day before the one that was left out
    ],
)
def test_a_bare_date_means_the_end_of_that_day_in_the_companys_zone(day: str, zone: str, end: str) -> None:
    found = parse_as_of(day, zone)
    assert (iso(found.micros), found.shown, found.day) == (end, day, date.fromisoformat(day))
    assert found.instant == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("text", "instant", "day"),
    [
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00+00:00", "2026-01-31"),
        ("2026-01-31T23:30:00Z", "2026-01-31T23:30:00+00:00", "2026-02-01"),
        ("2026-01-31T23:30:00-05:00", "2026-02-01T04:30:00+00:00", "2026-02-01"),
        ("2026-01-31 09:30:00.123456+02:00", "2026-01-31T07:30:00.123456+00:00", "2026-01-31"),
    ],
)
def test_an_instant_means_itself_and_is_echoed_as_it_was_written(text: str, instant: str, day: str) -> None:
    found = parse_as_of(text, "Europe/Berlin")
    assert (iso(found.micros), found.shown, found.day.isoformat()) == (instant, text, day)


@pytest.mark.parametrize(
    "text",
    ["", "today", "2026-02-30", "2026-13-01", "2026-1-1", "20260131", "9999-12-31", "0000-01-01", "2026-01-31T09:30:00",
     "2026-01-31T25:00:00Z", "31.01.2026", "2026-01-31T09:30:00+99:00", "9999-12-31T23:59:59-23:00"],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"as_of: .* is neither a date \(2026-01-31\) nor an instant"):
        parse_as_of(text)


@given(DAYS, st.sampled_from(ZONES))
def test_each_day_ends_where_the_next_one_begins(day: date, zone: str) -> None:
    end = day_end(day, zone)
    assert day_of(end, zone) <= day
    assert day_of(end + 1, zone) > day
    assert day_end(day - timedelta(days=1), zone) <= end


@given(DAYS, st.sampled_from(ZONES))
def test_a_date_and_the_last_instant_of_its_day_look_from_the_same_moment(day: date, zone: str) -> None:
    found = parse_as_of(day.isoformat(), zone)
    assert parse_as_of(found.instant.isoformat(), zone).micros == found.micros


def test_the_present_carries_the_companys_day() -> None:
    at = as_of_now(lambda: datetime(2026, 1, 31, 23, 30, tzinfo=UTC), "Europe/Berlin")
    assert (at.shown, at.day) == ("2026-01-31T23:30:00+00:00", date(2026, 2, 1))

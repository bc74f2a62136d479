"""Quiet hours: nobody is disturbed, and nothing is dropped."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.effects.quiet_hours import after_quiet
from sales_operations.settings.notifications import QuietHours

NIGHT = QuietHours(begin="20:00", end="07:00")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("quiet", "before", "after"),
    [
        (NIGHT, "2026-11-25 12:00", "2026-11-25 12:00"),
        (NIGHT, "2026-11-25 20:00", "2026-11-26 07:00"),
        (NIGHT, "2026-11-26 06:59", "2026-11-26 07:00"),
        (NIGHT, "2026-11-26 07:00", "2026-11-26 07:00"),
        (QuietHours(begin="12:00", end="13:00"), "2026-11-25 12:30", "2026-11-25 13:00"),
        (QuietHours(weekends=True), "2026-11-28 10:00", "2026-11-30 00:00"),
        (QuietHours(begin="20:00", end="07:00", weekends=True), "2026-11-27 21:00", "2026-11-30 07:00"),
        (QuietHours(), "2026-11-28 03:00", "2026-11-28 03:00"),
        # The night in which the clocks are put back has an hour more, and the quiet still ends at seven.
        (NIGHT, "2026-10-24 23:00", "2026-10-25 07:00"),
    ],
)
def test_what_comes_up_in_the_quiet_waits_for_its_end(quiet, before, after):
    assert after_quiet(at(before), quiet, "Europe/Berlin") == at(after)


def test_the_quiet_has_a_time_zone_of_its_own():
    quiet = QuietHours(begin="20:00", end="07:00", timezone="Asia/Tokyo")
    assert after_quiet(at("2026-11-25 13:00"), quiet, "Europe/Berlin") == at("2026-11-26 07:00", "Asia/Tokyo")


@given(
    st.datetimes(datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2030-01-01")),
    st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    st.booleans(),
    st.sampled_from(ZONES),
)
def test_nothing_is_sent_in_the_quiet_and_nothing_waits_longer_than_a_long_weekend(moment, begin, end, weekends, zone):
    hours = {"begin": begin.isoformat(), "end": end.isoformat()} if begin != end else {}
    quiet = QuietHours(weekends=weekends, **hours)
    now = moment.replace(tzinfo=UTC)
    sent = after_quiet(now, quiet, zone)
    assert now <= sent <= now + timedelta(days=4)
    local = sent.astimezone(ZoneInfo(zone))
    assert not (weekends and local.weekday() >= 5)
    assert after_quiet(sent, quiet, zone) - sent <= timedelta(hours=1)  # that the clocks show twice


def test_a_whole_day_of_quiet_cannot_be_asked_for():
    with pytest.raises(ValueError, match="two different times"):
        QuietHours(begin="07:00", end="07:00")
    assert time.fromisoformat("07:00") == time(7)

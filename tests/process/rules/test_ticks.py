"""The times of a schedule, against a plain reading of cron's rules minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_operations.domain.clock import from_micros, to_micros
from sales_operations.process.rules.ticks import Schedule

BEGIN = datetime(2026, 2, 26, 22, 17, tzinfo=UTC)


def field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    spans = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    steps = st.tuples(st.one_of(st.just("*"), spans), st.integers(1, 9)).map(lambda pair: f"{pair[0]}/{pair[1]}")
    part = st.one_of(number.map(str), spans, steps)
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=2).map(",".join))


def allows(text: str, value: int, low: int, high: int) -> bool:
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, last = (
            (low, high) if span == "*" else map(int, (span.split("-") * 2)[:2] if "-" in span else (span, span))
        )
        if first <= value <= last and (value - first) % int(step or 1) == 0:
            return True
    return False


@settings(deadline=None, max_examples=60)
@given(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7))
def test_every_minute_that_the_expression_names_is_due_and_no_other(
    minute: str, hour: str, day: str, month: str, weekday: str
) -> None:
    end = BEGIN + timedelta(days=3)
    due = {from_micros(one) for one in Schedule(f"{minute} {hour} {day} {month} {weekday}", "UTC").between(
        to_micros(BEGIN), to_micros(end))}  # fmt: skip
    at = BEGIN
    while at <= end:
        in_week = allows(weekday, at.isoweekday() % 7, 0, 7) or (at.isoweekday() == 7 and allows(weekday, 7, 0, 7))
        in_month = allows(day, at.day, 1, 31)
        either = not day.startswith("*") and not weekday.startswith("*")
        fits = (in_week or in_month) if either else (in_week and in_month)
        fits = (
            fits
            and allows(month, at.month, 1, 12)
            and allows(hour, at.hour, 0, 23)
            and allows(minute, at.minute, 0, 59)
        )
        assert (at in due) is fits, at
        at += timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "latest"),
    [
        ("hourly", "2026-02-26T22:00"),
        ("daily", "2026-02-26T00:00"),
        ("weekly", "2026-02-23T00:00"),
        ("monthly", "2026-02-01T00:00"),
        ("0 7 * * mon-fri", "2026-02-26T07:00"),
        ("17 22 * * *", "2026-02-26T22:17"),
        ("0 0 29 feb *", "2024-02-29T00:00"),
    ],
)
def test_the_last_time_that_was_due(text: str, latest: str) -> None:
    found = Schedule(text, "UTC").latest(to_micros(BEGIN))
    assert found is not None
    assert from_micros(found) == datetime.fromisoformat(latest).replace(tzinfo=UTC)


def test_a_day_that_never_comes_is_never_due() -> None:
    assert Schedule("0 0 31 2 *", "UTC").latest(to_micros(BEGIN)) is None


def test_times_are_local_and_none_is_lost_or_doubled_when_clocks_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    schedule = Schedule("30 2 * * *", "Europe/Berlin")
    for change in (datetime(2026, 3, 29, tzinfo=zone), datetime(2026, 10, 25, tzinfo=zone)):
        first, last = change - timedelta(days=2), change + timedelta(days=3)
        due = [from_micros(one).astimezone(zone) for one in schedule.between(to_micros(first), to_micros(last))]
        assert [one.day for one in due] == [(first + timedelta(days=number)).day for number in range(5)]

"""Digests: once a day or a week, at an hour, with everything that came up since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_operations.effects.digests import collected, next_digest
from sales_operations.settings.notifications import Digests

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN))


@pytest.mark.parametrize(
    ("every", "now", "sent"),
    [
        ("daily", "2026-11-25 07:59", "2026-11-25 08:00"),
        ("daily", "2026-11-25 08:00", "2026-11-26 08:00"),
        ("weekly", "2026-11-25 07:00", "2026-11-27 08:00"),
        ("weekly", "2026-11-27 08:00", "2026-12-04 08:00"),
        ("daily", "2026-10-24 09:00", "2026-10-25 08:00"),
    ],
)
def test_a_digest_is_sent_at_its_hour(every, now, sent):
    assert next_digest(at(now), every, Digests(hour=8, weekday="friday"), BERLIN) == at(sent)


@given(
    st.datetimes(datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2030-01-01")),
    st.sampled_from(["daily", "weekly"]),
    st.integers(0, 23),
    st.sampled_from([BERLIN, "America/New_York", "UTC"]),
)
def test_a_digest_is_always_ahead_and_never_further_than_its_round(moment, every, hour, zone):
    now = moment.replace(tzinfo=UTC)
    sent = next_digest(now, every, Digests(hour=hour), zone)
    round_ = timedelta(days=1 if every == "daily" else 7)
    assert now < sent <= now + round_ + timedelta(hours=2)


def test_a_digest_holds_every_note_in_order():
    subject, text = collected("daily", [("New opportunity", "Acme"), ("", "Look at this")])
    assert subject == "Your daily digest: 2 notifications"
    assert text == "* New opportunity\n  Acme\n\n* Look at this"
    assert collected("weekly", [("a", "b")])[0] == "Your weekly digest: 1 notification"

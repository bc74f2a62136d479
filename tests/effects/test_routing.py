"""Routes: which event goes where, and how long a delivery that failed waits."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from sales_operations.effects.routing import kind_of, kinds, legs, wait_seconds
from sales_operations.settings.notifications import Notifications

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
NIGHT = datetime(2026, 11, 25, 22, tzinfo=UTC)
CHANNELS = {
    "mail": {"url": "mailtos://h?from=a"},
    "hook": {"url": "https://x.example/y"},
    "screen": {"url": "console:"},
}


def ways(event: str, now: datetime = NOON, **settings):
    made = Notifications.model_validate({"channels": CHANNELS, **settings})
    found = legs(event, now, made, kinds(made.channels, {}), "UTC")
    return {(leg.channel, leg.to, leg.digest, leg.due.isoformat()[11:16]) for leg in found}


def test_without_routes_every_event_goes_everywhere():
    assert ways("x") == {(name, None, None, "12:00") for name in CHANNELS}


def test_a_route_takes_its_events_by_its_channels_to_its_people():
    routes = [
        {"channels": ["mail"], "events": ["won"], "to": ["a@example.com", "b@example.com"]},
        {"channels": ["screen"]},
        {"channels": ["hook"], "events": ["*"], "digest": None},
    ]
    everywhere = {("screen", None, None, "12:00"), ("hook", None, None, "12:00")}
    assert ways("lost", routes=routes) == everywhere
    assert ways("won", routes=routes) == everywhere | {
        ("mail", "a@example.com", None, "12:00"),
        ("mail", "b@example.com", None, "12:00"),
    }


def test_two_routes_that_say_the_same_send_once():
    assert ways("x", routes=[{"channels": ["mail", "mail"]}, {"channels": ["mail"]}]) == {("mail", None, None, "12:00")}


def test_quiet_hours_hold_back_what_is_for_people_only():
    quiet = {"begin": "20:00", "end": "07:00"}
    assert ways("x", NIGHT, quiet_hours=quiet) == {
        ("mail", None, None, "07:00"),
        ("hook", None, None, "22:00"),
        ("screen", None, None, "22:00"),
    }


def test_a_digest_waits_for_its_hour_and_for_the_end_of_the_quiet():
    found = ways(
        "x",
        NIGHT,
        routes=[{"channels": ["mail"], "digest": "daily"}],
        digests={"hour": 6},
        quiet_hours={"begin": "20:00", "end": "07:00"},
    )
    assert found == {("mail", None, "daily", "07:00")}


@given(st.integers(1, 10_000), st.integers(1, 3600))
def test_each_wait_is_twice_the_one_before_and_at_most_an_hour(attempts, first):
    wait = wait_seconds(attempts, first)
    assert first <= wait <= 3600
    assert wait_seconds(attempts + 1, first) == min(2 * wait, 3600)


def test_the_url_tells_what_kind_of_channel_it_is():
    assert [kind_of(url) for url in ("console:", "https://a", "HTTP://a", "mailto://a", "slack://a")] == [
        "console", "webhook", "webhook", "apprise", "apprise",
    ]  # fmt: skip

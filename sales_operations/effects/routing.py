"""By which channels an event leaves, and when: decided from the settings alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sales_operations.effects.digests import next_digest
from sales_operations.effects.quiet_hours import after_quiet
from sales_operations.settings.notifications import ChannelSettings, Notifications

CONSOLE = "console"
WEBHOOK = "webhook"
APPRISE = "apprise"
MAX_WAIT = 3600
"""Seconds between two attempts, at most."""


@dataclass(frozen=True)
class Leg:
    """One way that an event takes. ``to`` is a user's e-mail address, or None for the notification's own recipient."""

    channel: str
    to: str | None
    digest: str | None
    due: datetime


def kind_of(url: str) -> str:
    """What a channel's URL leads to: ``console``, ``webhook`` or ``apprise``."""
    scheme = url.partition(":")[0].casefold()
    if scheme == CONSOLE:
        return CONSOLE
    return WEBHOOK if scheme in ("http", "https") else APPRISE


def legs(event: str, now: datetime, settings: Notifications, kinds: dict[str, str], zone: str) -> list[Leg]:
    """Every way that an event takes, each once. ``kinds``: channel to its kind; ``zone``: the company's time zone."""
    found: dict[tuple[str, str | None], Leg] = {}
    if settings.routes is None:
        for channel in settings.channels or {}:
            found[channel, None] = Leg(channel, None, None, _due(now, None, kinds[channel], settings, zone))
    for route in settings.routes or ():
        if not route.matches(event):
            continue
        for channel in route.channels:
            due = _due(now, route.digest, kinds[channel], settings, zone)
            for to in route.to or (None,):
                found.setdefault((channel, to), Leg(channel, to, route.digest, due))
    return list(found.values())


def _due(now: datetime, digest: str | None, kind: str, settings: Notifications, zone: str) -> datetime:
    quiet = settings.quiet_hours
    if digest is not None:
        now = next_digest(now, digest, settings.digests, quiet.timezone or zone)
    return after_quiet(now, quiet, zone) if kind == APPRISE else now


def wait_seconds(attempts: int, first: int) -> int:
    """How long to wait after so many failed attempts: ``first`` seconds, doubled each time, up to an hour."""
    return min(first << min(attempts - 1, 20), MAX_WAIT)


def resolved(value: str, environ: Mapping[str, str]) -> str | None:
    """A URL or secret as it stands, or from the environment variable that ``env:NAME`` names; None where that is not set."""
    return environ.get(value.removeprefix("env:")) if value.startswith("env:") else value


def kinds(channels: dict[str, ChannelSettings], environ: Mapping[str, str]) -> dict[str, str]:
    """Channel to its kind; one whose environment variable is not set counts as one to persons."""
    return {
        name: kind_of(resolved(channel.url.get_secret_value(), environ) or "") for name, channel in channels.items()
    }

"""Digests: what one person is told of in a day or a week, collected into one message."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sales_operations.settings.notifications import WEEKDAYS, Digests


def next_digest(instant: datetime, every: str, digests: Digests, zone: str) -> datetime:
    """When what comes up at an instant is sent: the next hour of digests after it, in UTC. ``every``: daily or weekly."""
    local = instant.astimezone(ZoneInfo(zone))
    day = local.date()
    if every == "weekly":
        day += timedelta(days=(WEEKDAYS.index(digests.weekday) - day.weekday()) % 7)
    step = timedelta(days=7 if every == "weekly" else 1)
    moment = datetime.combine(day, time(digests.hour), local.tzinfo)
    while moment.astimezone(UTC) <= instant:
        moment = datetime.combine(moment.date() + step, time(digests.hour), local.tzinfo)
    return moment.astimezone(UTC)


def collected(every: str, notes: list[tuple[str, str]]) -> tuple[str, str]:
    """Subject and text of one digest of notes, each a subject and a message, the oldest first."""
    number = f"{len(notes)} notification{'s' if len(notes) != 1 else ''}"
    lines = [f"* {subject}\n  {message}" if subject else f"* {message}" for subject, message in notes]
    return f"Your {every} digest: {number}", "\n\n".join(lines)

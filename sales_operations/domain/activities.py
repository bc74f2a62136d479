"""When an activity counts as one that took place."""

from __future__ import annotations

NOT_DONE = ("planned", "scheduled", "not started", "cancelled", "canceled", "deferred")
"""Statuses, in small letters, of activities that did not take place, or not yet."""

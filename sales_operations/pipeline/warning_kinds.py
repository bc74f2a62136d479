"""What open deals are warned about: each warning's meaning, what it warns of, and its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sales_operations.metrics.metric import SECONDS_A_DAY
from sales_operations.pipeline.present import shown

if TYPE_CHECKING:
    from sales_operations.pipeline.watch import Watch

Row = dict[str, Any]
Event = Literal["lost", "not_won", "short"]
EVENTS: dict[Event, str] = {
    "lost": "lost within {days} days",
    "not_won": "not won within {days} days",
    "short": "short of what was to be won in them",
}
"""What a warning warns of. ``not_won``: lost, deleted or still open when the days are over."""


@dataclass(frozen=True)
class Kind:
    """One warning about open deals.

    ``flag``: the column of ``Watch.deals`` that says which have it. ``meaning``: the deals with it, in words; ``why``: of
    one such row. ``missing``: why a deal cannot be judged. ``dated``: the store keeps the history of what it is judged by.
    """

    flag: str
    event: Event
    meaning: Callable[[Watch], str]
    why: Callable[[Row, Watch], str]
    missing: str
    action: str
    dated: bool = True


def _days(seconds: float | None) -> int:
    return int((seconds or 0) // SECONDS_A_DAY)


def money(minor: float | None, watch: Watch, currency: str | None = None) -> str:
    """An amount with its currency, by default the company's."""
    code = currency or watch.state.settings.company.currency
    return "unknown" if minor is None else f"{shown(minor, 'money', code):,.2f} {code}"


def _overdue(row: Row, watch: Watch) -> str:
    return f"The close date {row['close_date']} passed {(watch.state.at.day - row['close_date']).days} days ago."


def _stalled(row: Row, watch: Watch) -> str:
    spent, usual = row["seconds_in_stage"] / SECONDS_A_DAY, row["usual_seconds"] / SECONDS_A_DAY
    return f"In {row['stage']} for {spent:.0f} days; nine of ten won deals took at most {usual:.0f}."


def _shrunk(row: Row, watch: Watch) -> str:
    now, peak = (money(row[name], watch, row["currency"]) for name in ("own_minor", "peak_minor"))
    return f"The amount fell from {peak} to {now}."


def _large(row: Row, watch: Watch) -> str:
    return f"Worth {money(row['amount_minor'], watch)}; the median won deal was {money(row['usual_minor'], watch)}."


KINDS: dict[str, Kind] = {
    "no_activity": Kind(
        "idle",
        "lost",
        lambda watch: f"had no activity for more than {watch.thresholds.idle_days} days",
        lambda row, watch: f"No activity for {_days(row['idle_seconds'])} days.",
        "no activity with a deal is recorded",
        "Get in touch with the customer.",
    ),
    "overdue": Kind(
        "overdue",
        "not_won",
        lambda watch: "have a close date that has passed",
        _overdue,
        "they have no close date",
        "Agree on a new close date with the customer, or close the deal as lost.",
    ),
    "stalled": Kind(
        "stale",
        "not_won",
        lambda watch: (
            "have been in their stage longer than "
            + (f"{watch.thresholds.stalled_times:g} times what " if watch.thresholds.stalled_times != 1 else "")
            + "nine of ten won deals were"
        ),
        _stalled,
        "too few deals were won from their stage",
        "Find out what keeps the deal in its stage, and set the next step.",
    ),
    "pushed_again": Kind(
        "pushed",
        "not_won",
        lambda watch: f"had their close date moved to a later day {watch.thresholds.pushes} times or more",
        lambda row, watch: f"The close date was moved to a later day {row['pushes']} times.",
        "they never had a close date",
        "Ask the customer what has to happen before the date holds.",
    ),
    "single_contact": Kind(
        "lone",
        "lost",
        lambda watch: f"have fewer than {watch.thresholds.contacts} known contacts",
        lambda row, watch: f"Known contacts: {row['contacts']}.",
        "no contact is recorded, or not as of this date",
        "Meet a second person who has a say in the decision.",
        dated=False,
    ),
    "no_next_step": Kind(
        "aimless",
        "not_won",
        lambda watch: "have no next step",
        lambda row, watch: "No next step is noted.",
        "no deal has a next step recorded, or not as of this date",
        "Agree on the next step with the customer and note it.",
        dated=False,
    ),
    "amount_shrinking": Kind(
        "shrunk",
        "lost",
        lambda watch: f"lost {watch.thresholds.shrunk_share:.0%} or more of their highest amount",
        _shrunk,
        "they never had an amount",
        "Find out what the customer gave up, and whether the rest still carries the decision.",
    ),
    "unusually_large": Kind(
        "large",
        "not_won",
        lambda watch: f"are worth more than {watch.thresholds.large_times:g} times the median won deal",
        _large,
        "their amount is unknown, or that of too few won deals is known",
        "Check amount and close date; deals of this size need their own plan.",
    ),
    "rep_overloaded": Kind(
        "overloaded",
        "not_won",
        lambda watch: (
            f"belong to reps with more than {watch.thresholds.overloaded_times:g} times the reps' median of open deals"
        ),
        lambda row, watch: (
            f"{row['sales_rep']} has {row['load']} open deals; the reps' median is {row['usual_load']:g}."
        ),
        "they have no rep, or there are too few reps to compare",
        "Hand some of the rep's deals to others.",
    ),
}
"""Name to definition, in the order in which they are shown. ``coverage`` has the one that is not about single deals."""

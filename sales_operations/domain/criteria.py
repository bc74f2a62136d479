"""What a stage asks of a deal before it goes on, and what of it a deal lacks. Values in, reasons out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sales_operations.domain.money import to_major

DAY_MICROS = 86_400 * 10**6
FIELDS: dict[str, tuple[str, ...]] = {
    "amount": ("amount_minor",),
    "account": ("account_id", "account_text"),
    "contact": ("contact_id", "contact_text"),
    "owner": ("owner_id", "owner_text"),
    "lead": ("lead_id", "lead_text"),
    **{
        name: (name,)
        for name in (
            "close_date",
            "currency",
            "forecast_category",
            "lead_source",
            "name",
            "next_step",
            "opportunity_type",
            "probability",
            "product",
        )
    },
}
"""Fields that criteria may name, to the columns of which one has to be filled. ``attributes.X`` is a field of one's own."""
OWN_FIELD = "attributes."
QUOTE_STATES = {"approved": ("approved", "sent", "accepted"), "accepted": ("accepted",)}
"""What may be asked of a deal's quote, to the states of a quote that satisfy it."""


@dataclass(frozen=True)
class Condition:
    """A bound on a field; an amount is in major units of the deal's own currency. An unknown value satisfies none."""

    field: str
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    one_of: tuple[str, ...] = ()

    def lacks(self, value: Any) -> Iterator[str]:
        """The bounds, in words, that a value does not keep."""
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
        for words, bound, kept in (
            ("above", self.above, number is not None and self.above is not None and number > self.above),
            ("at least", self.at_least, number is not None and self.at_least is not None and number >= self.at_least),
            ("below", self.below, number is not None and self.below is not None and number < self.below),
            ("at most", self.at_most, number is not None and self.at_most is not None and number <= self.at_most),
        ):
            if bound is not None and not kept:
                yield f"{words} {bound:,.10g}"
        if self.one_of and str(value).casefold() not in {word.casefold() for word in self.one_of}:
            yield f"one of {', '.join(self.one_of)}"


@dataclass(frozen=True)
class Activities:
    """So many activities, of one kind where named, in the last so many days where given."""

    count: int = 1
    kind: str | None = None
    within_days: int | None = None


@dataclass(frozen=True)
class Exit:
    """The exit criteria of a stage; ``quote`` is a key of ``QUOTE_STATES``."""

    fields: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    activities: tuple[Activities, ...] = ()
    contacts: int = 0
    roles: tuple[str, ...] = ()
    quote: Literal["approved", "accepted"] | None = None


NOTHING = Exit()
"""A stage that asks for nothing."""
QUALIFICATION = Exit(fields=("amount", "contact"), activities=(Activities(),))
"""What the program wants to know before it calls a deal qualified by itself: what it is worth, who buys, and that somebody
has been in touch."""


@dataclass
class Facts:
    """What the store knows of a deal beside its row. Activities are (kind, instant in microseconds), planned ones left out.

    Contacts map the id, or the text, of a contact to the roles that it has in the deal. ``same`` maps what else a contact
    may be called to the one that it is, or to None where that was deleted.
    """

    activities: list[tuple[str | None, int]] = field(default_factory=list)
    contacts: dict[str, set[str]] = field(default_factory=dict)
    same: dict[str, str | None] = field(default_factory=dict)
    quotes: set[str] = field(default_factory=set)


def value_of(deal: Mapping[str, Any], name: str) -> Any:
    """The value of a field that criteria may name: an amount in major units, None where nothing is known."""
    if name.startswith(OWN_FIELD):
        own = json.loads(deal.get("attributes") or "{}")
        return own.get(name.removeprefix(OWN_FIELD)) if isinstance(own, dict) else None
    value = next((deal[column] for column in FIELDS[name] if deal.get(column) not in (None, "")), None)
    return to_major(value, deal.get("currency") or "USD") if name == "amount" and value is not None else value


def unmet(wanted: Exit, deal: Mapping[str, Any], facts: Facts, now: int) -> list[str]:
    """What a deal lacks, in words that fit behind "asks for"; none where it has everything. ``now`` in microseconds."""
    return [*_fields(wanted, deal, facts), *_activities(wanted, facts, now), *_people(wanted, deal, facts)]


def _fields(wanted: Exit, deal: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    for name in wanted.fields:
        known = value_of(deal, name)
        if known in (None, "") and not (name == "contact" and facts.contacts):
            yield f"{name.replace('_', ' ')} (not known)"
    for condition in wanted.conditions:
        value = value_of(deal, condition.field)
        shown = (
            "not known" if value is None else f"it is {value:,.10g}" if isinstance(value, float) else f"it is {value}"
        )
        for words in condition.lacks(value):
            yield f"{condition.field.replace('_', ' ')} {words} ({shown})"


def _activities(wanted: Exit, facts: Facts, now: int) -> Iterator[str]:
    for asked in wanted.activities:
        since = None if asked.within_days is None else now - asked.within_days * DAY_MICROS
        found = sum(
            (asked.kind is None or (kind or "").casefold() == asked.kind.casefold())
            and at <= now
            and (since is None or at >= since)
            for kind, at in facts.activities
        )
        if found < asked.count:
            what = f"activity {asked.kind!r}" if asked.kind else "activity"
            when = "" if asked.within_days is None else f" in the last {asked.within_days} days"
            yield f"{asked.count} x {what}{when} (found {found})"


def _people(wanted: Exit, deal: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    named = value_of(deal, "contact")
    own = facts.same.get(named, named)
    people = set(facts.contacts) | ({own} if own else set())
    if len(people) < wanted.contacts:
        yield f"{wanted.contacts} contacts (found {len(people)})"
    roles = {role.casefold() for held in facts.contacts.values() for role in held}
    for role in wanted.roles:
        if role.casefold() not in roles:
            yield f"a contact in the role {role!r} (found none)"
    if wanted.quote and facts.quotes.isdisjoint(QUOTE_STATES[wanted.quote]):
        yield f"a quote that is {wanted.quote} (found none)"

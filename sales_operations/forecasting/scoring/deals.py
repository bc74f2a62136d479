"""Deals as they were when they came in, from their history, and how they ended by an instant.

A field counts as it was known within a day of the opening. Where the history tells of no later change of it, and only a
look at the end knows it, it is taken from there, and it is for the evidence of leaks to refuse it. Stage, status,
probability, forecast category and close date are the outcome in other words, and no fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from sales_operations.domain.events import Event, derive
from sales_operations.domain.money import to_major
from sales_operations.forecasting.scoring.records import DAY
from sales_operations.forecasting.scoring.rows import Row, flat

_FIELDS = ("pipeline", "opportunity_type", "lead_source", "product", "next_step", "loss_reason", "win_reason")
_OF_ACCOUNT = ("industry", "segment", "country", "employees")
_ENDS = {"closed_won": 1.0, "closed_lost": 0.0}


def deal_rows(
    deals: Iterable[tuple[str, list[Event]]], accounts: Mapping[str, Mapping[str, Any]], until: int
) -> list[Row]:
    """The deals that were there and not deleted at an instant; ``deals`` come with their events up to it."""
    return [row for deal, events in deals if (row := _row(deal, events, accounts, until)) is not None]


def _row(deal: str, events: list[Event], accounts: Mapping[str, Mapping[str, Any]], until: int) -> Row | None:
    state = derive(events, until)
    if not state or state.get("is_deleted"):
        return None
    ordered = sorted(events, key=lambda event: event.occurred_at)
    outcome = _ENDS.get(state["stage"])
    moves = [event.occurred_at for event in ordered if "stage" in event.values]
    decided = moves[-1] if outcome is not None and moves else None
    opened = state["created_at"]
    told = [event for event in ordered if event.basis != "inferred"]
    late = set().union(*(_touched(event) for event in told if event.occurred_at > opened + DAY))
    first = _described(derive(events, min(opened + DAY, until)), accounts)
    last = _described(state, accounts)
    fields = first | {name: value for name, value in last.items() if name not in first and not _of(name, late)}
    return Row(deal, outcome, opened, decided, fields, _first_filled(told, accounts, decided))


def _described(state: Mapping[str, Any], accounts: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    fields: dict[str, Any] = {name: state.get(name) for name in _FIELDS}
    fields["owner"] = state.get("owner_id") or state.get("owner_text")
    fields["account"] = state.get("account_id") or state.get("account_text")
    minor, currency = state.get("amount_minor"), state.get("currency")
    fields["amount"] = None if minor is None or currency is None else to_major(minor, currency)
    fields["currency"] = currency
    account = accounts.get(state.get("account_id") or "", {})
    fields |= {f"account_{name}": account.get(name) for name in _OF_ACCOUNT}
    attributes = state.get("attributes")
    return flat(fields, orjson.loads(attributes) if attributes else {})


_BEHIND = {
    "owner": ("owner_id", "owner_text"),
    "account": ("account_id", "account_text"),
    "amount": ("amount_minor",),
    **{f"account_{name}": ("account_id",) for name in _OF_ACCOUNT},
    **{name: (name,) for name in (*_FIELDS, "currency")},
}
"""Field to the columns of a deal that it stands for; every other field is one of its attributes."""


def _touched(event: Event) -> set[str]:
    return {*event.values, *event.other}


def _of(name: str, touched: set[str]) -> bool:
    return any(column in touched for column in _BEHIND.get(name, ("attributes",)))


def _first_filled(told: list[Event], accounts: Mapping[str, Mapping[str, Any]], decided: int | None) -> dict[str, bool]:
    """Field to whether the history fills it with the outcome or later, for the fields that it tells of."""
    if decided is None:
        return {}
    found: dict[str, bool] = {}
    for event in told:
        for name in _described({**event.values, **event.other}, accounts):
            found.setdefault(name, event.occurred_at >= decided)
    return found

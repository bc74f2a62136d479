"""The words of a rule file: what a rule can wait for, what its conditions can ask, how values are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sales_operations.domain.stages import FORECAST_CATEGORIES, STAGE_NAMES

Type = Literal["text", "number", "money", "date"]
Subject = Literal["deal", "lead"]


@dataclass(frozen=True)
class FieldWord:
    """A field as a rule names it: the columns that hold it (the first known one counts), its type, its only values."""

    columns: tuple[str, ...]
    type: Type = "text"
    choices: tuple[str, ...] = ()


DEAL_FIELDS: dict[str, FieldWord] = {
    "stage": FieldWord(("stage",), choices=STAGE_NAMES),
    "pipeline_stage": FieldWord(("pipeline_stage",)),
    "pipeline": FieldWord(("pipeline",)),
    "status": FieldWord(("status",), choices=("open", "won", "lost")),
    "amount": FieldWord(("amount_minor",), "money"),
    "currency": FieldWord(("currency",)),
    "probability": FieldWord(("probability",), "number"),
    "forecast_category": FieldWord(("forecast_category",), choices=FORECAST_CATEGORIES),
    "close_date": FieldWord(("close_date",), "date"),
    "owner": FieldWord(("owner_id", "owner_text")),
    "account": FieldWord(("account_id", "account_text")),
    "contact": FieldWord(("contact_id", "contact_text")),
    "lead": FieldWord(("lead_id", "lead_text")),
    "name": FieldWord(("name",)),
    "opportunity_type": FieldWord(("opportunity_type",)),
    "lead_source": FieldWord(("lead_source",)),
    "product": FieldWord(("product",)),
    "next_step": FieldWord(("next_step",)),
    "loss_reason": FieldWord(("loss_reason",)),
    "win_reason": FieldWord(("win_reason",)),
}
LEAD_FIELDS: dict[str, FieldWord] = {
    "status": FieldWord(("status",)),
    "rating": FieldWord(("rating",)),
    "lead_source": FieldWord(("lead_source",)),
    "company": FieldWord(("company",)),
    "industry": FieldWord(("industry",)),
    "country": FieldWord(("country",)),
    "employees": FieldWord(("employees",), "number"),
    "product": FieldWord(("product",)),
    "owner": FieldWord(("owner_id", "owner_text")),
}
FIELDS: dict[Subject, dict[str, FieldWord]] = {"deal": DEAL_FIELDS, "lead": LEAD_FIELDS}

AGES = ("in_stage", "since_created", "to_close", "since_activity", "since_change")
"""What can be counted in days: whole days gone by, and for ``to_close`` the calendar days until the close date."""

SETTABLE = ("amount", "close_date", "probability", "forecast_category", "next_step", "product", "opportunity_type",
            "lead_source", "name")  # fmt: skip
"""Fields of a deal that a rule may set; stage and owner change by ``move`` and ``assign``."""

DEAL_EVENTS: dict[str, tuple[str, ...]] = {
    "opportunity.created": (),
    "opportunity.changed": (),
    "opportunity.stage_changed": ("stage", "pipeline_stage"),
    "opportunity.amount_changed": ("amount",),
    "opportunity.close_date_changed": ("close_date",),
    "opportunity.owner_changed": ("owner",),
    "opportunity.won": ("status",),
    "opportunity.lost": ("status",),
}
"""Events of a deal, to the fields of which one must have changed."""

QUOTE_STATUSES = ("approved", "sent", "accepted", "rejected", "expired")
CONTRACT_STATUSES = ("signed", "active", "declined", "expired", "renewed", "terminated")
RECORD_EVENTS: dict[str, tuple[str, str | None]] = {
    "lead.created": ("leads", None),
    "activity.created": ("activities", None),
    "task.done": ("tasks", "done"),
    "quote.created": ("quotes", None),
    **{f"quote.{status}": ("quotes", status) for status in QUOTE_STATUSES},
    "contract.created": ("contracts", None),
    **{f"contract.{status}": ("contracts", status) for status in CONTRACT_STATUSES},
}
"""Events of other records: the kind, and the status that the record took; None where it was made."""

EVENTS = (*DEAL_EVENTS, *RECORD_EVENTS)

OPERATORS: dict[str, tuple[Type, ...]] = {
    "is": ("text", "number", "money", "date"),
    "is_not": ("text", "number", "money", "date"),
    "one_of": ("text", "number"),
    "none_of": ("text", "number"),
    "above": ("number", "money", "date"),
    "at_least": ("number", "money", "date"),
    "below": ("number", "money", "date"),
    "at_most": ("number", "money", "date"),
    "contains": ("text",),
    "known": ("text", "number", "money", "date"),
}
"""Comparison to the types of fact that it can be made with."""

OnceFor = Literal["cause", "stage", "deal", "run"]
"""What a rule fires once for: an event; a stay of a deal in a stage; a deal; a deal at each time of the schedule."""


def subject_of(event: str | None) -> Subject:
    """What the conditions and actions of a rule are about."""
    return "lead" if event is not None and event.startswith("lead.") else "deal"


def column_of(field: FieldWord) -> str:
    """The column that a rule writes when it sets the field."""
    return field.columns[0]


def known_value(field: FieldWord, state: Mapping[str, Any]) -> Any:
    """The field's value in a state; None where it is unknown."""
    for column in field.columns:
        if state.get(column) is not None:
            return state[column]
    return None

"""The lead as its callers see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CLOSED_STATUSES = (
    "closed - converted",
    "closed - not converted",
    "converted",
    "disqualified",
    "junk lead",
    "lost lead",
    "not qualified",
    "recycled",
    "unqualified",
)
"""Statuses, in lower case, in which nobody works on a lead any more: the defaults of the common CRMs."""


@dataclass
class Lead:
    """Somebody who may become a customer. Empty text means unknown; times are ISO 8601 in UTC."""

    lead_id: str
    company: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    title: str = ""
    industry: str = ""
    country: str = ""
    employees: int | None = None
    lead_source: str = ""
    status: str = "open"
    product: str = ""
    sales_rep: str = ""
    created_at: str = ""
    opportunity_id: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)

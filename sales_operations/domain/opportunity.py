"""The opportunity as its callers see it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from sales_operations.domain.stages import OpportunityStage, OpportunityStatus


@dataclass
class Opportunity:
    """A deal.

    ``amount`` is in major units of ``metadata['currency']`` and 0.0 where it is unknown (then
    ``metadata['amount_unknown']`` is true). ``close_date`` is ``YYYY-MM-DD``, empty where unknown. ``stage`` is canonical;
    the pipeline's own stage stands in ``metadata['pipeline_stage']``. Times are ISO 8601 in UTC.
    ``metadata['version']`` is what ``update_opportunity`` compares, so that no update is lost. Keys of a caller's own move
    to ``metadata['attributes']`` when the deal is written.
    """

    opportunity_id: str
    lead_id: str
    account_name: str
    amount: float
    stage: OpportunityStage
    status: OpportunityStatus
    probability: float
    close_date: str
    sales_rep: str
    created_at: str
    updated_at: str
    metadata: dict[str, Any] = field(default_factory=dict)


def new_id(prefix: str) -> str:
    """A new random identifier such as ``opp_`` followed by 32 hexadecimal digits."""
    return f"{prefix}_{secrets.token_hex(16)}"

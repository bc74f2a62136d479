"""Telling a rep what happened to a deal."""

from __future__ import annotations

import asyncio
from typing import Any

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.money import to_major, to_minor, written
from sales_operations.domain.opportunity import Opportunity
from sales_operations.effects.notifications import notify
from sales_operations.workspace import open_workspace


class NotificationService:
    """Writes notifications to the in-app inbox. ``config``: a raw mapping, settings, an open workspace, or nothing."""

    def __init__(self, config: Any = None) -> None:
        self.workspace = open_workspace(config, create=True)

    async def notify_sales_rep(
        self, sales_rep: str, opportunity: Opportunity | None = None, message: str | None = None
    ) -> None:
        """Tell a rep of a deal, or what ``message`` says. Raises InvalidInput where there is nobody, or nothing, to tell."""
        if not sales_rep:
            raise InvalidInput("notify_sales_rep: sales_rep is empty; name who should be told")
        if opportunity is None and not message:
            raise InvalidInput("notify_sales_rep: give an opportunity, or a message, or both")
        await asyncio.to_thread(self._notify, sales_rep, opportunity, message)

    def _notify(self, sales_rep: str, opportunity: Opportunity | None, message: str | None) -> None:
        if not message and opportunity is not None:
            currency = opportunity.metadata.get("currency") or self.workspace.settings.company.currency
            unknown = opportunity.metadata.get("amount_unknown")
            amount = None if unknown else to_minor(opportunity.amount, currency)
            message = announcement(
                opportunity.opportunity_id, opportunity.account_name, amount, currency, opportunity.close_date
            )
        deal = opportunity.opportunity_id if opportunity else None
        with self.workspace.unit("notify_sales_rep") as unit:
            notify(unit, sales_rep, "Opportunity" if opportunity else "Message", message or "", deal)


def announcement(deal: str, account: str, amount_minor: int | None, currency: str, close_date: str) -> str:
    """What a rep reads about a deal that was assigned."""
    amount = "amount unknown" if amount_minor is None else written(to_major(amount_minor, currency), currency)
    due = f", expected to close on {close_date}" if close_date else ""
    return f"{account or 'Unknown account'}: {amount}{due}. It is yours ({deal})."

"""What every change of a quote shares: it is taken by one writer, closed, and its people are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from sales_operations.domain.errors import Conflict, InvalidInput
from sales_operations.domain.money import to_major
from sales_operations.effects.notifications import notify
from sales_operations.process.quoting import approval_requests as requests
from sales_operations.process.quoting import record
from sales_operations.process.quoting.approval_people import Parties, name_of
from sales_operations.process.quoting.approvals import Figures, Judgement
from sales_operations.process.quoting.content import OPEN, content_of
from sales_operations.process.quoting.offer import Offer, figures_of
from sales_operations.settings import Settings
from sales_operations.store import tables
from sales_operations.store.unit import Unit


def taken(unit: Unit, quote_id: str, seq: int | None) -> dict[str, Any]:
    """The quote, which nobody else changes until the end of the transaction."""
    unit.hold()
    row = record.find(unit.connection, quote_id)
    if seq is not None and row["seq"] != seq:
        raise Conflict(
            f"quote {quote_id} was changed by somebody else since it was read (seq {seq}, now {row['seq']}); "
            "look at it again and repeat the change"
        )
    return row


def close(unit: Unit, row: dict[str, Any], status: str, **more: Any) -> dict[str, Any]:
    """End an open quote; what was asked for its approval is withdrawn. Gives its new state."""
    if row["status"] == "in_approval":
        requests.withdraw(unit, row["id"])
    return unit.update("quotes", row, {"status": status, **more})


def cleared(unit: Unit, settings: Settings, row: dict[str, Any], doing: str) -> dict[str, Any]:
    """Columns of a quote that may go out now. Raises Conflict where it needs approval, or is decided already."""
    today = record.today(unit, settings)
    record.require_open(row, today, doing)
    if row["status"] not in ("draft", "approved"):
        raise Conflict(f"quote {row['id']} is {said(row)} and cannot be {doing}")
    judgement, figures = judged(unit, settings, row, today)
    if judgement.needed:
        rules = "; ".join(f"{one.rule.name} ({', '.join(one.reasons)})" for one in judgement.needed)
        raise Conflict(
            f"quote {row['id']} cannot be {doing} without approval: {rules}; "
            f"'sales-operations quote submit {row['id']}' asks for it"
        )
    return approved(row, figures, judgement, today)


def judged(unit: Unit, settings: Settings, row: dict[str, Any], today: str) -> tuple[Judgement, Figures]:
    """What a stored quote needs. Raises InvalidInput where one of its lines has no price."""
    content = content_of(row)
    if content.problems:
        raise InvalidInput(f"quote {row['id']} is not complete: {'; '.join(content.problems)}; edit these lines")
    figures = figures_of(row)
    return requests.judgement(unit.connection, settings, row, figures, today), figures


def approved(row: dict[str, Any], figures: Figures, judgement: Judgement, today: str) -> dict[str, Any]:
    """The columns of a quote that needs nobody's approval (any more). What an earlier approval judged stays the measure."""
    kept = requests.approved_before(row, today) is not None and not judgement.worse
    return {"status": "approved", "judged": row["judged"] if kept else requests.judged_text(figures, judgement, row)}


def parties(unit: Unit, row: dict[str, Any], requested_by: str | None) -> Parties:
    """Whose quote it is."""
    deals = tables.opportunities.c
    owner = unit.connection.execute(select(deals.owner_id).where(deals.id == row["opportunity_id"])).scalar()
    return Parties(owner, requested_by)


def tell_owner(unit: Unit, row: dict[str, Any], happened: str, message: str) -> None:
    """Tell the owner of the quote's deal, where it has one, by the event ``quote.<happened>``."""
    deals = tables.opportunities.c
    found = select(deals.owner_id, deals.owner_text).where(deals.id == row["opportunity_id"])
    deal = unit.connection.execute(found).first()
    owner = (name_of(unit.connection, deal.owner_id) or deal.owner_text) if deal else None
    if owner:
        values = {
            "quote_id": row["id"],
            "net": to_major(row["net_minor"], row["currency"]),
            "currency": row["currency"],
        }
        subject = f"Quote {happened.replace('_', ' ')}"
        notify(unit, owner, subject, message, row["opportunity_id"], event=f"quote.{happened}", values=values)


def told(judgement: Judgement) -> dict[str, Any]:
    """A judgement as callers see it."""
    return {
        "needed": [{"rule": one.rule.name, "reasons": list(one.reasons)} for one in judgement.needed],
        "covered": [one.rule.name for one in judgement.covered],
        "worse": list(judgement.worse),
    }


def said(row: Mapping[str, Any]) -> str:
    """A quote's status in words."""
    return str(row["status"]).replace("_", " ")


def supersede(unit: Unit, settings: Settings, row: dict[str, Any], made: Offer, **more: Any) -> dict[str, Any]:
    """Within a transaction: the next version of a quote as a draft; the version before, where it is open, is superseded."""
    if row["status"] in OPEN:
        close(unit, row, "superseded")
    after = record.new_row(
        unit,
        settings,
        row["opportunity_id"],
        made,
        root_id=row["root_id"],
        version=row["version"] + 1,
        **{"notes": row["notes"], "judged": row["judged"], "origin": row["origin"]} | more,
    )
    unit.create("quotes", after)
    return after

"""A contract as a document: its text, what is sold, and room for signatures; or what changed between two versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, select

from sales_operations.domain.clock import day_of
from sales_operations.process.contracting.contracts import template_folder, written_amount
from sales_operations.process.contracting.redline import Piece
from sales_operations.render.documents import pdf
from sales_operations.render.signatures import boxes
from sales_operations.settings import Settings
from sales_operations.store import tables

_NOT_FINAL = ("draft", "in_approval", "negotiating", "declined")


def paper(
    connection: Connection,
    settings: Settings,
    row: dict[str, Any],
    *,
    signers: Sequence[str] = (),
    pieces: Sequence[Piece] = (),
    final: bool = False,
) -> bytes:
    """The PDF of a stored contract. ``signers`` get a page with a box each; ``pieces`` stand in the place of the text; without
    ``final``, what is not agreed on yet says so across the page.

    The lines of its quote are listed where they add up to the contract's amount.
    """
    currency, state = row["currency"], row["status"] or "draft"
    shown = pieces or [Piece("same", row["terms"])]
    data = {
        "title": "Amendment" if row["amends_id"] else "Contract",
        "number": row["id"],
        "version": row["version"] or 1,
        "date": day_of(row["created_at"], settings.company.timezone).isoformat(),
        "seller": {"name": settings.company.name or "The seller"},
        "buyer": {"name": row["account_name"] or "The customer"},
        "starts_on": row["starts_on"],
        "ends_on": row["ends_on"],
        "amount": written_amount(row["amount_minor"], currency),
        "currency": currency,
        "pieces": [{"kind": piece.kind, "text": piece.text} for piece in shown],
        "lines": _lines(connection, row),
        "total": written_amount(row["amount_minor"], currency),
        "signatures": [
            {"name": name, **box} for name, box in zip(signers, boxes(len(signers)) if signers else (), strict=True)
        ],
        "paper": settings.documents.paper,
    }
    if pieces:
        data["watermark"] = "changes"
    elif state in _NOT_FINAL and not final:
        data["watermark"] = "draft"
    return pdf("contract", data, template_folder(settings))


def _lines(connection: Connection, row: dict[str, Any]) -> list[dict[str, str]]:
    quotes = tables.RECORDS["quotes"].c
    stored = connection.execute(select(quotes["items"]).where(quotes.id == row["quote_id"])).scalar()
    if stored is None or row["amends_id"]:
        return []
    items = [one for one in orjson.loads(stored) if "list_minor" in one]
    nets = [one["total_minor"] if one.get("net_minor") is None else one["net_minor"] for one in items]
    if sum(nets) != row["amount_minor"]:
        return []
    currency = row["currency"]
    return [
        {
            "name": one["product"],
            "quantity": one["quantity"],
            "list": written_amount(one["list_minor"], currency),
            "net": written_amount(net, currency),
        }
        for one, net in zip(items, nets, strict=True)
    ]

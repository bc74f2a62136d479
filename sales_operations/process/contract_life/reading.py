"""Contracts as people look at them: one, many, its versions, what changed between two, and its document."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from sales_operations.domain.clock import iso
from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.process.contract_life.renewals import shown_obligation
from sales_operations.process.contract_life.sending import document_of, slots
from sales_operations.process.contracting import contracts
from sales_operations.process.contracting.papers import paper
from sales_operations.process.contracting.records import obligations, parts, plain, read, versions
from sales_operations.process.contracting.redline import Piece, redline
from sales_operations.process.contracting.terms import STATES
from sales_operations.settings import Settings
from sales_operations.store import identity, tables


def show(connection: Connection, contract_id: str) -> dict[str, Any]:
    """A contract with its versions, signatures and obligations. Raises NotFound."""
    row = read(connection, contract_id)
    signed = [
        {
            "position": one["position"],
            "name": one["name"],
            "status": one["status"],
            "signed_at": iso(one["signed_at"]) if one["signed_at"] else None,
        }
        for one in slots(connection, contract_id)
    ]
    return contracts.shown(row) | {
        "template": row["template"],
        "renewal": row["renewal"],
        "renewal_opportunity_id": row["renewal_opportunity_id"],
        "versions": [*_former(connection, contract_id), {"number": row["version"] or 1, "note": None}],
        "signatures": signed,
        "obligations": sorted(
            (shown_obligation(one) for one in parts(connection, obligations, contract_id)),
            key=lambda one: str(one["due_on"]),
        ),
    }


def listing(
    connection: Connection, *, status: str | None = None, opportunity_id: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """The newest contracts, newest first; in one state or of one deal where given. Raises InvalidInput, NotFound."""
    table = tables.RECORDS["contracts"]
    statement = select(table).order_by(table.c.created_at.desc(), table.c.id).limit(limit)
    if status is not None:
        if status not in STATES:
            raise InvalidInput(f"status {status!r}: use one of {', '.join(STATES)}")
        none = table.c.status.is_(None) if status == "draft" else False
        statement = statement.where((table.c.status == status) | none)
    if opportunity_id is not None:
        found = identity.find(connection, "opportunities", opportunity_id)
        if found is None:
            raise NotFound(f"there is no opportunity {opportunity_id!r}")
        statement = statement.where(table.c.opportunity_id == found)
    return [contracts.shown(plain(row)) for row in connection.execute(statement)]


def changes(
    connection: Connection, contract_id: str, older: int | None = None, newer: int | None = None
) -> tuple[int, int, list[Piece]]:
    """What changed between two versions of a contract, the last two where none are named. Raises NotFound, InvalidInput."""
    row = read(connection, contract_id)
    texts = {one["number"]: one["terms"] for one in parts(connection, versions, contract_id)}
    texts[row["version"] or 1] = row["terms"]
    last = newer or max(texts)
    first = older or last - 1
    for number in (first, last):
        if number not in texts:
            known = ", ".join(map(str, sorted(texts)))
            raise InvalidInput(f"contract {contract_id} has no version {number}; it has {known}")
    return first, last, redline(texts[first], texts[last])


def document(connection: Connection, settings: Settings, contract_id: str) -> bytes:
    """The contract as PDF: as it was sent and signed, byte for byte, or as it would be sent now. Raises NotFound."""
    row = read(connection, contract_id)
    return document_of(connection, contract_id) or paper(connection, settings, row)


def redlined(
    connection: Connection, settings: Settings, contract_id: str, older: int | None = None, newer: int | None = None
) -> bytes:
    """The same with what changed between two versions struck out and underlined. Raises NotFound, InvalidInput."""
    _, _, pieces = changes(connection, contract_id, older, newer)
    return paper(connection, settings, read(connection, contract_id), pieces=pieces)


def _former(connection: Connection, contract_id: str) -> list[dict[str, Any]]:
    found = sorted(parts(connection, versions, contract_id), key=lambda one: int(one["number"]))
    return [{"number": one["number"], "note": one["note"], "until": iso(one["created_at"])} for one in found]

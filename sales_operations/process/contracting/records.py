"""Contracts as the steps of their life read and write them."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, select

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.effects.notifications import notify
from sales_operations.process.contracting.terms import state_after
from sales_operations.process.quoting.approval_people import ROLE, user_id
from sales_operations.settings import Settings
from sales_operations.store import tables
from sales_operations.store.unit import Unit

contracts = tables.RECORDS["contracts"]
signatures = tables.RECORDS["contract_signatures"]
documents = tables.RECORDS["contract_documents"]
versions = tables.RECORDS["contract_versions"]
obligations = tables.RECORDS["obligations"]


def plain(row: Row[Any]) -> dict[str, Any]:
    """A row by plain column names (SQLAlchemy's own are a subclass of text that the audit log refuses)."""
    return {str.__str__(name): value for name, value in row._mapping.items()}


def read(connection: Connection, contract_id: str) -> dict[str, Any]:
    """A contract as stored, its state and version filled in. Raises NotFound."""
    row = connection.execute(select(contracts).where(contracts.c.id == contract_id)).first()
    if row is None:
        raise NotFound(f"there is no contract {contract_id!r}; 'sales-operations contract list' shows those there are")
    return plain(row) | {"status": row.status or "draft", "version": row.version or 1}


def get(unit: Unit, contract_id: str) -> dict[str, Any]:
    """The same, read when nobody else writes, to be changed in this unit. Raises NotFound."""
    unit.hold()
    unit.flush()
    return read(unit.connection, contract_id)


def step(unit: Unit, row: dict[str, Any], action: str, **changes: Any) -> dict[str, Any]:
    """Take a contract to the state that an action leads to. Raises InvalidInput where its present one does not allow it."""
    reached = state_after(row["id"], row["status"], action)
    return unit.update("contracts", row, {"status": reached, **changes})


def parts(connection: Connection, table: Any, contract_id: str) -> list[dict[str, Any]]:
    """The records of a table that belong to a contract, oldest first."""
    found = connection.execute(select(table).where(table.c.contract_id == contract_id).order_by(table.c.seq))
    return [plain(row) for row in found]


def tell_owner(unit: Unit, row: dict[str, Any], happened: str, message: str, subject: str | None = None) -> None:
    """Tell the owner of a contract's deal, where there is one; the event is ``contract.`` and what happened."""
    deal = unit.find("opportunities", row["opportunity_id"])
    if deal is None:
        return
    owner = unit.find("users", deal["owner_id"]) if deal["owner_id"] else None
    name = (owner and (owner["name"] or owner["email"])) or deal["owner_text"]
    if name:
        values = {"contract": row["id"], "account": row["account_name"]}
        headed = subject or f"Contract {happened}"
        notify(unit, name, headed, message, deal["id"], event=f"contract.{happened}", values=values)


def approvers(connection: Connection, settings: Settings) -> dict[str, str]:
    """Ids and names of the active users who may approve contracts; none where contracts need no approval.

    Raises InvalidInput where somebody should approve, and nobody can.
    """
    given = settings.contracting.approvers
    if not given:
        return {}
    users = tables.RECORDS["users"].c
    active = (func.coalesce(users.is_active, 1) == 1) & (func.coalesce(users.is_deleted, 0) == 0)
    everybody = connection.execute(
        select(users.id, users.name, users.email, users.role).where(active).order_by(users.id)
    )
    roles = {one[len(ROLE) :].strip().casefold() for one in given if one.casefold().startswith(ROLE)}
    named = {user_id(connection, one) for one in given if not one.casefold().startswith(ROLE)}
    found = {
        row.id: row.name or row.email or row.id
        for row in everybody
        if row.id in named or (row.role and row.role.strip().casefold() in roles)
    }
    if not found:
        raise InvalidInput(f"no active user is {', '.join(given)} (sales_operations.contracting.approvers)")
    return found


def duties(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The obligations that a contract's clauses brought: title, party, due, days."""
    return list(orjson.loads(row["duties"])) if row["duties"] else []

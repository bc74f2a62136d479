"""The contacts of a deal and their roles: added, removed, listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.opportunity import new_id
from sales_operations.process.stages.advance import advance
from sales_operations.store import contacts, identity, lookup, merges, opportunities
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace


def add(
    workspace: Workspace, opportunity_id: str, contact_id: str, role: str | None = None, *, primary: bool = False
) -> list[dict[str, Any]]:
    """Make a contact one of a deal's, in a role beside those that it has there; gives the deal's contacts, as ``listed``.

    A contact has each role once, whatever its case. A primary one becomes the contact in the deal's own row; the one before
    stays a contact, and no other stays primary. Both are record ids, or ids in their sources. Raises NotFound, InvalidInput.
    """
    if role is not None and not (role := role.strip()):
        raise InvalidInput("the role is empty; say what the contact is, such as 'Decision maker', or leave it out")
    with workspace.unit("add contact", shared=True) as unit:
        unit.hold()
        deal = opportunities.row(unit.connection, opportunity_id)
        contact = _contact(unit, contact_id)
        people = contacts.of_deals(unit.connection, [deal])[deal["id"]]
        held = _hold(unit, deal["id"], contact, people.roles.get(contact, []), role, primary)
        if primary:
            _step_back(unit, deal, people, held)
            unit.update("opportunities", deal, {"contact_id": contact, "contact_text": None})
    advance(workspace, [deal["id"]])
    return _of(workspace, deal["id"])


def _contact(unit: Unit, given: str) -> str:
    found = identity.find(unit.connection, "contacts", given)
    if found is not None:
        found = merges.survivors(unit.connection, [found]).get(found, found)
    row = unit.find("contacts", found) if found else None
    if row is None or row["is_deleted"]:
        raise NotFound(f"there is no contact {given!r}")
    return str(row["id"])


def _hold(
    unit: Unit, deal: str, contact: str, rows: list[dict[str, Any]], role: str | None, primary: bool
) -> dict[str, Any]:
    """The record that says so: the one that is there, one without a role that takes this one, or a new one."""
    wanted = (role or "").casefold()
    same = [row for row in rows if role is None or (row["role"] or "").casefold() == wanted]
    found = next(iter(same or [row for row in rows if not row["role"]]), None)
    if found is None:
        return _create(unit, deal, {"contact_id": contact, "role": role, "is_primary": int(primary)})
    changes: dict[str, Any] = {"is_primary": 1} if primary and not found["is_primary"] else {}
    if role is not None and not found["role"]:
        changes["role"] = role
    return unit.update("roles", found, {**changes, "updated_at": unit.now}) if changes else found


def _step_back(unit: Unit, deal: dict[str, Any], people: contacts.People, primary: dict[str, Any]) -> None:
    """Who was primary stays a contact: the one in the deal's own row by a record, where there is none."""
    own = contacts.own(deal)
    before = people.same.get(own, own) if own else None
    if before is not None and before not in (primary["contact_id"], *people.roles):
        _create(unit, deal["id"], {"contact_id" if deal["contact_id"] else "contact_text": before})
    for row in (one for rows in people.roles.values() for one in rows):
        if row["is_primary"] and row["id"] != primary["id"]:
            unit.update("roles", row, {"is_primary": 0, "updated_at": unit.now})


def _create(unit: Unit, deal: str, columns: dict[str, Any]) -> dict[str, Any]:
    made = {"id": new_id("role"), "opportunity_id": deal, "is_primary": 0, "is_deleted": 0, **columns}
    made |= {"created_at": unit.now, "updated_at": unit.now}
    unit.create("roles", made)
    return made


def remove(workspace: Workspace, opportunity_id: str, contact_id: str) -> list[dict[str, Any]]:
    """Take a contact away from a deal, with every role; gives the deal's contacts then. Raises NotFound.

    A contact that no record describes is named by the text that stands for it.
    """
    with workspace.unit("remove contact", shared=True) as unit:
        unit.hold()
        deal = opportunities.row(unit.connection, opportunity_id)
        contact = identity.find(unit.connection, "contacts", contact_id) or contact_id
        contact = merges.survivors(unit.connection, [contact]).get(contact, contact)
        people = contacts.of_deals(unit.connection, [deal])[deal["id"]]
        own = contacts.own(deal)
        is_own = own is not None and contact in (own, people.same.get(own))
        rows = people.roles.get(contact, [])
        if not (rows or is_own):
            raise NotFound(f"{contact_id!r} is no contact of opportunity {deal['id']}")
        for row in rows:
            unit.update("roles", row, {"is_deleted": 1, "updated_at": unit.now})
        if is_own:
            unit.update("opportunities", deal, {"contact_id": None, "contact_text": None})
    return _of(workspace, deal["id"])


def _of(workspace: Workspace, deal: str) -> list[dict[str, Any]]:
    with workspace.reading() as connection:
        return listed(connection, opportunities.row(connection, deal))


def listed(connection: Connection, deal: Mapping[str, Any], until: int | None = None) -> list[dict[str, Any]]:
    """The contacts of a deal: contact_id (None where no record is known), name, roles, is_primary; the primary one first.

    ``deal``: its row, or what its history tells of it. With ``until``, in microseconds, the roles as they were then.
    """
    people = contacts.of_deals(connection, [deal], until)[deal["id"]]
    named = contacts.own(deal)
    own = people.same.get(named, named) if named else None
    flagged = {contact for contact, rows in people.roles.items() if any(row["is_primary"] for row in rows)}
    everyone = dict.fromkeys([*([own] if own else []), *people.roles])
    columns = ("id", "first_name", "last_name", "email")
    known = {row["id"]: row for row in lookup.rows(connection, "contacts", "id", list(everyone), columns)}
    told = [
        {
            "contact_id": contact if contact in known else None,
            "name": _name(known.get(contact)) or contact,
            "roles": [row["role"] for row in people.roles.get(contact, []) if row["role"]],
            "is_primary": contact in flagged if flagged else contact == own,
        }
        for contact in everyone
    ]
    return sorted(told, key=lambda one: not one["is_primary"])


def _name(contact: dict[str, Any] | None) -> str | None:
    if contact is None:
        return None
    full = f"{contact['first_name'] or ''} {contact['last_name'] or ''}".strip()
    return full or contact["email"]

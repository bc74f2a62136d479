"""The contacts of deals: those that have a role there, each person once, whatever the person is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from sales_operations.store import lookup, merges, tables
from sales_operations.store.engine import one_of

Row = Mapping[str, Any]


@dataclass
class People:
    """The contacts of one deal beside the one that stands in its own row.

    ``roles``: contact to its records of the kind ``roles``; the contact is an id, or a text where no record is known.
    ``same``: another id or text to the contact that it means here, None for one that was deleted.
    """

    roles: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    same: dict[str, str | None] = field(default_factory=dict)


def own(deal: Row) -> str | None:
    """The contact in a deal's own row: the id, or else the text."""
    return deal.get("contact_id") or deal.get("contact_text") or None


def of_deals(connection: Connection, deals: Sequence[Row], until: int | None = None) -> dict[str, People]:
    """Deal id to its contacts, for the given rows of deals; a deal may come more than once.

    What was removed, and contacts that were deleted, are left out; a merged contact is its survivor. With ``until``, in
    microseconds, the roles are those of that instant, as far as their dates tell.
    """
    found = {str(deal["id"]): People() for deal in deals}
    rows = [row for row in lookup.rows(connection, "roles", "opportunity_id", list(found)) if _stands(row, until)]
    rows.sort(key=lambda row: (row["created_at"] or 0, row["id"]))
    named = {row["contact_id"] for row in rows} | {deal.get("contact_id") for deal in deals}
    current = _current(connection, {one for one in named if one})
    for row in rows:
        contact = current.get(row["contact_id"], row["contact_id"] or row["contact_text"])
        if contact is not None:
            found[row["opportunity_id"]].roles.setdefault(contact, []).append(row)
    for deal in deals:
        if (contact := deal.get("contact_id")) in current:
            found[deal["id"]].same[contact] = current[contact]
    _add_texts(connection, deals, found)
    return found


def _stands(row: Row, until: int | None) -> bool:
    if until is None:
        return not row["is_deleted"]
    made, ended = row["created_at"], row["updated_at"] if row["is_deleted"] else None
    return (made is None or made <= until) and (not row["is_deleted"] or (ended is not None and ended > until))


def _current(connection: Connection, ids: set[str]) -> dict[str, str | None]:
    """Contact id to the contact that it is now; None where that was deleted."""
    survivors = merges.survivors(connection, ids)
    current = {one: survivors.get(one, one) for one in ids}
    rows = lookup.rows(connection, "contacts", "id", set(current.values()), ("id", "is_deleted"))
    deleted = {row["id"] for row in rows if row["is_deleted"]}
    return {one: None if now in deleted else now for one, now in current.items()}


def _add_texts(connection: Connection, deals: Iterable[Row], found: dict[str, People]) -> None:
    """A deal keeps the text of a contact that its source named before it was known; here it means the person again."""
    texts = {str(deal["id"]): text for deal in deals if not deal.get("contact_id") and (text := own(deal))}
    people = {contact for deal in texts for contact in found[deal].roles}
    if not people:
        return
    ids = tables.external_ids.c
    external = select(ids.external_id, ids.record_id).where(
        ids.kind == "contacts", one_of(connection, ids.record_id, people)
    )
    called = set(map(tuple, connection.execute(external)))
    for deal, text in texts.items():
        meant = [contact for contact in found[deal].roles if (text, contact) in called]
        if len(meant) == 1:
            found[deal].same[text] = meant[0]

"""Who may approve: the people that a rule names, their delegates, and those who may not decide on their own quotes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from sales_operations.domain.errors import InvalidInput, NotAllowed
from sales_operations.settings.approvals import ApprovalRule, Approvals, ApprovalStep
from sales_operations.store import identity, tables

MANAGER = "manager"
ROLE = "role:"


@dataclass(frozen=True)
class Parties:
    """Whose quote it is: the deal's owner, and who asks for approval; ids of users, None where unknown."""

    owner_id: str | None
    requested_by: str | None


def user_id(connection: Connection, given: str) -> str:
    """The user that an e-mail, id or name means. Raises InvalidInput."""
    found = identity.resolve(connection, "users", "", [given]).get(given)
    if found is None:
        raise InvalidInput(f"there is no user {given!r}, or several of that name; give an e-mail or an id")
    return found


def known_user(connection: Connection, given: str) -> str | None:
    """The same, or None."""
    return identity.resolve(connection, "users", "", [given]).get(given)


def name_of(connection: Connection, user: str | None) -> str:
    """What a user is called; empty for nobody."""
    users = tables.RECORDS["users"].c
    named = select(func.coalesce(users.name, users.email, users.id)).where(users.id == user)
    return (connection.execute(named).scalar() or "") if user else ""


def approvers(
    connection: Connection, approvals: Approvals, rule: ApprovalRule, step: ApprovalStep, parties: Parties
) -> list[str]:
    """The ids of the users whom a step asks, in the order in which it names them.

    Who may not approve their own quote is left out; where nobody is left then, the owner's manager is asked.
    Raises InvalidInput where nobody may be asked.
    """
    own = set() if approvals.own_quotes else {parties.owner_id, parties.requested_by}
    named: dict[str, None] = {}
    for entry in step.approvers:
        named.update(dict.fromkeys(_meant(connection, entry, parties.owner_id)))
    active = _active(connection, named)
    chosen = [one for one in named if one in active and one not in own]
    if not chosen and any(one in own for one in named):
        manager = _manager(connection, parties.owner_id)
        chosen = [one for one in _active(connection, [manager] if manager else []) if one not in own]
    if not chosen:
        raise InvalidInput(
            f"approval rule {rule.name!r}: {', '.join(step.approvers)} means no active user who may approve this quote; "
            "change sales_operations.approvals.rules, or the users"
        )
    return chosen


def check_may_decide(
    connection: Connection, approvals: Approvals, approver: str, deciding: str, parties: Parties, today: date
) -> None:
    """Raise NotAllowed where ``deciding`` is neither the approver nor their delegate, or it is the person's own quote."""
    if deciding != approver and approver not in principals(connection, approvals, deciding, today):
        raise NotAllowed(
            f"{name_of(connection, deciding)} may not decide this: it is {name_of(connection, approver)} who is asked, "
            "or who stands under sales_operations.approvals.delegations for them today"
        )
    if not approvals.own_quotes and deciding in (parties.owner_id, parties.requested_by):
        raise NotAllowed(
            f"{name_of(connection, deciding)} may not decide on a quote of their own "
            "(sales_operations.approvals.own_quotes is false)"
        )


def principals(connection: Connection, approvals: Approvals, deciding: str, today: date) -> set[str]:
    """The users in whose place somebody may decide today."""
    valid = [one for one in approvals.delegations if one.first_day <= today <= one.last_day]
    found = identity.resolve(connection, "users", "", {name for one in valid for name in (one.of, one.to)})
    return {found[one.of] for one in valid if found.get(one.to) == deciding and one.of in found}


def _meant(connection: Connection, entry: str, owner: str | None) -> list[str]:
    if entry.casefold() == MANAGER:
        manager = _manager(connection, owner)
        return [manager] if manager else []
    if entry.casefold().startswith(ROLE):
        users = tables.RECORDS["users"].c
        role = entry[len(ROLE) :].strip().casefold()
        rows = connection.execute(select(users.id, users.role).where(users.role.is_not(None)).order_by(users.id))
        return [row.id for row in rows if row.role.strip().casefold() == role]
    found = known_user(connection, entry)
    return [found] if found else []


def _manager(connection: Connection, owner: str | None) -> str | None:
    users = tables.RECORDS["users"].c
    return connection.execute(select(users.manager_id).where(users.id == owner)).scalar() if owner else None


def _active(connection: Connection, ids: Iterable[str]) -> list[str]:
    users = tables.RECORDS["users"].c
    wanted = list(ids)
    active = (func.coalesce(users.is_active, 1) == 1) & (func.coalesce(users.is_deleted, 0) == 0)
    rows = connection.execute(select(users.id).where(users.id.in_(wanted), active)) if wanted else ()
    found = {row.id for row in rows}
    return [one for one in wanted if one in found]

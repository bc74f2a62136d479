"""Who a notification's recipient is: a user, called by id, e-mail address or name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from sales_operations.store import tables


def user_called(connection: Connection, recipient: str) -> Row[Any, Any, Any] | None:
    """Id, name and e-mail address of the one user who is called so; None for nobody, and for more than one."""
    users = tables.RECORDS["users"].c
    called = or_(users.id == recipient, func.lower(users.email) == recipient.strip().lower(), users.name == recipient)
    found = connection.execute(select(users.id, users.name, users.email).where(called).limit(2)).all()
    return found[0] if len(found) == 1 else None


def user_of_id(connection: Connection, user_id: str) -> Row[Any, Any, Any] | None:
    """The same for a user's id."""
    users = tables.RECORDS["users"].c
    return connection.execute(select(users.id, users.name, users.email).where(users.id == user_id)).first()

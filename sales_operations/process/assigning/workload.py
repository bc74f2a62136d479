"""How much open work everybody has: read once from a store, then kept up with it by sequence number."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, select

from sales_operations.domain.lead import CLOSED_STATUSES
from sales_operations.store import tables
from sales_operations.store.engine import one_of

_ALL_DEALS = """
SELECT id, owner_id FROM opportunities WHERE status = 'open' AND owner_id IS NOT NULL AND coalesce(is_deleted, 0) = 0
"""
_CHANGED_DEALS = "SELECT id, owner_id, status, is_deleted FROM opportunities WHERE seq > {mark}"
_IN_HAND = "SELECT DISTINCT lead_id FROM assignments WHERE in_hand = 1 AND seq > {mark}"


class Workload:
    """Open deals, and leads that were assigned here and are not converted yet, of every user."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self._in_hand: dict[str, str] = {}
        self._deals: Counter[str] = Counter()
        self._leads: Counter[str] = Counter()

    def read(self, connection: Connection) -> None:
        """Count everything."""
        self._owners = dict(connection.exec_driver_sql(_ALL_DEALS).all())
        self._deals = Counter(self._owners.values())
        self._in_hand, self._leads = {}, Counter()
        self.follow_leads(connection, -1)

    def follow_deals(self, connection: Connection, since: int) -> None:
        """Take in the deals that changed after the sequence number ``since``."""
        for deal, owner, status, is_deleted in _run(connection, _CHANGED_DEALS, since):
            _move(self._owners, self._deals, deal, owner if status == "open" and not is_deleted else None)

    @property
    def has_leads(self) -> bool:
        """Whether any lead is open work."""
        return bool(self._in_hand)

    def of(self, user: str) -> int:
        """Open deals and leads in hand of a user."""
        return self._deals[user] + self._leads[user]

    def in_hand(self, lead: str) -> str | None:
        """Whose open work a lead is."""
        return self._in_hand.get(lead)

    def follow_leads(self, connection: Connection, since: int) -> None:
        """Take in the leads that were assigned or changed after the sequence number ``since``."""
        fresh = {lead for (lead,) in _run(connection, _IN_HAND, since)}
        leads = tables.leads.c
        statement = select(leads.id, leads.owner_id, leads.converted_at, leads.status, leads.is_deleted)
        rows: list[Any] = []
        if fresh:
            rows += connection.execute(statement.where(one_of(connection, leads.id, fresh))).all()
        if self._in_hand:
            rows += connection.execute(statement.where(leads.seq > since)).all()
        for row in rows:
            if row.id in fresh or row.id in self._in_hand:
                closed = row.converted_at is not None or (row.status or "").casefold() in CLOSED_STATUSES
                _move(self._in_hand, self._leads, row.id, None if closed or row.is_deleted else row.owner_id)


def _move(owners: dict[str, str], counts: Counter[str], record: str, owner: str | None) -> None:
    before = owners.pop(record, None)
    if before is not None:
        counts[before] -= 1
    if owner is not None:
        owners[record] = owner
        counts[owner] += 1


def _run(connection: Connection, statement: str, since: int) -> Any:
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    return connection.exec_driver_sql(statement.format(mark=mark), (since,)).all()

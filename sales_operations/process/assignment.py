"""Who gets a new deal: the lead's own rep, or else the active rep with the least open work for their capacity."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select

from sales_operations.store import tables

_SELLS = re.compile(r"rep|sales|seller|agent|account exec|\b(ae|sdr|bdr)\b", re.IGNORECASE)


@dataclass
class Candidate:
    """A rep who can be given deals: open deals now, deals per unit of capacity decide."""

    user_id: str
    name: str
    capacity: int
    open_deals: int

    @property
    def load(self) -> float:
        """Open deals per unit of capacity."""
        return self.open_deals / self.capacity


@dataclass(frozen=True)
class Assignment:
    """Who was chosen (None: nobody), why, and between whom."""

    user_id: str | None
    name: str
    grounds: dict[str, Any] = field(default_factory=dict)


class Assigner:
    """Hands out deals one by one and counts each as open work, so that a batch is spread evenly.

    Candidates are the active users with capacity who lead nobody, and of them those whose role says that they sell, where
    any does (all active users where that leaves none). Ties go to the rep whose
    name, then id, comes first: the same input gives the same answer.
    """

    def __init__(self, connection: Connection) -> None:
        users, deals = tables.RECORDS["users"].c, tables.opportunities.c
        rows = connection.execute(
            select(
                users.id,
                func.coalesce(users.name, users.email, users.id).label("name"),
                users.capacity,
                users.manager_id,
                users.role,
            )
            .where(
                func.coalesce(users.is_active, 1) == 1,
                func.coalesce(users.is_deleted, 0) == 0,
                func.coalesce(users.capacity, 1) > 0,
            )
            .order_by("name", users.id)
        ).all()
        counted = connection.execute(
            select(deals.owner_id, func.count())
            .where(deals.status == "open", func.coalesce(deals.is_deleted, 0) == 0, deals.owner_id.is_not(None))
            .group_by(deals.owner_id)
        )
        working: dict[str, int] = dict(counted.all())
        leading = {row.manager_id for row in rows}
        reps = [row for row in rows if row.id not in leading] or list(rows)
        chosen = [row for row in reps if row.role and _SELLS.search(row.role)] or reps
        self.candidates = [Candidate(row.id, row.name, row.capacity or 1, working.get(row.id, 0)) for row in chosen]
        self._active = {row.id: row.name for row in rows}

    def assign(self, owner_id: str | None) -> Assignment:
        """Choose a rep for a lead whose present owner is ``owner_id``."""
        if owner_id in self._active:
            self._count(owner_id)
            return Assignment(owner_id, self._active[owner_id], {"rule": "owner of the lead"})
        if not self.candidates:
            return Assignment(None, "", {"rule": "least loaded", "reason": "the store has no active users"})
        best = min(self.candidates, key=lambda candidate: candidate.load)
        closest = sorted(self.candidates, key=lambda candidate: candidate.load)[:5]
        grounds = {
            "rule": "least loaded",
            "candidates": len(self.candidates),
            "closest": [
                {"sales_rep": one.name, "open_deals": one.open_deals, "capacity": one.capacity} for one in closest
            ],
        }
        self._count(best.user_id)
        return Assignment(best.user_id, best.name, grounds)

    def _count(self, user_id: str | None) -> None:
        for candidate in self.candidates:
            if candidate.user_id == user_id:
                candidate.open_deals += 1

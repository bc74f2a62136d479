"""The stores as the outside sees them: asynchronous faces over the rows of the store room."""

from __future__ import annotations

import asyncio
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Connection, func, select

from sales_operations.domain.clock import AsOf, parse_as_of
from sales_operations.domain.errors import NotFound
from sales_operations.domain.events import derive
from sales_operations.domain.lead import Lead
from sales_operations.domain.opportunity import Opportunity
from sales_operations.domain.stages import DEFAULT_PIPELINE, OpportunityStage
from sales_operations.process.stages.advance import advance
from sales_operations.store import history, identity, leads, opportunities, tables
from sales_operations.workspace import Workspace, open_workspace


class OpportunityStore:
    """Deals, kept with their whole history. ``config``: a raw mapping, settings, an open workspace, or nothing."""

    def __init__(self, config: Any = None) -> None:
        self.workspace = open_workspace(config, create=True)

    async def create_opportunity(self, opportunity: Opportunity) -> None:
        """Add a deal and set its ``metadata['version']``. Raises Conflict where the id exists, InvalidInput."""
        await asyncio.to_thread(self._write, opportunity, opportunities.create, "create_opportunity")

    async def get_opportunity(self, opportunity_id: str, as_of: str | None = None) -> Opportunity:
        """The deal of this record id or external id, as it is, or was at ``as_of``. Raises NotFound, InvalidInput."""
        return await asyncio.to_thread(self._get, opportunity_id, as_of)

    async def update_opportunity(self, opportunity: Opportunity, *, override: str | None = None) -> None:
        """Write a deal that was read before, and set its new ``metadata['version']``.

        Raises Conflict where somebody else wrote it since, so that no update is lost, and GateUnmet where the deal moves and
        its pipeline asks for more; ``override`` says why it may move all the same.
        """
        write = partial(opportunities.update, override=override)
        await asyncio.to_thread(self._write, opportunity, write, "update_opportunity")

    async def list_opportunities(self, stage: OpportunityStage | str | None = None) -> list[Opportunity]:
        """All deals, oldest first; of one canonical stage, or its value, where given. Raises NotFound."""
        return await asyncio.to_thread(self._list, stage)

    def _write(self, opportunity: Opportunity, write: Any, cause: str) -> None:
        workspace = self.workspace
        pipeline = workspace.pipeline(opportunity.metadata.get("pipeline"))
        with workspace.unit(cause, shared=True) as unit:
            write(unit, opportunity, pipeline, workspace.settings.company.currency)
        advance(workspace, [opportunity.opportunity_id])
        stored = self._get(opportunity.opportunity_id)
        opportunity.stage, opportunity.probability = stored.stage, stored.probability
        opportunity.status, opportunity.close_date = stored.status, stored.close_date
        opportunity.created_at, opportunity.updated_at = stored.created_at, stored.updated_at
        opportunity.metadata.clear()
        opportunity.metadata.update(stored.metadata)

    def _get(self, opportunity_id: str, as_of: str | None = None) -> Opportunity:
        with self.workspace.reading() as connection:
            if as_of is None:
                return opportunities.get(connection, opportunity_id)
            at = parse_as_of(as_of, self.workspace.settings.company.timezone)
            return _as_it_was(connection, opportunity_id, at)

    def _list(self, stage: OpportunityStage | str | None) -> list[Opportunity]:
        wanted = None if stage is None else DEFAULT_PIPELINE.find(stage).canonical
        with self.workspace.reading() as connection:
            return opportunities.listing(connection, wanted)


def _as_it_was(connection: Connection, given: str, at: AsOf) -> Opportunity:
    """The deal as its history, all that is known of it by now, tells it of that instant."""
    found = identity.find(connection, "opportunities", given)
    events = history.of_deals(connection, [found])[found] if found else []
    state = derive(events, at.micros) if events else {}
    if not state or state.get("is_deleted"):
        raise NotFound(f"there is no opportunity {given!r} as of {at.shown}")
    users, accounts = tables.RECORDS["users"].c, tables.RECORDS["accounts"].c
    owner = select(func.coalesce(users.name, users.email)).where(users.id == state.get("owner_id"))
    account = select(accounts.name).where(accounts.id == state.get("account_id"))
    row = SimpleNamespace(
        **dict.fromkeys(tables.COLUMNS["opportunities"])
        | state
        | {
            "id": found,
            "status": OpportunityStage(state["stage"]).status.value,
            "owner_name": connection.execute(owner).scalar(),
            "account_name": connection.execute(account).scalar(),
            "seq": max(event.seq for event in events if event.occurred_at <= at.micros),
        }
    )
    return opportunities.to_opportunity(cast(Any, row))


class LeadStore:
    """Leads. ``config``: a raw mapping, settings, an open workspace, or nothing."""

    def __init__(self, config: Any = None) -> None:
        self.workspace: Workspace = open_workspace(config, create=True)

    async def get_lead(self, lead_id: str) -> Lead:
        """The lead of this record id or external id. Raises NotFound."""
        return await asyncio.to_thread(self._get, lead_id)

    def _get(self, lead_id: str) -> Lead:
        with self.workspace.reading() as connection:
            return leads.get(connection, lead_id)

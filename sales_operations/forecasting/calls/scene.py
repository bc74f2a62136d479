"""All that a period's calls are seen with at one instant: the organisation, the deals, the calls that stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sales_operations.domain.clock import AsOf
from sales_operations.domain.periods import Period
from sales_operations.forecasting.calls.deals import Deals, Said
from sales_operations.forecasting.calls.organisation import Key, Organisation
from sales_operations.forecasting.calls.quotas import quotas
from sales_operations.forecasting.calls.rollup import Place, roll_up
from sales_operations.forecasting.calls.standing import standing
from sales_operations.store import calls as stored
from sales_operations.workspace import Workspace

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Scene:
    """``said``: owner to what the deals say; ``quotas``: place to quota, None where its currency has no rate."""

    period: Period
    at: AsOf
    organisation: Organisation
    deals: Deals
    said: dict[Key, Said]
    quotas: dict[Key, int | None]
    places: dict[Key, Place]


def organisation_of(workspace: Workspace) -> Organisation:
    """Who reports to whom, as the store says now."""
    with workspace.reading() as connection:
        users, teams = stored.users(connection), stored.teams(connection)
    return Organisation(users, teams, workspace.settings.company.name)


def scene(workspace: Workspace, db: duckdb.DuckDBPyConnection, period: Period, at: AsOf) -> Scene:
    """The period as it is known at ``at``; quotas and the organisation are those of now."""
    settings = workspace.settings
    organisation = organisation_of(workspace)
    with workspace.reading() as connection:
        rows = stored.made_until(connection, at.micros, period.name, period.start.isoformat())
    deals = Deals(db, settings, at)
    said = deals.of(period)
    for key in said:
        organisation.key(*key, name=deals.names[key])
    held = quotas(db, organisation, period)
    calls = standing(rows, organisation, deals.rates(), settings.company.currency)
    return Scene(period, at, organisation, deals, said, held, roll_up(organisation, said, calls))

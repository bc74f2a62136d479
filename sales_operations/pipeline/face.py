"""What the five classes of this package share: the way from a configuration and a date to the deals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sales_operations.domain.clock import AsOf, as_of_now, parse_as_of
from sales_operations.domain.periods import Period, parse_period
from sales_operations.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from sales_operations.pipeline.state import State

Result = dict[str, Any]
Compute = Callable[["State"], Result]


class Face:
    """Holds the open workspace of a configuration: the raw mapping, settings, a workspace, or None for the defaults."""

    def __init__(self, config: Any = None) -> None:
        self.workspace = open_workspace(config)

    def period(self, label: str) -> Period:
        """The period of a label, of the company's fiscal year where it says so: see ``domain.periods.parse_period``."""
        return parse_period(label, self.workspace.settings.company.fiscal_year_start)

    async def _look(self, as_of: str | None, known_at: str | None, compute: Compute) -> Result:
        """What ``compute`` makes of the deals at ``as_of`` as known at ``known_at``, in a thread: the event loop stays free."""
        return await asyncio.to_thread(self._look_now, as_of, known_at, compute)

    def _look_now(self, as_of: str | None, known_at: str | None, compute: Compute) -> Result:
        # Narwhals and DuckDB load here, so that importing the classes stays quick.
        from sales_operations.pipeline.state import State

        workspace, settings = self.workspace, self.workspace.settings
        at = instant_of(workspace, as_of)
        known = None if known_at is None else parse_as_of(known_at, settings.company.timezone, "known_at")
        with workspace.columns() as db:
            return compute(State(db, settings, at, present=as_of is None, made_at=workspace.clock(), known_at=known))


def instant_of(workspace: Workspace, as_of: str | None, name: str = "as_of") -> AsOf:
    """The instant that a caller means; None means now. ``name`` is what an error calls it."""
    zone = workspace.settings.company.timezone
    return as_of_now(workspace.clock, zone) if as_of is None else parse_as_of(as_of, zone, name)


def off(section: str) -> Result:
    """The result of a section that the configuration turns off."""
    return {"enabled": False, "reason": f"pipeline_management.{section}.enabled is false"}

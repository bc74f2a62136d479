"""Warnings that are kept: raised once for as long as they hold, told to the rep once, acknowledged or put off."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sales_operations.domain.clock import AsOf, as_of_now, iso
from sales_operations.domain.errors import InvalidInput, NotFound
from sales_operations.domain.opportunity import new_id
from sales_operations.effects.notifications import notify
from sales_operations.pipeline.warning_kinds import KINDS
from sales_operations.store import insights
from sales_operations.store.unit import Unit
from sales_operations.workspace import Workspace

EVENT = "insight.raised"
TOLD = 10
"""At most so many new warnings are written out in one message; it says how many there are."""
VARIANCE = "forecast_variance"
"""The finding that is kept, for a kind of period, while its forecasts are off by more than chance explains."""
STATES = ("open", "snoozed", "acknowledged", "over")

Key = tuple[str, str | None, str | None]
"""Warning, deal, period: what a kept warning is about."""


@dataclass(frozen=True)
class Raised:
    """A warning that holds: of what, why, and whom to tell; None where nobody owns the deal."""

    called: str
    explanation: str
    sales_rep: str | None


def check(workspace: Workspace) -> int:
    """Raise what holds and is not kept yet, end what holds no longer, and tell each rep of the new ones in one message.

    All in one transaction; a warning is raised once for as long as it holds at every check. Gives how many were raised.
    """
    if not workspace.settings.pipeline_management.insights.enabled:
        return 0
    holding = _holding(workspace)
    with workspace.unit("insights checked") as unit:
        unit.hold()
        kept = {_key(row): row for row in insights.holding(unit.connection)}
        for key, row in kept.items():
            if key not in holding:
                unit.update("insights", row, {"ended_at": unit.now})
        new = {key: one for key, one in holding.items() if key not in kept}
        for key, one in new.items():
            unit.create("insights", _row(unit, key, one))
        _tell(unit, new)
    return len(new)


def acknowledge(workspace: Workspace, insight_id: str, actor: str | None = None) -> dict[str, Any]:
    """Note that somebody has seen to it: it is not shown as open any more, for as long as it holds. Raises NotFound.

    One that is acknowledged already stays so.
    """
    with workspace.unit("insight acknowledged", actor) as unit:
        row = _held(unit, insight_id)
        if row["acknowledged_at"] is None:
            row = unit.update("insights", row, {"acknowledged_at": unit.now, "acknowledged_by": unit.actor})
    return shown(row, as_of_now(workspace.clock, workspace.settings.company.timezone))


def snooze(workspace: Workspace, insight_id: str, until: str, actor: str | None = None) -> dict[str, Any]:
    """Put it off: it is open again from the day ``until`` (YYYY-MM-DD) on, if it still holds. Raises NotFound, InvalidInput."""
    now = as_of_now(workspace.clock, workspace.settings.company.timezone)
    try:
        day = date.fromisoformat(until)
    except ValueError:
        raise InvalidInput(f"until: {until!r} is no date; write it as 2026-01-31") from None
    if day <= now.day:
        raise InvalidInput(f"until: {until} is not after today, {now.day}")
    with workspace.unit("insight snoozed", actor) as unit:
        row = _held(unit, insight_id)
        changes = {"snoozed_until": day.isoformat(), "acknowledged_at": None, "acknowledged_by": None}
        row = unit.update("insights", row, changes)
    return shown(row, now)


def listing(
    workspace: Workspace, *, state: str = "open", warning: str | None = None, limit: int = 50, as_of: AsOf | None = None
) -> list[dict[str, Any]]:
    """Kept warnings, the newest first, as callers see them; ``state``: one of ``STATES``, or all. Raises InvalidInput.

    With ``as_of``, those raised by then, as far as they had ended by then; what people did with them is shown as it is.
    """
    if state not in (*STATES, "all"):
        raise InvalidInput(f"state {state!r} is none of {', '.join((*STATES, 'all'))}")
    at = as_of or as_of_now(workspace.clock, workspace.settings.company.timezone)
    with workspace.reading() as connection:
        rows = [shown(row, at) for row in insights.raised_until(connection, at.micros, warning)]
    return [row for row in rows if state in ("all", row["state"])][:limit]


def marked(workspace: Workspace, found: dict[str, Any]) -> dict[str, Any]:
    """Findings of now, in which each deal with a kept warning has it as ``insight``: its insight_id and state."""
    now = as_of_now(workspace.clock, workspace.settings.company.timezone)
    with workspace.reading() as connection:
        kept = {_key(row): shown(row, now) for row in insights.holding(connection)}
    for name, finding in found.items():
        for deal in finding["deals"] if name in KINDS else ():
            if (one := kept.get((name, deal["opportunity_id"], None))) is not None:
                deal["insight"] = {"insight_id": one["insight_id"], "state": one["state"]}
    return found


def shown(row: dict[str, Any], at: AsOf) -> dict[str, Any]:
    """A kept warning as callers see it at an instant."""
    over = row["ended_at"] is not None and row["ended_at"] <= at.micros
    snoozed = row["snoozed_until"] is not None and at.day < date.fromisoformat(row["snoozed_until"])
    acknowledged = row["acknowledged_at"] is not None
    return {
        "insight_id": row["id"],
        "warning": row["warning"],
        "opportunity_id": row["opportunity_id"],
        "period": row["period"],
        "explanation": row["explanation"],
        "state": "over" if over else "acknowledged" if acknowledged else "snoozed" if snoozed else "open",
        "raised_at": iso(row["raised_at"]),
        "ended_at": iso(row["ended_at"]) if over else None,
        "acknowledged_at": iso(row["acknowledged_at"]) if acknowledged else None,
        "acknowledged_by": row["acknowledged_by"],
        "snoozed_until": row["snoozed_until"],
    }


def _holding(workspace: Workspace) -> dict[Key, Raised]:
    """What holds now."""
    from sales_operations.pipeline.alerts.found import GAP, gap_told, raised
    from sales_operations.pipeline.state import State
    from sales_operations.pipeline.variance import drifting, kept_until
    from sales_operations.pipeline.watch import Watch

    settings = workspace.settings
    insights = settings.pipeline_management.insights
    wanted = insights.warnings
    at = as_of_now(workspace.clock, settings.company.timezone)
    with workspace.columns() as db:
        watch = Watch(State(db, settings, at, present=True, made_at=workspace.clock()))
        found: dict[Key, Raised] = {
            (name, deal, None): Raised(called, explanation, rep)
            for name, deal, called, explanation, rep in raised(watch, wanted)
        }
        if GAP in wanted and (gap := gap_told(watch)) is not None:
            found[GAP, None, gap[0]] = Raised(gap[0], gap[1], None)
        if VARIANCE in insights.alerts:
            told = drifting(watch.state, kept_until(workspace, watch.state))
            found |= {(VARIANCE, None, period): Raised(period, says, None) for period, says in told.items()}
    return found


def _key(row: dict[str, Any]) -> Key:
    return row["warning"], row["opportunity_id"], row["period"]


def _row(unit: Unit, key: Key, one: Raised) -> dict[str, Any]:
    warning, deal, period = key
    return {
        "id": new_id("insight"),
        "warning": warning,
        "opportunity_id": deal,
        "period": period,
        "explanation": one.explanation,
        "raised_at": unit.now,
        "ended_at": None,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "snoozed_until": None,
    }


def _tell(unit: Unit, new: dict[Key, Raised]) -> None:
    """One message to each rep about the new warnings of their deals."""
    of_rep: defaultdict[str, list[tuple[Key, Raised]]] = defaultdict(list)
    for key, one in new.items():
        if one.sales_rep is not None:
            of_rep[one.sales_rep].append((key, one))
    for rep, found in sorted(of_rep.items()):
        count = len(found)
        lines = [
            f"{one.called} ({deal}), {warning.replace('_', ' ')}: {one.explanation}"
            for (warning, deal, _), one in found[:TOLD]
        ]
        if count > TOLD:
            lines.append(f"and {count - TOLD} more: sales-operations insights list")
        subject = "1 new warning about your deals" if count == 1 else f"{count} new warnings about your deals"
        values = {"count": count, "warnings": sorted({warning for (warning, _, _), _ in found})}
        only = found[0][0][1] if count == 1 else None
        notify(unit, rep, subject, "\n".join(lines), only, event=EVENT, values=values)


def _held(unit: Unit, insight_id: str) -> dict[str, Any]:
    """The kept warning, which nobody else changes until the end of the unit. Raises NotFound, InvalidInput."""
    unit.hold()
    row = unit.find("insights", insight_id)
    if row is None:
        raise NotFound(f"there is no insight {insight_id!r}; 'sales-operations insights list' shows them")
    if row["ended_at"] is not None:
        raise InvalidInput(f"insight {insight_id} is over: it does not hold since {iso(row['ended_at'])}")
    return row

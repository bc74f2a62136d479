"""Where a deal stands after a move: stage, probability, close date and reason. What the step sets off is ``transition``'s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, select

from sales_operations.domain.clock import day_of
from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.stages import REASONS, OpportunityStage, Pipeline, PipelineStage
from sales_operations.settings import Settings
from sales_operations.store import tables
from sales_operations.store.unit import Unit

DAYS_AFTER_REOPENING = 90
"""Days to the close date of a reopened deal whose former one has passed."""
_CLOSED = tuple(REASONS)


@dataclass
class Moved:
    """What became of many deals: new rows of those that moved, and by id the reasons why others may not."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    blocked: dict[str, tuple[str, ...]] = field(default_factory=dict)


def pipeline_of(settings: Settings, deal: dict[str, Any], pipeline: str | None = None) -> Pipeline:
    """The pipeline that a move leads to: the named one, else the deal's own. Raises NotFound for an unknown name."""
    return settings.pipeline(pipeline) if pipeline else settings.known_pipeline(deal["pipeline"])


def stands_in(deal: dict[str, Any], stage: PipelineStage, pipeline: str | None) -> bool:
    """Whether a deal stands in that stage already, and in that pipeline where one is named."""
    there = deal["pipeline_stage"] == stage.name and deal["stage"] == stage.canonical.value
    return there and (pipeline is None or (deal["pipeline"] or "").casefold() == pipeline.casefold())


def enter(
    unit: Unit,
    settings: Settings,
    deal: dict[str, Any],
    stage: OpportunityStage | str,
    *,
    reason: str | None = None,
    override: str | None = None,
    pipeline: str | None = None,
) -> dict[str, Any]:
    """Move a deal that was read in this unit, and give its new row; nothing else happens because of it.

    A deal that stands there already stays as it is, but for a ``reason`` that it gets. Raises NotFound for an unknown stage
    or pipeline, GateUnmet where a gate refuses and ``override`` does not say why to pass it, InvalidInput for a reason of a
    move that closes nothing.
    """
    changes = changes_of(unit.connection, unit.now, settings, deal, stage, reason=reason, pipeline=pipeline)
    return unit.update("opportunities", deal, changes, override=override) if changes else deal


def enter_many(
    unit: Unit,
    settings: Settings,
    deals: Sequence[dict[str, Any]],
    stage: OpportunityStage | str,
    *,
    reason: str | None = None,
    override: str | None = None,
    pipeline: str | None = None,
) -> Moved:
    """The same for many deals: gates are asked once for all, and a deal that one refuses stays where it is."""
    pairs = [
        (one, changes_of(unit.connection, unit.now, settings, one, stage, reason=reason, pipeline=pipeline))
        for one in deals
    ]
    pairs = [(deal, changes) for deal, changes in pairs if changes]
    moved = Moved()
    for (deal, changes), reasons in zip(pairs, unit.judge(pairs), strict=True):
        if reasons and override is None:
            moved.blocked[deal["id"]] = reasons
        else:
            moved.rows.append(unit.update("opportunities", deal, changes, override=override))
    return moved


def changes_of(
    connection: Connection,
    now: int,
    settings: Settings,
    deal: dict[str, Any],
    wanted: OpportunityStage | str,
    *,
    reason: str | None = None,
    pipeline: str | None = None,
) -> dict[str, Any]:
    """The columns that a move sets, ``now`` in microseconds; none where the deal stands there and nothing is said of it.

    Raises as ``enter``, but asks no gate.
    """
    target = pipeline_of(settings, deal, pipeline)
    stage = target.find(wanted)
    given = {} if reason is None else {_reason_field(stage, reason): reason.strip()}
    if stands_in(deal, stage, target.name if pipeline else None):
        return given
    changes: dict[str, Any] = {
        "pipeline_stage": stage.name,
        "stage": stage.canonical.value,
        "probability": stage.probability,
        "forecast_category": stage.category,
        **given,
    }
    if pipeline:
        changes["pipeline"] = target.name
    today = day_of(now, settings.company.timezone)
    if stage.canonical.is_closed:
        changes["close_date"] = today.isoformat()
    elif deal["stage"] in _CLOSED:
        changes["close_date"] = _due(connection, deal, today)
    return changes


def _reason_field(stage: PipelineStage, reason: str) -> str:
    name = REASONS.get(stage.canonical.value)
    if name is None:
        raise InvalidInput(f"a reason is for a deal that is won or lost; {stage.name} is an open stage: leave it out")
    if not reason.strip():
        raise InvalidInput("the reason is empty; say why in a few words, or leave it out")
    return name


def _due(connection: Connection, deal: dict[str, Any], today: date) -> str:
    """When a reopened deal may close: on the day it was expected to before it closed, where that lies ahead."""
    events = tables.events.c
    closings = (
        select(events.previous)
        .where(events.opportunity_id == deal["id"], events.stage.in_(_CLOSED), events.previous.is_not(None))
        .order_by(events.seq.desc())
        .limit(1)
    )
    previous = connection.execute(closings).scalar()
    expected = orjson.loads(previous).get("close_date") if previous else None
    later = [day for day in (expected, deal["close_date"]) if day and day > today.isoformat()]
    return later[0] if later else (today + timedelta(days=DAYS_AFTER_REOPENING)).isoformat()

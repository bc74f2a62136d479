"""The step that the program takes by itself: from lead to qualified, once a deal meets the criteria.

These are the exit criteria of the deal's stage where its pipeline declares some, else an amount, a contact and an activity.
The gates bind here as anywhere. A deal is moved so only once: what a person took back is left to people.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from sales_operations.domain.clock import to_micros
from sales_operations.domain.criteria import NOTHING, QUALIFICATION, Exit, Facts, unmet
from sales_operations.domain.stages import OpportunityStage, OpportunityStatus, Pipeline
from sales_operations.process.stages.moves import enter_many, pipeline_of
from sales_operations.settings import Settings
from sales_operations.store import tables
from sales_operations.store.engine import one_of
from sales_operations.store.gates import facts
from sales_operations.workspace import Workspace

ACTOR = "sales-operations"
_LEAD, _QUALIFIED = OpportunityStage.LEAD, OpportunityStage.QUALIFIED
_CHUNK = 1_000


def work(workspace: Workspace) -> int:
    """Move on every deal that is ready; gives their number. Does nothing where the configuration does not ask for it."""
    if not _wanted(workspace.settings):
        return 0
    deals = tables.opportunities.c
    waiting = select(deals.id).where(
        deals.stage == _LEAD.value,
        deals.status == OpportunityStatus.OPEN.value,
        func.coalesce(deals.is_deleted, 0) == 0,
    )
    with workspace.reading() as connection:
        ids = [row[0] for row in connection.execute(waiting.order_by(deals.id))]
    return sum(advance(workspace, ids[start : start + _CHUNK]) for start in range(0, len(ids), _CHUNK))


def advance(workspace: Workspace, opportunity_ids: Sequence[str]) -> int:
    """The same for some deals, such as those that just changed."""
    if not _wanted(workspace.settings):
        return 0
    with workspace.reading() as connection:
        ready = _ready(connection, workspace.settings, opportunity_ids, to_micros(workspace.clock()))
    if not ready:
        return 0
    with workspace.unit("auto transition", ACTOR) as unit:
        unit.hold()  # what was found ready without it may have changed
        rows = _ready(unit.connection, workspace.settings, [deal["id"] for deal in ready], unit.now)
        return len(enter_many(unit, workspace.settings, rows, _QUALIFIED).rows)


def _wanted(settings: Settings) -> bool:
    step = settings.process_automation.stage_transitions.lead_to_qualified
    return step.enabled and step.auto_transition


def _ready(connection: Connection, settings: Settings, ids: Collection[str], now: int) -> list[dict[str, Any]]:
    """Those of the deals that stand in lead, never stood further on, and meet the criteria."""
    events = tables.events.c
    further = select(events.opportunity_id).where(
        one_of(connection, events.opportunity_id, ids), events.stage.is_not(None), events.stage != _LEAD.value
    )
    known = {row[0] for row in connection.execute(further.distinct())}
    table = tables.opportunities
    rows = connection.execute(
        select(table)
        .where(one_of(connection, table.c.id, [deal for deal in ids if deal not in known]))
        .order_by(table.c.id)
    )
    waiting: list[tuple[dict[str, Any], Exit]] = []
    for row in rows:
        deal = dict(zip(tables.COLUMNS["opportunities"], row, strict=True))
        pipeline = pipeline_of(settings, deal)
        if deal["stage"] == _LEAD.value and not deal["is_deleted"] and _leads_to_qualified(pipeline):
            waiting.append((deal, _criteria(pipeline, deal)))
    known_of = facts(connection, [deal for deal, _ in waiting], [wanted for _, wanted in waiting], now)
    return [deal for deal, wanted in waiting if not unmet(wanted, deal, known_of.get(deal["id"], Facts()), now)]


def _leads_to_qualified(pipeline: Pipeline) -> bool:
    return any(stage.canonical is _QUALIFIED for stage in pipeline.stages)


def _criteria(pipeline: Pipeline, deal: dict[str, Any]) -> Exit:
    place = pipeline.standing(deal["pipeline_stage"], deal["stage"])
    own = NOTHING if place is None else pipeline.stages[place].exit
    return QUALIFICATION if own == NOTHING else own

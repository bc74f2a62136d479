"""What became of the gates: who passed one and why, whether one was gone round, and closed deals that nobody explained."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection, case, func, or_, select

from sales_operations.domain.clock import iso
from sales_operations.domain.events import Event
from sales_operations.domain.stages import NOT_GIVEN, REASONS
from sales_operations.settings import Settings
from sales_operations.store import history, tables
from sales_operations.store.audit import Finding
from sales_operations.store.gates import Gates, digest

_CHUNK = 1_000


def overrides(connection: Connection, opportunity_id: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Moves that passed a gate by an override, newest first: the deal, from, to, what was missing, why, who, when."""
    passages, audit = tables.RECORDS["passages"].c, tables.audit.c
    statement = (
        select(tables.RECORDS["passages"], audit.actor)
        .join(tables.audit, audit.seq == passages.seq)
        .where(passages.override.is_not(None))
        .order_by(passages.seq.desc())
        .limit(limit)
    )
    if opportunity_id is not None:
        statement = statement.where(passages.opportunity_id == opportunity_id)
    return [
        {
            "opportunity_id": row.opportunity_id,
            "pipeline": row.pipeline,
            "from": row.stage_left,
            "to": row.stage,
            "unmet": orjson.loads(row.unmet),
            "override": row.override,
            "actor": row.actor,
            "at": iso(row.created_at),
        }
        for row in connection.execute(statement)
    ]


def unmet_without_override(connection: Connection, settings: Settings) -> list[Finding]:
    """Moves that passed a gate without having what it asks for and without an override; none, unless somebody went round it.

    A passage that lacks its override is one. So is a move past a gate that no passage tells of, from the first time on that
    the gates of its pipeline, as they are configured now, were asked: before that, they were others.
    """
    passages = tables.RECORDS["passages"].c
    bare = select(passages.seq, passages.opportunity_id, passages.stage).where(
        passages.unmet.is_not(None), func.trim(func.coalesce(passages.override, "")) == ""
    )
    findings = [
        Finding(row.seq, f"opportunities {row.opportunity_id} went to {row.stage} past a gate, without an override")
        for row in connection.execute(bare.order_by(passages.seq))
    ]
    asked = select(passages.gates, func.min(passages.created_at)).group_by(passages.gates)
    since: dict[str, int] = dict(connection.execute(asked).all())
    gates = Gates(settings)
    if not gates.exist or not since:
        return findings
    events = tables.events.c
    changed = select(events.opportunity_id).where(
        events.recorded_at >= min(since.values()),
        events.basis != "history",
        events.previous.is_not(None),
        or_(events.stage.is_not(None), events.pipeline.is_not(None)),
    )
    deals = [row[0] for row in connection.execute(changed.distinct().order_by(events.opportunity_id))]
    told = {
        (row.opportunity_id, row.created_at, row.stage)
        for row in connection.execute(select(passages.opportunity_id, passages.created_at, passages.stage))
    }
    for start in range(0, len(deals), _CHUNK):
        for deal, known in history.of_deals(connection, deals[start : start + _CHUNK]).items():
            for seq, recorded_at, stage in _gated_moves(gates, since, known):
                if (deal, recorded_at, stage) not in told:
                    findings.append(Finding(seq, f"opportunities {deal} went to {stage} and no gate was asked"))
    return findings


def _gated_moves(gates: Gates, since: dict[str, int], known: list[Event]) -> list[tuple[int, int, str]]:
    """Number, recording time and stage of every change of one deal that had to pass a gate of its time."""
    found = []
    for place, event in enumerate(known):
        if place == 0 or event.basis == "history" or not event.previous:
            continue
        if not {"pipeline", "pipeline_stage", "stage"} & event.values.keys():
            continue
        before, after = history.state_of(known[:place]), history.state_of(known[: place + 1])
        first = since.get(digest(gates.pipeline(after.get("pipeline"))))
        if first is not None and event.recorded_at >= first and gates.asked(before, after):
            found.append((event.seq, event.recorded_at, after["pipeline_stage"]))
    return found


def closed_without_reason(connection: Connection, limit: int | None = None) -> list[dict[str, Any]]:
    """Deals that were won or lost without a reason, the latest close first: id, status, close date, owner, account.

    Those that an import brought count as well, where it says no reason for a loss.
    """
    deals = tables.opportunities.c
    given = case((deals.status == "won", deals.win_reason), else_=deals.loss_reason)
    silent = or_(given == NOT_GIVEN, (deals.status == "lost") & func.coalesce(given, "").in_(("", NOT_GIVEN)))
    statement = (
        select(deals.id, deals.status, deals.close_date, deals.owner_id, deals.account_id)
        .where(deals.stage.in_(tuple(REASONS)), silent, func.coalesce(deals.is_deleted, 0) == 0)
        .order_by(deals.close_date.desc(), deals.id)
        .limit(limit)
    )
    return [
        {
            "opportunity_id": row.id,
            "status": row.status,
            "close_date": row.close_date,
            "owner_id": row.owner_id,
            "account_id": row.account_id,
        }
        for row in connection.execute(statement)
    ]

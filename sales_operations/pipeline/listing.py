"""The biggest deals as they are, or were on a date."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from sales_operations.domain.stages import DEFAULT_PIPELINE
from sales_operations.metrics.metric import Frame
from sales_operations.pipeline.face import instant_of
from sales_operations.pipeline.present import shown
from sales_operations.pipeline.state import State
from sales_operations.workspace import Workspace

_COLUMNS = ("opportunity_id", "amount_minor", "stage", "status", "probability", "close_date", "sales_rep")


def listing(workspace: Workspace, stage: str | None, limit: int, as_of: str | None) -> dict[str, Any]:
    """At most ``limit`` deals, the biggest first: ``opportunities``, ``total`` (how many there are), ``as_of``, ``currency``.

    Amounts are in major units of the company's currency, None where unknown. Raises NotFound for an unknown stage.
    """
    currency = workspace.settings.company.currency
    wanted = DEFAULT_PIPELINE.find(stage).canonical.value if stage is not None else None
    with workspace.columns() as db:
        at = instant_of(workspace, as_of)
        state = State(db, workspace.settings, at, present=as_of is None, made_at=workspace.clock())
        deals = state.deals if wanted is None else state.deals.filter(nw.col("stage") == wanted)
        total = state.rows(deals.select(total=nw.len()))[0]["total"]
        biggest = _biggest_first(deals.select(*_COLUMNS)).head(limit)
        accounts = state.table("opportunities").select("opportunity_id", "account_name")
        named = biggest.join(accounts, on="opportunity_id", how="left")
        rows = state.rows(_biggest_first(named))
    for row in rows:
        row["account_name"] = row["account_name"] or ""
        row["amount"] = shown(row.pop("amount_minor"), "money", currency)
        row["close_date"] = row["close_date"].isoformat() if row["close_date"] else None
    return {"opportunities": rows, "total": total, "as_of": at.shown, "currency": currency}


def _biggest_first(deals: Frame) -> Frame:
    return deals.sort("amount_minor", "opportunity_id", descending=[True, False], nulls_last=True)

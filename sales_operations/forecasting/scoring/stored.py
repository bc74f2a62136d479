"""Leads and deals of a store as records to score: what was known of them, and what became of them by an instant."""

from __future__ import annotations

from typing import Any

import orjson

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.lead import CLOSED_STATUSES
from sales_operations.forecasting.scoring.deals import deal_rows
from sales_operations.forecasting.scoring.records import Records
from sales_operations.forecasting.scoring.rows import Row, flat, gathered
from sales_operations.store import score_inputs, scores
from sales_operations.workspace import Workspace

KINDS = ("leads", "opportunities")
_CONVERTED = frozenset(("converted", "closed - converted"))
_LOST = frozenset(CLOSED_STATUSES) - _CONVERTED - {"recycled"}
_OF_LEAD = ("company", "industry", "country", "employees", "lead_source", "rating", "product")


def stored_records(workspace: Workspace, kind: str, until: int) -> Records:
    """The ``leads`` or ``opportunities`` that there were at an instant, in microseconds. Raises InvalidInput.

    A lead's fields are those of its latest import; a deal's follow from its history (see ``deals``).
    """
    if kind not in KINDS:
        raise InvalidInput(f"there are no scores of {kind!r}; use one of {', '.join(KINDS)}")
    with workspace.reading() as connection:
        declared = scores.declared(connection, kind)
        if kind == "leads":
            known = (row for row in score_inputs.leads(connection) if (row["created_at"] or 0) <= until)
            rows = [_lead(row, until) for row in known]
        else:
            rows = deal_rows(score_inputs.deals(connection, until), score_inputs.accounts(connection), until)
    return gathered(rows, declared)


def _lead(row: dict[str, Any], until: int) -> Row:
    fields = {name: row[name] for name in _OF_LEAD} | {"owner": row["owner_id"] or row["owner_text"]}
    status = (row["status"] or "").strip().casefold()
    outcome, decided = None, None
    if row["converted_at"] is not None or row["opportunity_id"] is not None or status in _CONVERTED:
        outcome, decided = 1.0, row["converted_at"]
    elif status in _LOST:
        outcome, decided = 0.0, row["updated_at"]
    if decided is not None and decided > until:
        outcome, decided = None, None
    attributes = orjson.loads(row["attributes"]) if row["attributes"] else {}
    return Row(row["id"], outcome, row["created_at"], decided, flat(fields, attributes))

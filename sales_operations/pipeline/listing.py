"""The biggest deals as they are, or were on a date."""

from __future__ import annotations

from typing import Any

from sales_operations.domain.clock import as_of_now, parse_as_of
from sales_operations.domain.money import to_major
from sales_operations.domain.stages import DEFAULT_PIPELINE
from sales_operations.workspace import Workspace

_STATE = """
SELECT i.opportunity_id, coalesce(o.account_name, '') AS account_name, i.amount_minor, i.stage, i.status, i.probability,
    CAST(i.close_date AS VARCHAR) AS close_date, i.sales_rep, count(*) OVER () AS total
FROM intervals i LEFT JOIN opportunities o USING (opportunity_id)
WHERE i.valid_from <= $at AND i.valid_to > $at AND NOT i.deleted AND ($stage IS NULL OR i.stage = $stage)
ORDER BY i.amount_minor DESC NULLS LAST, i.opportunity_id LIMIT $limit
"""


def listing(workspace: Workspace, stage: str | None, limit: int, as_of: str | None) -> dict[str, Any]:
    """At most ``limit`` deals, the biggest first: ``opportunities``, ``total`` (how many there are), ``as_of``, ``currency``.

    Amounts are in major units of the company's currency, None where unknown. Raises NotFound for an unknown stage.
    """
    company = workspace.settings.company
    at = as_of_now(workspace.clock, company.timezone) if as_of is None else parse_as_of(as_of, company.timezone)
    wanted = DEFAULT_PIPELINE.find(stage).canonical.value if stage is not None else None
    with workspace.columns() as db:
        parameters = {"at": at.instant.replace(tzinfo=None), "stage": wanted, "limit": limit}
        cursor = db.execute(_STATE, parameters)
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    total = rows[0]["total"] if rows else 0
    for row in rows:
        minor = row.pop("amount_minor")
        row["amount"] = None if minor is None else to_major(minor, company.currency)
        del row["total"]
    return {"opportunities": rows, "total": total, "as_of": at.shown, "currency": company.currency}

"""The calls of periods that are over, read from the store and judged."""

from __future__ import annotations

from datetime import date
from typing import Any

from sales_operations.domain.clock import AsOf
from sales_operations.domain.periods import period_from
from sales_operations.forecasting.calls.deals import Deals
from sales_operations.forecasting.calls.organisation import Key, Organisation
from sales_operations.forecasting.calls.record import judged, records
from sales_operations.store import calls as stored
from sales_operations.workspace import Workspace


def past_records(
    workspace: Workspace, organisation: Organisation, deals: Deals, at: AsOf, category: str
) -> dict[str, Any]:
    """See ``record.records``: of the calls of one category that were made by then, whose period was over by then."""
    with workspace.reading() as connection:
        made = [row for row in stored.made_until(connection, at.micros) if row["category"] == category]
    ended: dict[tuple[str, str], dict[Key, int]] = {}
    for name, start in sorted({(row["period"], row["period_start"]) for row in made}):
        period = period_from(name, date.fromisoformat(start))
        if period.end < at.day:
            ended[name, start] = deals.won(period.start, period.end)
    over = [row for row in made if (row["period"], row["period_start"]) in ended]
    currency = workspace.settings.company.currency
    found = judged(over, lambda row: ended[row["period"], row["period_start"]], deals.rates(), currency)
    return records(found, organisation)

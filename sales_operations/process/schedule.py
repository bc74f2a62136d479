"""What the worker does by itself, and when: every periodic work of the product stands in this list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sales_operations.domain.clock import to_micros
from sales_operations.effects.schedules import Schedule
from sales_operations.process.assigning import response_times
from sales_operations.process.contract_life import renewals as contract_renewals
from sales_operations.process.contract_life import sending as contract_sending
from sales_operations.process.quoting import expiry as quote_expiry
from sales_operations.process.rules import engine as rules
from sales_operations.process.stages import advance as stage_advance
from sales_operations.store import durable
from sales_operations.store.engine import writing
from sales_operations.workspace import Workspace

KEPT = timedelta(days=7)
"""How long durable work that has ended is kept."""

Work = Callable[[Workspace], int]


def _forget_ended_work(workspace: Workspace) -> int:
    with writing(workspace.engine) as connection:
        return durable.forget(connection, to_micros(workspace.clock() - KEPT))


WORKS: dict[str, tuple[str, Work]] = {
    "auto-transition": ("*/10 * * * *", stage_advance.work),
    "quote-expiry": ("5 0 * * *", quote_expiry.work),
    "rules": ("* * * * *", rules.work),
    "contract-dates": ("10 0 * * *", contract_renewals.work),
    "contract-signatures": ("*/10 * * * *", contract_sending.work),
    "response-times": ("*/5 * * * *", response_times.work),
    "forget-ended-work": ("17 3 * * *", _forget_ended_work),
}
"""Name to cron (five fields, in the company's time zone) and work, which gives how much it did."""


def schedules(workspace: Workspace) -> list[Schedule]:
    """All periodic work, ready to run on a workspace."""
    return [Schedule(name, cron, partial(work, workspace)) for name, (cron, work) in WORKS.items()]

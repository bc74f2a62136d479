"""A mixed load of conversions, moves, quotes and notes, to be killed: ``python mixed_load.py URL CONFIG``.

Once it is warm it tells "ready". For every line on standard input it forks a child that works with that line as its seed
and tells, line by line, what was acknowledged; it tells the child's process number first and its end last.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import random
import sys

from sales_operations.domain.opportunity import Opportunity
from sales_operations.process import NotificationService, OpportunityStore, Quoter, SalesProcessAutomator
from sales_operations.workspace import open_workspace

STEPS = ("qualified", "proposal", "negotiation", "closed_won")
QUOTED = "opp_quoted"
"""The deal that gets quotes that somebody asks for."""


def work(url: str, config: str, seed: str) -> None:
    """Until it is killed, or nothing is left to do."""
    workspace = open_workspace(config, database=url)
    chance = random.Random(seed)
    automator, quoter = SalesProcessAutomator(workspace), Quoter(workspace)
    with workspace.reading() as connection:
        leads = [row[0] for row in connection.exec_driver_sql("SELECT id FROM leads WHERE converted_at IS NULL")]
    chance.shuffle(leads)
    quoted = asyncio.run(OpportunityStore(workspace).get_opportunity(QUOTED))
    open_deals: list[tuple[Opportunity, int]] = []
    number = 0
    while leads or open_deals:
        number += 1
        what = chance.choice(("convert", "move", "move", "move", "quote", "note"))
        if what == "convert" and leads:
            lead = leads.pop()
            deal = asyncio.run(automator.automate_lead_to_opportunity(lead))
            open_deals.append((deal, 0))
            tell("converted", lead, deal.opportunity_id)
        elif what == "move" and open_deals:
            deal, step = open_deals.pop(chance.randrange(len(open_deals)))
            asyncio.run(automator.automate_stage_transition(deal.opportunity_id, STEPS[step]))
            tell("moved", deal.opportunity_id, STEPS[step])
            if step + 1 < len(STEPS):
                open_deals.append((deal, step + 1))
        elif what == "quote":
            tell("quoted", asyncio.run(quoter.create_quote(quoted))["quote_id"])
        elif what == "note":
            text = f"note {seed} {number}"
            asyncio.run(NotificationService(workspace).notify_sales_rep("Ada", None, text))
            tell("noted", text)


def tell(*words: str) -> None:
    print("\t".join(words), flush=True)


def main() -> None:
    url, config = sys.argv[1], sys.argv[2]
    open_workspace(config, database=url).close()
    for name in (
        "duckdb",
        "numpy",
        "dbos",
        "sales_operations.store.durable",
        "sales_operations.process.stages.transition",
    ):
        importlib.import_module(name)  # what the first steps would load: a child begins at once

    tell("ready")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            work(url, config, line.strip())
            os._exit(0)
        tell("child", str(child))
        _, status = os.waitpid(child, 0)
        tell("ended", str(status))


if __name__ == "__main__":
    main()

"""The pipeline command."""

from __future__ import annotations

import asyncio
from typing import Any

import typer

from sales_operations.cli.common import AsOf, Config, Database, Json, block, console, guarded, opened, print_json, table


def add_to(app: typer.Typer) -> None:
    """Hang this command into the program."""
    app.command("pipeline")(pipeline)


@guarded
def pipeline(as_of: AsOf = None, database: Database = None, config: Config = None, as_json: Json = False) -> None:
    """The pipeline as of now or any date: totals, stages, reps, months, and what needs attention."""
    from sales_operations.pipeline import PipelineManager

    found = asyncio.run(PipelineManager(opened(config, database)).manage_pipeline(as_of=as_of))
    if as_json:
        print_json(found)
        return
    _show(found)


def _show(found: dict[str, Any]) -> None:
    from sales_operations.workflow import money, pipeline_block

    tracking = found["tracking"]
    screen = console()
    currency = tracking.get("currency", "USD")
    screen.print(block(f"Pipeline as of {tracking.get('as_of', '')[:19]}", pipeline_block(tracking, currency)[1]))
    for name, heading in (("by_stage", "Stage"), ("by_sales_rep", "Sales rep"), ("by_month", "Close month")):
        groups = tracking.get(name)
        if groups:
            rows = [
                [key, f"{one['count']:,}", money(one["amount"], currency), money(one["weighted_amount"], currency)]
                for key, one in groups.items()
            ]
            columns = [(heading, "left"), ("Deals", "right"), ("Amount", "right"), ("Weighted", "right")]
            screen.print(table("", columns, rows[-24:] if name == "by_month" else rows))
    for name, one in found["insights"].items():
        if isinstance(one, dict) and one.get("explanation"):
            severity = one.get("severity") or "info"
            colour = {"critical": "red", "high": "red", "warning": "yellow", "medium": "yellow"}.get(severity, "green")
            heading = name.replace("_", " ").capitalize()
            screen.print(f"[{colour}]{severity:>8}[/] [bold]{heading}[/]: {one['explanation']}", soft_wrap=True)
            if one.get("next_action"):
                screen.print(f"         {one['next_action']}", soft_wrap=True)

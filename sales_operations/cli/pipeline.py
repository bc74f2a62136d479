"""The pipeline command."""

from __future__ import annotations

from typing import Any

import typer

from sales_operations.cli.common import (
    AsOf,
    Config,
    Database,
    Json,
    KnownAt,
    block,
    display,
    guarded,
    opened,
    print_json,
    table,
)

MONTHS_SHOWN = 24
"""Months that the printed table has at most."""
_GROUPS = {"by_stage": "Stage", "by_sales_rep": "Sales rep", "by_month": "Close month", "by_team": "Team",
           "by_pipeline": "Pipeline", "by_lead_source": "Source", "by_product": "Product",
           "by_segment": "Segment"}  # fmt: skip
_COLOURS = {"critical": "red", "warning": "yellow", "ok": "green"}


def add_to(app: typer.Typer) -> None:
    """Hang this command into the program."""
    app.command("pipeline")(pipeline)


@guarded
def pipeline(
    as_of: AsOf = None,
    known_at: KnownAt = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The pipeline as of now or any date: totals, stages, reps, months, and what needs attention."""
    import asyncio

    from sales_operations.pipeline import PipelineManager

    found = asyncio.run(PipelineManager(opened(config, database)).manage_pipeline(as_of=as_of, known_at=known_at))
    if as_json:
        print_json(found)
        return
    _show(found)


def _show(found: dict[str, Any]) -> None:
    from rich.text import Text

    from sales_operations.domain.clock import written_as_of
    from sales_operations.domain.money import written
    from sales_operations.workflow import pipeline_block

    tracking = found["tracking"]
    if "as_of" not in tracking:
        display(f"Tracking: {tracking['reason']}.", "")
    else:
        currency = tracking["currency"]
        parts = [block(f"Pipeline as of {written_as_of(tracking['as_of'])}", pipeline_block(tracking, currency)[1])]
        for name, heading in _GROUPS.items():
            rows = [
                [key, f"{one['count']:,}", written(one["amount"], currency), written(one["weighted_amount"], currency)]
                for key, one in tracking.get(name, {}).items()
            ]
            columns = [(heading, "left"), ("Deals", "right"), ("Amount", "right"), ("Weighted", "right")]
            title = ""
            if name == "by_month" and len(rows) > MONTHS_SHOWN:
                title, rows = f"The last {MONTHS_SHOWN} of {len(rows)} months; --json has all", rows[-MONTHS_SHOWN:]
            if rows:
                parts.append(table(title, columns, rows))
        display(*parts)
    for name, one in found["insights"].items():
        if isinstance(one, dict) and one.get("explanation"):
            severity = one["severity"]
            line = Text.assemble(
                (f"{severity:>8}", _COLOURS.get(severity, "")),
                (f" {name.replace('_', ' ').capitalize()}", "bold"),
                f": {one['explanation']}",
            )
            display(line, *([f"         {one['next_action']}"] if one["next_action"] != "None." else []))

"""The command ``sales-operations``."""

from __future__ import annotations

import io
import sys

import typer

from sales_operations.cli import (
    admin,
    analytics,
    assignment,
    backtest,
    calls,
    changes,
    contracts,
    forecast,
    imports,
    insights,
    kpi,
    matching,
    model,
    pipeline,
    privacy,
    process,
    quotes,
    report,
    rules,
    worker,
)

app = typer.Typer(
    name="sales-operations",
    help="Leads to opportunities, quotes and contracts; forecasts that state their accuracy; the pipeline as of any date.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for room in (
    process,
    assignment,
    matching,
    imports,
    forecast,
    backtest,
    calls,
    model,
    pipeline,
    changes,
    analytics,
    kpi,
    report,
    insights,
    admin,
    privacy,
    quotes,
    contracts,
    rules,
    worker,
):
    room.add_to(app)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a letter shows its number
            stream.reconfigure(errors="backslashreplace")
    app()


if __name__ == "__main__":
    main()

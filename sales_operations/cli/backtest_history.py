"""The command that lists the backtests that were run."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sales_operations.cli.common import AsOf, Config, Database, Json, display, guarded, opened, print_json, table


@guarded
def history(
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many are listed.")] = 20,
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The backtests that were run, and how far each method was off: whether forecasts become better."""
    import asyncio

    from sales_operations.forecasting import BacktestHistory

    found = asyncio.run(BacktestHistory(opened(config, database)).review(as_of, limit=limit))
    if as_json:
        print_json(found)
    elif not found["kept"]:
        display("No backtest was run by then: each one that is run from now on is kept.", "")
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    made = found["backtests"]
    names = list(dict.fromkeys(name for one in made for name in one["methods"]))
    columns = [("Run", "left"), ("Of", "left"), ("Dates", "right"), ("From", "left"), ("To", "left")]
    columns += [*((name, "right") for name in (*names, "run_rate")), ("Best", "left"), ("Settings", "left")]
    rows = [
        [one["made_at"][:10], one["period"] or f"{one['horizon']} days", str(one["origins"]), one["first"], one["last"],
         *(_wape(one["methods"].get(name)) for name in names), _wape(one["baselines"].get("run_rate")),
         one["best"] or "", one["settings"][:6]]
        for one in made
    ]  # fmt: skip
    display(table(f"WAPE in the newest {len(rows)} of {found['kept']:,} backtests", columns, rows))


def _wape(figures: dict[str, Any] | None) -> str:
    return "" if figures is None or figures["wape"] is None else f"{figures['wape']:.1%}"

"""The command that holds kept forecasts against what came true."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sales_operations.cli.common import AsOf, Config, Database, Json, display, guarded, opened, print_json, table, whole


@guarded
def history(
    period: Annotated[str | None, typer.Option("--period", help="Those of a month, a quarter or a year.")] = None,
    method: Annotated[str | None, typer.Option("--method", help="Those made with one method.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many forecasts are listed.")] = 20,
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The forecasts that were made, and how far each was off once its period was over."""
    import asyncio

    from sales_operations.forecasting import ForecastHistory

    found = asyncio.run(
        ForecastHistory(opened(config, database)).review(as_of, period=period, method=method, limit=limit)
    )
    if as_json:
        print_json(found)
    elif not found["kept"]:
        display("No forecast was kept by then: each one made from now on is, and the worker makes one a day.", "")
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    from sales_operations.domain.clock import written_as_of

    if found["accuracy"]:
        heads = ("Periods", "WAPE", "Bias", "In 80 %", "In 95 %")
        columns = [("Method", "left"), ("Period", "left"), ("Made at", "left"), *((name, "right") for name in heads)]
        rows = [
            [one["method"], one["period"], f"its {one['point']}", str(one["n"]), _percent(one["wape"]),
             _percent(one["bias"], signed=True), str(one["in_80"]), str(one["in_95"])]
            for one in found["accuracy"]
        ]  # fmt: skip
        display(table(f"Forecasts of past periods, as known on {written_as_of(found['as_of'])}", columns, rows))
    else:
        display("No period with a forecast from its start or middle is over yet.", "")
    for one in found["drift"]:
        display(one["explanation"], "")
    columns = [("Made", "left"), ("Of", "left"), ("Method", "left"), ("Total", "right"), ("80 % from", "right")]
    columns += [("to", "right"), ("Won", "right"), ("Off by", "right")]
    rows = [
        [one["as_of"], one["period"], one["method"], whole(one["total"]), *map(whole, one["interval_80"]),
         whole(one.get("actual")), whole(one.get("error"), signed=True)]
        for one in found["forecasts"]
    ]  # fmt: skip
    title = f"The newest {len(rows)} of {found['kept']:,} forecasts, in {found['currency']}"
    display(table(title, columns, rows))


def _percent(share: float | None, *, signed: bool = False) -> str:
    return "" if share is None else f"{share:+.1%}" if signed else f"{share:.1%}"

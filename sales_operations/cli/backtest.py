"""The command that scores the forecasts on the past."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sales_operations.cli.backtest_history import history
from sales_operations.cli.common import (
    Config,
    Database,
    Json,
    block,
    display,
    fail,
    guarded,
    notice,
    opened,
    print_json,
    table,
)

if TYPE_CHECKING:
    from rich.console import RenderableType


backtest_app = typer.Typer()


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    backtest_app.command("history")(history)
    app.add_typer(backtest_app, name="backtest")


@backtest_app.callback(invoke_without_command=True)
@guarded
def backtest(
    context: typer.Context,
    period: Annotated[
        str | None, typer.Option("--period", help="month, quarter (default) or year: the one that holds each origin.")
    ] = None,
    horizon: Annotated[int | None, typer.Option("--horizon", metavar="DAYS", help="So many days after it.")] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first origin.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DATE", help="No origin after this; today.")] = None,
    every: Annotated[int | None, typer.Option("--every", metavar="DAYS", help="Days between origins.")] = None,
    method: Annotated[list[str] | None, typer.Option("--method", help="Repeat it for several; all by default.")] = None,
    chart: Annotated[
        Path | None,
        typer.Option("--chart", metavar="FILE.svg", help="Draw the last method asked for over what came true."),
    ] = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Forecast from past dates, each from what was known then, and score it against what came true."""
    if context.invoked_subcommand is not None:
        return
    import asyncio

    from rich.console import Console
    from rich.progress import Progress

    from sales_operations.forecasting import ForecastBacktest

    face = ForecastBacktest(opened(config, database))
    bar = Progress(console=Console(stderr=True), transient=True) if sys.stderr.isatty() else None
    with bar or nullcontext():
        task = bar.add_task("Forecasting from past dates") if bar else None

        def progress(done: int, whole: int) -> None:
            if bar and task is not None:
                bar.update(task, completed=done, total=whole)

        found = asyncio.run(
            face.backtest(
                period=period, horizon=horizon, start=start, end=end, every=every, methods=method, progress=progress
            )
        )
    if reason := found.get("not_kept"):
        notice(f"The backtest was not kept: {reason}.")
    if chart is not None:
        _draw(found, chart)
    if as_json:
        print_json(found)
    else:
        display(*_shown(found))


def _draw(found: dict[str, Any], file: Path) -> None:
    from sales_operations.render.forecast_chart import svg

    name = list(found["methods"])[-1]
    drawn = svg(
        [one for one in found["forecasts"] if one["method"] == name], found["currency"], f"{name}: {_asked(found)}"
    )
    try:
        file.write_text(drawn, encoding="utf-8")
    except OSError as error:
        fail(f"the chart {file} cannot be written: {error.strerror}; name another file")
    notice(f"chart of {name}: {file}")


def _shown(found: dict[str, Any]) -> list[RenderableType]:
    origins = sorted({one["as_of"] for one in found["forecasts"]})
    span = f"{len(origins)} dates from {origins[0]} to {origins[-1]}" if origins else "no date"
    columns = [("", "left"), ("n", "right"), ("WAPE", "right"), ("Of the rest", "right"), ("Bias", "right")]
    columns += [("MASE", "right"), ("Pinball", "right"), ("In 80 %", "right"), ("In 95 %", "right")]
    rows = []
    for group, indent in (("methods", ""), ("baselines", "  ")):
        for name, one in found[group].items():
            rows.append([f"{indent}{name}{' *' if name == found['best'] else ''}", *_row(one)])
    independent = max((one["independent"] for one in found["methods"].values()), default=0)
    notes = [
        ("As known on", found["data_until"]),
        ("Independent", f"about {independent:.0f} windows; overlapping ones tell less"),
        ("Best", found["best"] or "none: too few outcomes are known"),
    ]
    refused = [f"{name} {one['refused']}" for name, one in found["methods"].items() if one["refused"]]
    if refused:
        notes.append(("Refused", f"too little history at so many dates: {', '.join(refused)}"))
    return [table(f"Won revenue of {_asked(found)}, forecast on {span}", columns, rows), block("", notes)]


def _asked(found: dict[str, Any]) -> str:
    return f"the next {found['horizon']} days" if found["horizon"] else f"the {found['period']}"


def _row(one: dict[str, Any]) -> list[str]:
    def share(name: str, signed: str = "") -> str:
        value = one[name]
        return "" if value is None else f"{value * 100:{signed}.1f} %"

    mase = "" if one["mase"] is None else f"{one['mase']:.2f}"
    shares = share("wape"), share("wape_of_remaining"), share("bias", "+")
    return [str(one["origins"]), *shares, mase, share("pinball"), share("coverage_80"), share("coverage_95")]

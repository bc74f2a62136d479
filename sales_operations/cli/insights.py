"""The commands about what needs attention, and how often the warnings have been right."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sales_operations.cli.common import (
    AsOf,
    Config,
    Database,
    Json,
    KnownAt,
    display,
    guarded,
    opened,
    print_json,
    table,
)

insights_app = typer.Typer(help="What needs attention in the pipeline, and how often that was right.")
Deals = Annotated[int, typer.Option("--deals", min=0, help="At most so many deals are printed for each finding.")]
Horizon = Annotated[
    int | None,
    typer.Option("--horizon", min=1, max=730, metavar="DAYS", help="Right is what came true within so many days."),
]
Weeks = Annotated[int | None, typer.Option("--weeks", min=2, max=520, help="So many past weeks are looked at.")]
Insight = Annotated[str, typer.Argument(metavar="ID", help="The insight's id, as 'insights list' shows it.")]
_ORDER = ("critical", "warning", "ok", "unknown")
_COLOURS = {"critical": "bold red", "warning": "yellow", "ok": "green", "unknown": "dim"}


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    app.add_typer(insights_app, name="insights")


@insights_app.callback(invoke_without_command=True)
@guarded
def insights(
    context: typer.Context,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    deals: Deals = 2,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """What needs attention in the pipeline, why, and how often that warning has been right."""
    import asyncio

    from sales_operations.pipeline import PipelineInsights

    if context.invoked_subcommand is not None:
        return
    found = asyncio.run(PipelineInsights(opened(config, database)).review_insights(as_of, known_at))
    if as_json:
        print_json(found)
    else:
        _show(found, deals)


@insights_app.command("measure")
@guarded
def measure(
    as_of: AsOf = None,
    known_at: KnownAt = None,
    horizon: Horizon = None,
    weeks: Weeks = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """How often each warning has been right, by looking at past weeks as they were then."""
    import asyncio

    from sales_operations.pipeline import PipelineInsights

    insights = PipelineInsights(opened(config, database))
    found = asyncio.run(insights.measure_warnings(as_of, known_at, horizon, weeks))
    if as_json:
        print_json(found)
        return
    columns = [("Warning", "left"), ("Raised", "right"), ("Right", "right"), ("Interval", "right")]
    columns += [("Of all", "right"), ("Lift", "right"), ("Lost after", "right")]
    rows = [[name.replace("_", " "), *_figures(one)] for name, one in found["records"].items()]
    title = "There is not enough history to look back at."
    if found["looks"]:
        title = f"The warnings of {found['looks']} weeks, {found['from'][:10]} to {found['to'][:10]}"
    display(table(title, columns, rows))
    display(
        f"Right: what it warns of happened within {found['horizon_days']} days (95 % interval). Of all: the same, of all "
        "deals that were open in the same weeks. Lost after: median days, of those that were lost.",
        "",
    )


@insights_app.command("check")
@guarded
def check(database: Database = None, config: Config = None, as_json: Json = False) -> None:
    """Raise the warnings that are new, end those that hold no longer, and tell the reps; the worker does it by itself."""
    from sales_operations.pipeline.alerts import kept

    raised = kept.check(opened(config, database, create=True))
    if as_json:
        print_json({"raised": raised})
    else:
        display(f"{raised:,} new warnings.", "")


@insights_app.command("list")
@guarded
def list_insights(
    state: Annotated[
        str, typer.Option("--state", metavar="STATE", help="open, snoozed, acknowledged, over, or all.")
    ] = "open",
    warning: Annotated[str | None, typer.Option("--warning", metavar="NAME", help="Those of this warning.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The warnings that were raised, the newest first, and what was done about them."""
    from sales_operations.pipeline.alerts import kept
    from sales_operations.pipeline.face import instant_of

    workspace = opened(config, database)
    at = instant_of(workspace, as_of)
    _print(kept.listing(workspace, state=state, warning=warning, limit=limit, as_of=at), as_json)


@insights_app.command("acknowledge")
@guarded
def acknowledge(insight: Insight, database: Database = None, config: Config = None, as_json: Json = False) -> None:
    """Note that a warning has been seen to: it is not shown as open any more."""
    from sales_operations.pipeline.alerts import kept

    _print(kept.acknowledge(opened(config, database, create=True), insight), as_json)


@insights_app.command("snooze")
@guarded
def snooze(
    insight: Insight,
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="The day on which it is open again.")],
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Put a warning off until a day."""
    from sales_operations.pipeline.alerts import kept

    _print(kept.snooze(opened(config, database, create=True), insight, until), as_json)


def _print(found: Any, as_json: bool) -> None:
    from rich.padding import Padding

    if as_json:
        print_json(found)
        return
    for one in found if isinstance(found, list) else [found]:
        since = f"until {one['snoozed_until']}" if one["state"] == "snoozed" else f"since {one['raised_at'][:10]}"
        display(f"{one['insight_id']}  {one['state']} {since}")
        title = f"{one['warning'].replace('_', ' ').capitalize()} ({one['opportunity_id'] or one['period']})"
        display(Padding(f"{title}: {one['explanation']}", (0, 0, 0, 4)), "")
    if not found:
        display("There are none.", "")


def _figures(record: dict[str, Any]) -> list[str]:
    part, base, lift, lead = (record[name] for name in ("precision", "base_rate", "lift", "lead_days"))
    return [
        f"{record['n']:,}",
        "" if part["value"] is None else f"{part['value']:.0%}",
        "" if part["value"] is None else f"{part['low']:.0%}-{part['high']:.0%}",
        "" if base is None else f"{base:.0%}",
        "" if lift is None else f"{lift:.2f}",
        f"{lead:.0f} days" if lead is not None and record["unit"] == "deals" else "",
    ]


def _show(found: dict[str, Any], most: int) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from sales_operations.domain.clock import written_as_of
    from sales_operations.domain.money import written

    if "as_of" not in found:
        display(f"Insights: {found['reason']}.", "")
        return
    display(Text(f"Insights as of {written_as_of(found['as_of'])}", style="bold"), "")
    findings = {name: one for name, one in found.items() if isinstance(one, dict) and "severity" in one}
    for name, one in sorted(findings.items(), key=lambda item: _ORDER.index(item[1]["severity"])):
        severity, title = one["severity"], name.replace("_", " ").capitalize()
        display(Text.assemble((f"{severity:>8}", _COLOURS[severity]), (f"  {title}", "bold")))
        lines = [Text(one["explanation"])]
        if severity in ("critical", "warning"):
            lines += [Text(one["record"]["says"], style="italic")] if "record" in one else []
            lines += [Text(f"→ {one['next_action']}")]
            deals = [deal for deal in one["deals"] if deal.get("insight", {}).get("state", "open") == "open"]
            if hidden := len(one["deals"]) - len(deals):
                lines.append(Text(f"Acknowledged or snoozed, so not listed: {hidden}."))
            for deal in deals[:most]:
                amount = "unknown" if deal["amount"] is None else written(deal["amount"], found["currency"])
                why = deal.get("explanation") or " ".join(part["explanation"] for part in deal.get("reasons", ()))
                who = deal["account_name"] or deal["name"] or "unknown"
                lines.append(Text(f"· {deal['opportunity_id']}  {who}, {amount}. {why}".rstrip(), style="dim"))
        display(*(Padding(line, (0, 0, 0, 10)) for line in lines), "")

"""The analytics command: how deals move."""

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

GROUPS_SHOWN = 20
"""Groups that the printed table has at most."""
_STAGES = {"closed_won": "Won", "closed_lost": "Lost"}
_VARIANTS = {"any_stage": "Any stage: stages may be skipped", "all_stages": "All stages: none skipped"}
_DIMENSIONS = "sales_rep, team, pipeline, lead_source, product, segment or month"

Period = Annotated[
    str | None,
    typer.Option(
        "--period", metavar="PERIOD", help="Deals closed in 2026-05, 2026-Q2, 2026 or FY2027-Q2; else last year."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Hang this command into the program."""
    app.command("analytics")(analytics)


@guarded
def analytics(
    by: Annotated[str | None, typer.Option("--by", metavar="DIMENSION", help=f"For each {_DIMENSIONS}.")] = None,
    period: Period = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """How deals move: win rate, deal size, velocity, stage conversion, time to close, slips; each with its interval."""
    import asyncio

    from sales_operations.pipeline import PipelineAnalytics

    face = PipelineAnalytics(opened(config, database))
    found = asyncio.run(face.analyze_pipeline(as_of, known_at, by=by, period=period))
    if by is None and "window" in found:
        found |= asyncio.run(face.analyze_movement(as_of, known_at, period=period))
    if as_json:
        print_json(found)
    elif "window" not in found:
        display(f"Analytics: {found['reason']}.")
    elif by is None:
        _show_whole(found)
    else:
        _show_groups(found, by)


def window_words(found: dict[str, Any]) -> str:
    """The deals that a result looks at."""
    from sales_operations.domain.clock import written_as_of

    window = found["window"]
    words = window["description"].replace("as_of", written_as_of(found["as_of"]))
    return f"{window['deals']:,} {words}" + ("" if window.get("complete", True) else ", so far")


def _show_whole(found: dict[str, Any]) -> None:
    columns = [("", "left"), ("Value", "right"), ("95 % interval", "right"), ("n", "right")]
    parts = [table(f"How deals move: {window_words(found)}", columns, _headline(found))]
    for variant, title in _VARIANTS.items():
        parts.append(_matrix(title, found["stage_conversion"][variant]["from"]))
    parts += [_survival(found["time_to_close"]), _slippage(found["slippage"], found["currency"])]
    display(*parts)


def _headline(found: dict[str, Any]) -> list[list[str]]:
    rows, currency = [], found["currency"]
    if rate := found.get("win_rate"):
        rows.append(_row("Win rate by count", rate, "value", percent))
        rows.append(["Win rate by amount", percent(rate["by_amount"]), "", f"{rate['n']:,}"])
    if rate := found.get("conversion_rate"):
        rows.append(_row(f"From {rate['from'] or 'the first stage'} to won", rate, "value", percent))
    if size := found.get("deal_size"):
        rows.append(_row(f"Deal size, mean, {currency}", size, "value", number))
        rows.append(_row("  median", size, "median", number))
    if speed := found.get("velocity"):
        rows.append(_row("Days from opening to winning, mean", speed, "cycle_days", number))
        rows.append(_row("  median", speed, "cycle_days_median", number))
        velocity = _row(f"Velocity, {currency} a day", speed, "value", number)
        rows.append([*velocity[:-1], f"{speed['open_deals']:,} open"])
    return rows


def _row(name: str, one: dict[str, Any], key: str, written: Any) -> list[str]:
    prefix = "" if key == "value" else f"{key}_"
    return [name, written(one[key]), between(one[f"{prefix}low"], one[f"{prefix}high"], written), f"{one['n']:,}"]


def _matrix(title: str, cells: dict[str, dict[str, Any]]) -> Any:
    ends = list(next(iter(cells.values())))
    columns = [("From", "left"), *((_STAGES.get(end, end), "right") for end in ends), ("n", "right")]
    rows = []
    for start, found in cells.items():
        shares = [percent(found[end]["value"]) if end in found else "" for end in ends]
        rows.append([start, *shares, f"{next(iter(found.values()))['n']:,}"])
    return table(title, columns, rows)


def _survival(found: dict[str, Any]) -> Any:
    opened_in = f", opened in {found['opened_in']}" if found["opened_in"] else ""
    median = "unknown" if found["median_days"] is None else f"{found['median_days']:,} days"
    title = f"Time to close: {found['n']:,} deals{opened_in}, {found['open']:,} of them open; median {median}"
    columns = [("Days after opening", "left"), ("Open", "right"), ("95 % interval", "right"), ("Won", "right")]
    rows = [
        [f"{one['days']:,}", percent(one["open"]), between(one["low"], one["high"], percent)]
        + [percent(one["won"]), percent(one["lost"])]
        for one in found["points"]
    ]
    return table(title, [*columns, ("Lost", "right")], rows)


def _slippage(found: dict[str, Any], currency: str) -> Any:
    from sales_operations.domain.money import written

    both = [found["period_before"], found["this_period"]]
    heads = [one["period"] + ("" if one["complete"] else " so far") for one in both]
    rows = [["Due at the start"] + [f"{one['due_deals']:,}  {written(one['due_amount'], currency)}" for one in both]]
    for name in found["this_period"]["outcomes"]:
        outcomes = [one["outcomes"][name] for one in both]
        rows.append([f"  {name}"] + [f"{one['deals']:,}  {written(one['amount'], currency)}" for one in outcomes])
    for name, key in (("Slip rate", "slip_rate"), ("Push rate", "push_rate")):
        rates = [one[key] for one in both]
        rows.append([name] + [f"{percent(rate['value'])}  {_bracketed(rate)}".rstrip() for rate in rates])
    pushes = [one["push_rate"]["pushes_per_deal"] for one in both]
    rows.append(["Pushes per deal"] + ["unknown" if one is None else f"{one:.2f}" for one in pushes])
    return table("Deals due in a period", [("", "left"), *((head, "right") for head in heads)], rows)


def _bracketed(rate: dict[str, Any]) -> str:
    bounds = between(rate["low"], rate["high"], percent)
    return f"({bounds})" if bounds else ""


def _show_groups(found: dict[str, Any], by: str) -> None:
    groups, currency = found["groups"], found["currency"]
    shown = groups[-GROUPS_SHOWN:] if by == "month" else groups[:GROUPS_SHOWN]
    names = {"win_rate": "Win rate", "deal_size": f"Deal size, {currency}", "velocity": f"Velocity, {currency}/day"}
    names = {name: heading for name, heading in names.items() if name in found}
    columns = [(by.replace("_", " ").capitalize(), "left"), ("Closed", "right")]
    columns += [(heading, "right") for heading in names.values()]
    rows = []
    for one in shown:
        cells = [_stacked(one[name], percent if name == "win_rate" else number) for name in names]
        rows.append([one["group"], f"{one['closed_deals']:,}", *cells])
    title = f"By {by.replace('_', ' ')}: {window_words(found)}"
    notes = [f"The first {GROUPS_SHOWN} of {len(groups)}; --json has all."] if len(groups) > len(shown) else []
    display(table(title, columns, rows), *notes, f"Below each figure its 95 % interval. {found['by_means']}", "")


def _stacked(one: dict[str, Any], written: Any) -> str:
    return f"{written(one['value'])}\n{between(one['low'], one['high'], written)}".rstrip()


def percent(value: float | None) -> str:
    """A share as people read it."""
    return "unknown" if value is None else f"{value * 100:.1f} %"


def number(value: float | None) -> str:
    """A figure of some size, without the digits that say nothing."""
    if value is None:
        return "unknown"
    return f"{value:,.{2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0}f}"


def between(low: float | None, high: float | None, written: Any) -> str:
    """An interval; nothing where there is none."""
    if low is None or high is None:
        return ""
    return f"{written(low).removesuffix(' %')} to {written(high)}"

"""The commands about forecast calls: making one, the board, how right they were."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sales_operations.cli.common import (
    AsOf,
    Config,
    Database,
    Json,
    block,
    console,
    display,
    guarded,
    opened,
    print_json,
    table,
    whole,
)

call_app = typer.Typer(help="Forecast calls: what reps and managers say a period will bring.", no_args_is_help=True)
Period = Annotated[
    str,
    typer.Option(
        "--period", metavar="PERIOD", help="month, quarter or year, or one such as 2026-Q4, 2026-11 or FY2027-Q1."
    ),
]
_WIDE = 150
"""Columns of a terminal in which the board fits as one table."""
_Column = tuple[str, str]


def add_to(app: typer.Typer) -> None:
    """Hang these commands into the program."""
    app.add_typer(call_app, name="call")


@call_app.command("submit")
@guarded
def submit(
    rep: Annotated[str | None, typer.Option("--rep", metavar="USER", help="For this rep: id, e-mail or name.")] = None,
    team: Annotated[
        str | None, typer.Option("--team", metavar="TEAM", help="For this team, or the reports of this manager.")
    ] = None,
    company: Annotated[bool, typer.Option("--company", help="For the whole company.")] = False,
    period: Period = "quarter",
    category: Annotated[
        str, typer.Option("--category", metavar="CATEGORY", help="commit, best_case or pipeline.")
    ] = "commit",
    amount: Annotated[
        str | None,
        typer.Option("--amount", metavar="AMOUNT", help="Of the whole period, won deals included; pipeline: without."),
    ] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take back what was said, in place of an amount.")
    ] = False,
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why.")] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="USER", help="Who calls; else the system's user, or whose call it is where that is no user."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and show the call, keep nothing.")] = False,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Call what a rep, a team or the company will bring; from above it is an adjustment. Earlier calls are kept."""
    import asyncio

    from sales_operations.domain.errors import InvalidInput
    from sales_operations.forecasting import ForecastCalls

    if [rep is not None, team is not None, company].count(True) != 1:
        raise InvalidInput("say whom the call is for: --rep USER, --team TEAM or --company, one of them")
    if withdraw == (amount is not None):
        raise InvalidInput("say the amount (--amount 250000), or take back what was said (--withdraw)")
    calls = ForecastCalls(opened(config, database))
    made = asyncio.run(
        calls.submit_call(category, amount, rep=rep, team=team, period=period, note=note, by=by, dry_run=dry_run)
    )
    if as_json:
        print_json(made)
    else:
        _show_call(made)


@call_app.command("list")
@guarded
def list_calls(
    period: Period = "quarter",
    single: Annotated[
        bool, typer.Option("--single", help="Each category alone; else commit has closed in it, best case commit.")
    ] = False,
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The board of a period: quota, deals, calls, adjustments and the model, by rep and team up to the company."""
    import asyncio

    from sales_operations.forecasting import ForecastCalls

    found = asyncio.run(ForecastCalls(opened(config, database)).list_calls(period, as_of, single=single))
    if as_json:
        print_json(found)
    else:
        _show_board(found)


@call_app.command("accuracy")
@guarded
def accuracy(
    category: Annotated[str, typer.Option("--category", metavar="CATEGORY", help="commit or best_case.")] = "commit",
    as_of: AsOf = None,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """How right each person's calls were, and whether they beat the roll-up and the model."""
    import asyncio

    from sales_operations.forecasting import ForecastCalls

    found = asyncio.run(ForecastCalls(opened(config, database)).measure_calls(category, as_of))
    if as_json:
        print_json(found)
    else:
        _show_accuracy(found)


def _show_call(made: dict[str, Any]) -> None:
    then = made["known_then"]
    amount = "taken back" if made["amount"] is None else whole(made["amount"])
    lines = [
        (
            f"{made['category'].replace('_', ' ')} ({made['kind']})",
            f"{amount} {made['currency']}, by {made['made_by']}",
        ),
        ("Won so far", whole(then["closed"])),
        ("The deals say", whole(then["deals"])),
        ("Stood before", whole(then["roll_up"])),
        ("The model says", whole(then["model"])),
    ]
    if made["note"]:
        lines.append(("Note", made["note"]))
    if made["dry_run"]:
        lines.append(("Dry run", "nothing was kept"))
    display(block(f"{made['name']}, {made['period']}", lines))


def _show_board(found: dict[str, Any]) -> None:
    from sales_operations.domain.clock import written_as_of

    title = f"Calls for {found['period']} as of {written_as_of(found['as_of'])}, in {found['currency']}"
    who: _Column = ("Who", "left")
    names = ["Quota", "Closed", "Commit", "Best case", "Pipeline", "Call", "Adjusted", "Model", "Met", "Pace"]
    columns: list[_Column] = [(name, "right") for name in (*names, "Cover")]
    rows = [_board_cells(row) for row in found["rows"]]
    named = ["  " * row["depth"] + row["name"] for row in found["rows"]]
    wide = console().width >= _WIDE
    parts = []
    for first, last in [(0, len(columns))] if wide else [(0, 5), (5, len(columns))]:
        cells = [[name, *row[first:last]] for name, row in zip(named, rows, strict=True)]
        parts.append(table(title if first == 0 else "", [who, *columns[first:last]], cells))
    display(*parts)
    calls = [
        [call["name"], call["category"].replace("_", " "), whole(call["amount"]),
         call["made_by"] + (" (adjusts)" if call["kind"] == "adjustment" else ""), call["made_at"][:10], call["note"] or ""]
        for row in found["rows"]
        for call in row["calls"]
    ]  # fmt: skip
    if calls:
        heads = [
            (name, "right" if name == "Says" else "left") for name in ("For", "Category", "Says", "By", "Made", "Note")
        ]
        display(table("Calls that stand", heads, calls))
        agreed = f"The calls of all levels, reconciled by how right each caller was: {whole(found['rows'][0]['reconciled'])}."
        display(agreed, "")
    display(_legend(found), "")


def _board_cells(row: dict[str, Any]) -> list[str]:
    deals = [whole(row["deals"][name]) for name in ("commit", "best_case", "pipeline")]
    said = [whole(row[name]["commit"]) for name in ("call", "adjustment")]
    ratios = [_percent(row["attainment"]), _times(row["pace"]), _times(row["coverage_of_remaining_quota"], 1)]
    return [whole(row["quota"]), whole(row["closed"]), *deals, *said, whole(row["model"]), *ratios]


def _legend(found: dict[str, Any]) -> str:
    categories = (
        "each category alone" if found["categories"] == "single" else "closed is in commit, commit in best case"
    )
    model = found["model"]
    said = f"Model: {model['method']}, shared out" if model["method"] else f"No model: {model['none']}"
    return (
        f"Commit, best case, pipeline: what the deals say ({categories}). Call, adjusted: of commit. {said}. "
        f"Met: closed by quota. Pace: that by the {found['elapsed']:.0%} of the period that has passed. Cover: open deals due, "
        "by what the quota lacks."
    )


def _show_accuracy(found: dict[str, Any]) -> None:
    from sales_operations.domain.clock import written_as_of

    if not found["people"]:
        display(f"No {found['category'].replace('_', ' ')} call was made for a period that is over by now.", "")
        return
    columns = [("Who", "left"), ("Calls", "right"), ("Periods", "right"), ("Error", "right"), ("Drawn", "right")]
    columns += [("Bias", "right"), ("Drawn", "right"), ("Beat roll-up", "right"), ("Beat model", "right")]
    rows = [_accuracy_cells(one["name"], one) for one in found["people"]] + [_accuracy_cells("All", found["all"])]
    title = f"{found['category'].replace('_', ' ').capitalize()} calls of past periods, as of {written_as_of(found['as_of'])}"
    display(table(title, columns, rows))
    display(
        "Error: what was missed by what was won; bias: called less won. Drawn: the same, pulled to the team's where periods "
        "are few. Beat: periods in which the call came closer than what it replaced, or than the model; * where that is "
        "more than chance.",
        "",
    )


def _accuracy_cells(name: str, one: dict[str, Any]) -> list[str]:
    errors = [
        _percent(one[key], signed=key.startswith("bias")) for key in ("wape", "wape_shrunk", "bias", "bias_shrunk")
    ]
    beat = [
        f"{against['closer']} of {against['periods']}{'' if against['verdict'] == 'not_clear' else ' *'}"
        for against in (one["against_roll_up"], one["against_model"])
    ]
    return [name, str(one["calls"]), str(one["periods"]), *errors, *beat]


def _percent(share: float | None, *, signed: bool = False) -> str:
    return "" if share is None else f"{share:+.0%}" if signed else f"{share:.0%}"


def _times(value: float | None, places: int = 2) -> str:
    return "" if value is None else f"{value:.{places}f}x"

"""What all commands share: their options, how a store is opened, how results and errors are shown."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, ParamSpec, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console, Group, RenderableType

    from sales_operations.settings import Settings
    from sales_operations.workspace import Workspace

Database = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="The store: a path or postgresql://… (SALES_OPERATIONS_DATABASE)."),
]
Config = Annotated[str | None, typer.Option("--config", metavar="FILE", help="The configuration file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Horizon = Annotated[
    int | None, typer.Option("--horizon", metavar="DAYS", help="So many days after the date, 1 to 366.")
]
Period = Annotated[
    str | None, typer.Option("--period", help="month, quarter (default) or year: the one that holds the date.")
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="A date (its end) or an instant such as 2026-01-31T09:30:00Z."),
]
KnownAt = Annotated[
    str | None,
    typer.Option("--known-at", metavar="DATE", help="Leave out what was recorded later than this date or instant."),
]

PIPED_WIDTH = 10_000
"""Columns of the output where no terminal limits them."""

P = ParamSpec("P")
R = TypeVar("R")


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """A command whose expected errors become one message and exit code 2."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        from sales_operations.domain.errors import SalesOperationsError

        try:
            return command(*args, **kwargs)
        except SalesOperationsError as error:
            fail(str(error))
        except BrokenPipeError:
            # The reader of our output has gone; what is left in the buffer would only fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None

    return run


def fail(message: str) -> NoReturn:
    """Say what went wrong on standard error and leave with exit code 2."""
    notice("error: " + message.replace("\n", "\n  "))
    raise typer.Exit(2)


def notice(text: str) -> None:
    """Tell something that is not the result: on standard error."""
    print(text, file=sys.stderr)


def opened(config: str | None, database: str | None, *, create: bool = False) -> Workspace:
    """The store to work on; says so where it is the made-up company. Reading commands leave ``create`` off."""
    from sales_operations.workspace import open_workspace

    workspace = open_workspace(settings(config), database=database, create=create)
    if workspace.is_demonstration:
        notice(f"Demonstration data: a made-up company ({workspace.store_name}).")
    return workspace


def settings(config: str | None) -> Settings:
    """The configuration to work by."""
    from sales_operations.settings import load

    return load(config)


def print_json(value: Any) -> None:
    """Print the one JSON document of a ``--json`` command."""
    print(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2))


def console() -> Console:
    """Where results go: as wide as the terminal; where there is none, so wide that no cell is folded."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)


def display(*parts: RenderableType) -> None:
    """Print blocks, tables and lines below each other, without the blanks that fill their lines up."""
    screen = console()
    with screen.capture() as captured:
        for part in parts:
            screen.print(part)
    for line in captured.get().splitlines():
        print(line.rstrip())


def table(title: str, columns: list[tuple[str, str]], rows: list[list[str]]) -> Group:
    """A table below its title; ``columns`` are (heading, ``left`` or ``right``). Numbers, on the right, are never folded."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading, side in columns:
        right = side == "right"
        made.add_column(heading, justify="right" if right else "left", overflow="fold", no_wrap=right)
    for row in rows:
        made.add_row(*map(Text, row))
    return Group(*([Text(title, style="bold")] if title else []), made, "")


def whole(amount: float | None, *, signed: bool = False) -> str:
    """An amount without its minor units; nothing where it is unknown."""
    if amount is None:
        return ""
    return f"{amount:+,.0f}" if signed and amount else f"{amount:,.0f}"


def block(title: str, lines: list[tuple[str, str]]) -> Group:
    """Names and values under a title."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in lines:
        made.add_row(f"  {name}", Text(value))
    return Group(Text(title, style="bold"), made, "")

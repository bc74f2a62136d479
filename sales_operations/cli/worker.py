"""The command that delivers notifications and runs the schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sales_operations.cli.common import Config, Database, Json, block, display, guarded, notice, opened, print_json

if TYPE_CHECKING:
    from sales_operations.effects.worker import Tally


def add_to(app: typer.Typer) -> None:
    """Hang this command into the program."""
    app.command("worker")(worker)


@guarded
def worker(
    once: Annotated[bool, typer.Option("--once", help="Do what is due, and leave.")] = False,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Deliveries by one channel at the same time.")
    ] = 8,
    database: Database = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Deliver notifications and run the schedules, until it is stopped. Several may run at once."""
    import signal
    import threading

    from sales_operations.domain.errors import InvalidInput
    from sales_operations.forecasting.schedule import schedules as of_forecasts
    from sales_operations.pipeline.schedule import schedules as of_the_pipeline
    from sales_operations.process.working import work

    workspace = opened(config, database)
    if workspace.is_demonstration:
        raise InvalidInput("the demonstration company sends nothing; name a store of your own with --database")
    stop = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: stop.set())
    if not once:
        notice(f"Working on {workspace.store_name}; stop with Ctrl-C.")
    more = [*of_forecasts(workspace), *of_the_pipeline(workspace)]
    done = work(workspace, more=more, once=once, at_once=workers, stop=stop, tell=notice)
    if as_json:
        print_json(
            {
                "delivered": done.delivered,
                "delayed": done.delayed,
                "undeliverable": done.undeliverable,
                "waiting": done.waiting,
                "schedules": done.schedules,
                "failed_schedules": done.failed,
            }
        )
    else:
        display(block("Worker", _lines(done)))


def _lines(done: Tally) -> list[tuple[str, str]]:
    lines = [
        ("Delivered", f"{done.delivered:,}"),
        ("Delayed", f"{done.delayed:,}"),
        ("Undeliverable", f"{done.undeliverable:,}"),
        ("Still waiting", f"{done.waiting:,}"),
    ]
    lines += [(f"Schedule {name}", f"{number:,} done") for name, number in sorted(done.schedules.items()) if number]
    return lines + [(f"Schedule {name}", f"failed: {reason}") for name, reason in sorted(done.failed.items())]

"""The worker on a workspace: it delivers what is due and runs the schedules."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from sales_operations.effects.delivery import Room
from sales_operations.effects.schedules import Schedule
from sales_operations.effects.worker import AT_ONCE, Tally, Worker
from sales_operations.process.rules import engine as rules
from sales_operations.process.schedule import schedules
from sales_operations.workspace import Workspace


def work(
    workspace: Workspace,
    *,
    more: Sequence[Schedule] = (),
    once: bool = False,
    at_once: int = AT_ONCE,
    stop: threading.Event | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Tally:
    """Deliver and keep the schedules until ``stop`` is set; with ``once``, until nothing is due. Gives what was done.

    ``more``: schedules beside those of this package. ``at_once``: batches by one channel that are delivered at the same
    time. ``tell`` hears of schedules that failed. Several workers may run on one store, in different processes; within one
    process they take turns.
    """
    workspace.prepare_effects()
    room = Room(workspace.engine, workspace.settings.notifications, workspace.clock)
    zone = workspace.settings.company.timezone
    worker = Worker(room, workspace.url, [*schedules(workspace), *more], zone, at_once, tell)
    return worker.run(once=once, stop=stop or threading.Event())


def drain(workspace: Workspace, more: Sequence[Schedule] = ()) -> Tally | None:
    """What a command leaves to be done: rules, schedules and deliveries where channels are set up, else the rules alone.

    None where nothing is delivered; the demonstration company does nothing of it.
    """
    if workspace.is_demonstration:
        return None
    if not workspace.settings.notifications.channels:
        rules.work(workspace)
        return None
    return work(workspace, more=more, once=True)

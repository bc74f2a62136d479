"""What other processes do to a store in these tests: run as ``python writers.py WHAT URL …``, they tell by lines."""

from __future__ import annotations

import sys

from sales_operations.domain.errors import Conflict
from sales_operations.workspace import open_workspace


def increments(workspace, deal: str, times: int) -> None:
    """Read the deal's amount, add one, write it, until ``times`` writes were acknowledged; tells each new amount."""
    done = 0
    while done < times:
        try:
            with workspace.unit("increment") as unit:
                before = unit.get("opportunities", deal)
                after = unit.update("opportunities", before, {"amount_minor": before["amount_minor"] + 1})
        except Conflict:
            continue
        done += 1
        print(after["amount_minor"], after["seq"], flush=True)


def deals(workspace, name: str) -> None:
    """Make deal after deal, each with a note, in one unit; tells each one after it was acknowledged."""
    number = 0
    while True:
        deal = f"opp_{name}_{number}"
        with workspace.unit("crash") as unit:
            row = {"id": deal, "pipeline": "default", "pipeline_stage": "lead", "stage": "lead", "probability": 0.1}
            unit.create("opportunities", {**row, "amount_minor": number, "currency": "USD", "created_at": unit.now})
            note = {"id": f"note_{name}_{number}", "recipient": "Ada", "subject": "New", "message": deal}
            unit.create("notifications", {**note, "created_at": unit.now})
        print(deal, flush=True)
        number += 1


def columns(workspace) -> None:
    """Tell the store's sequence number now, then that of the columns and what they say of the only deal."""
    _, at_start = workspace.data_version()
    with workspace.columns() as db:
        [(seq,)] = db.execute("SELECT seq FROM meta").fetchall()
        [(amount,)] = db.execute("SELECT amount_minor FROM opportunities").fetchall()
        told = db.execute("SELECT amount_minor FROM intervals ORDER BY valid_from").fetchall()
    print(at_start, seq, amount, told[-1][0], flush=True)


def main() -> None:
    what, url, *rest = sys.argv[1:]
    workspace = open_workspace({}, database=url)
    print("ready", flush=True)
    sys.stdin.readline()
    if what == "increments":
        increments(workspace, rest[0], int(rest[1]))
    elif what == "columns":
        columns(workspace)
    else:
        deals(workspace, rest[0])


if __name__ == "__main__":
    main()

"""The demonstration company in a store of its own, built once, however many processes ask for it."""

from __future__ import annotations

import os
import sqlite3
import uuid
from pathlib import Path

from filelock import FileLock
from sqlalchemy import event

from sales_operations.demo.company import generate
from sales_operations.domain.clock import Clock
from sales_operations.store import schema
from sales_operations.store.collector import uncollected
from sales_operations.store.engine import open_engine, parse_url
from sales_operations.store.load import Columns, load, relink
from sales_operations.store.load_deals import DealLoader
from sales_operations.store.unit import Unit, unit

FILE = Path("sales_operations_demo.db")
"""Where the demonstration store lies, in the current folder."""
LABEL = "demonstration"
"""The label that the store itself carries."""
SEED = 20_260_101
SOURCE = "demonstration"
# What a deal was at its creation is history; what stays with it is its state.
_CHANGING = ("stage", "amount", "currency", "close_date", "owner", "probability", "loss_reason")


def ensure(file: Path, clock: Clock) -> bool:
    """Build the demonstration store in ``file`` unless it is there; says whether it was built now."""
    if file.exists():
        return False
    with FileLock(f"{file}.lock"):
        if file.exists():
            return False
        build(file, clock)
        return True


def reset(file: Path, clock: Clock) -> None:
    """Build the demonstration store anew, in place of the one that is there."""
    with FileLock(f"{file}.lock"):
        for old in (file, Path(f"{file}-wal"), Path(f"{file}-shm"), file.with_suffix(".duckdb")):
            old.unlink(missing_ok=True)
        build(file, clock)


def build(file: Path, clock: Clock) -> None:
    """Build it anew. The file appears only when it is complete."""
    draft = file.with_name(f"{file.name}.{uuid.uuid4().hex}.draft")
    engine = open_engine(parse_url(str(draft)))
    event.listen(engine, "connect", _write_once)
    try:
        with uncollected():
            schema.upgrade(engine, LABEL)
            with unit(engine, clock, "demonstration", f"seed {SEED}") as transaction:
                fill(transaction, generate(SEED, clock().date()))
        engine.dispose()
        _keep(draft)
        draft.replace(file)
    finally:
        engine.dispose()
        for leftover in (draft, Path(f"{draft}-wal"), Path(f"{draft}-shm"), Path(f"{draft}-journal")):
            leftover.unlink(missing_ok=True)


def _write_once(connection: sqlite3.Connection, _record: object) -> None:
    # A draft that a crash breaks is thrown away: it is neither written twice nor synchronised before it is complete.
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")


def _keep(draft: Path) -> None:
    """From here on the file is written as any other store, and this much is on the disk."""
    connection = sqlite3.connect(draft)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    with draft.open("rb+") as stream:
        os.fsync(stream.fileno())


def fill(transaction: Unit, kinds: dict[str, Columns]) -> None:
    """Write all kinds of rows, deals with the history that leads to their present state."""
    deals = DealLoader(SOURCE, "UTC")
    for kind, rows in kinds.items():
        if kind == "opportunities":
            deals.states(transaction, {name: column for name, column in rows.items() if name not in _CHANGING})
        elif kind == "history":
            deals.changes(transaction, _whole_history(kinds["opportunities"], rows))
        else:
            load(transaction, kind, SOURCE, rows)
        transaction.flush()
        if kind == "users":
            relink(transaction, kind, SOURCE)  # teams name their managers before these are there


def _whole_history(deals: Columns, changes: Columns) -> Columns:
    """What the deals were at their creation, and what changed: one history, each amount in its deal's currency."""
    count, later = len(deals["id"]), len(changes["opportunity"])
    currency = dict(zip(deals["id"], deals["currency"], strict=True))
    rows = {name: deals.get(name, [None] * count) + changes.get(name, [None] * later) for name in _CHANGING}
    rows["currency"] = deals["currency"] + [currency[deal] for deal in changes["opportunity"]]
    # The company uses the default pipeline, whose stages bear the canonical names.
    rows["canonical_stage"] = rows["stage"]
    return {
        "opportunity": deals["id"] + changes["opportunity"],
        "changed_at": deals["created_at"] + changes["changed_at"],
        **rows,
    }

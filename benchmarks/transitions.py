"""Transitions by sixteen clients at once, half of them with a quote, half with a contract, beside the bare driver."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import files, postgresql
from benchmarks.alone import alone
from benchmarks.figures import Bench, Figure, Measurement

CLIENTS = 16
STAGES = ("proposal", "negotiation")
FLOORS = {"SQLite": 300, "PostgreSQL": 200}


def measure(bench: Bench) -> list[Figure]:
    deals = max(bench.sizes.conversions // CLIENTS, 1)
    figures = _figures("SQLite", str(bench.folder / "transitions.db"), deals)
    with postgresql.server() as address:
        return figures + _figures("PostgreSQL", address, deals)


def _figures(name: str, store: str, deals: int) -> list[Figure]:
    found = alone(by_api, store, deals)
    one = alone(by_one, store, deals)
    raw = alone(by_driver, store, deals)
    return [
        Figure(f"{name}, {CLIENTS} clients", found["per_s"], "transitions/s", FLOORS[name]),
        Figure(f"{name}, {CLIENTS} clients, the program's processor time for one", found["cpu_ms"], "ms"),
        Figure(f"{name}, one client", one["per_s"], "transitions/s"),
        Figure(
            f"{name}, raw driver, the same statements, one client, a commit for each", raw["per_s"], "transitions/s"
        ),
        Figure(f"{name}, {CLIENTS} clients, of the raw driver's speed", found["per_s"] / raw["per_s"], "x"),
    ]


def _opened(store: str, deals: int, mark: str) -> tuple[Any, list[str]]:
    """A workspace with so many qualified deals of one rep, and their ids."""
    from sales_operations.workspace import open_workspace

    workspace = open_workspace({}, database=store, clock=files.moment, create=True)
    ids = [f"opp_{mark}{number:05}" for number in range(deals)]
    row = {"account_text": "Example Ltd", "owner_id": f"user_{mark}", "pipeline": "default", "pipeline_stage": "qualified",
           "stage": "qualified", "probability": 0.3, "amount_minor": 1_234_56, "currency": "USD", "product": "Loom",
           "close_date": "2027-01-31", "created_at": 0}  # fmt: skip
    with workspace.unit("benchmark") as unit:
        unit.create("users", {"id": f"user_{mark}", "name": f"Rep {mark}"})
        for one in ids:
            unit.create("opportunities", {"id": one, **row})
    return workspace, ids


def _moved(workspace: Any, ids: list[str]) -> None:
    from sales_operations.process.stages.transition import move

    for one in ids:
        for stage in STAGES:
            move(workspace, one, stage)


def _spent(act: Callable[[], None], transitions: int) -> dict[str, Any]:
    began, worked = time.perf_counter(), time.process_time()
    act()
    spent, worked = time.perf_counter() - began, time.process_time() - worked
    return {"per_s": transitions / spent, "cpu_ms": worked / transitions * 1000}


def by_api(store: str, deals: int) -> dict[str, Any]:
    """Sixteen threads, each with its own deals, on one workspace."""
    workspace, ids = _opened(store, (deals + 1) * CLIENTS, "api")
    warm, rest = ids[:CLIENTS], ids[CLIENTS:]
    _moved(workspace, warm)
    failed: list[BaseException] = []

    def client(own: list[str]) -> None:
        try:
            _moved(workspace, own)
        except BaseException as error:
            failed.append(error)

    def all_of_them() -> None:
        threads = [threading.Thread(target=client, args=(rest[place::CLIENTS],)) for place in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    found = _spent(all_of_them, len(rest) * len(STAGES))
    workspace.close()
    if failed:
        raise failed[0]
    return found


def by_one(store: str, deals: int) -> dict[str, Any]:
    """One client after the other."""
    workspace, ids = _opened(store, deals + 1, "one")
    _moved(workspace, ids[:1])
    found = _spent(lambda: _moved(workspace, ids[1:]), (len(ids) - 1) * len(STAGES))
    workspace.close()
    return found


def by_driver(store: str, deals: int) -> dict[str, Any]:
    """What one transition after another sent to the database, noted, undone, then sent again by the bare driver."""
    from sqlalchemy import event

    workspace, ids = _opened(store, deals + 1, "raw")
    _moved(workspace, ids[:1])
    sent: list[tuple[str, Any, bool]] = []

    def note(_c: object, _k: object, statement: str, parameters: Any, _x: object, many: bool) -> None:
        sent.append((statement, parameters, many))

    before = _dumped(workspace)
    event.listen(workspace.engine, "before_cursor_execute", note)
    event.listen(workspace.engine, "commit", lambda _: sent.append(("COMMIT", (), False)))
    if workspace.engine.dialect.name == "postgresql":  # SQLite's BEGIN is a statement of the program's own
        event.listen(workspace.engine, "begin", lambda _: sent.append(("BEGIN", (), False)))
    _moved(workspace, ids[1:])
    _restored(workspace, before)
    workspace.close()
    run = _sqlite(store) if not store.startswith("postgresql") else _postgresql(store)
    return _spent(lambda: run(sent), deals * len(STAGES))


def _dumped(workspace: Any) -> dict[str, list[Any]]:
    from sales_operations.store.tables import metadata

    with workspace.reading() as connection:
        return {name: list(connection.execute(table.select())) for name, table in metadata.tables.items()}


def _restored(workspace: Any, before: dict[str, list[Any]]) -> None:
    from sales_operations.store.engine import insert_many, writing
    from sales_operations.store.tables import metadata

    with writing(workspace.engine) as connection:
        for name, rows in before.items():
            connection.execute(metadata.tables[name].delete())
            insert_many(connection, name, tuple(metadata.tables[name].c.keys()), [tuple(row) for row in rows])


def _sqlite(store: str) -> Callable[[list[tuple[str, Any, bool]]], None]:
    connection = sqlite3.connect(Path(store), isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")

    def run(sent: list[tuple[str, Any, bool]]) -> None:
        for statement, parameters, many in sent:
            found = (connection.executemany if many else connection.execute)(statement, parameters)
            if found.description is not None:
                found.fetchall()

    return run


def _postgresql(store: str) -> Callable[[list[tuple[str, Any, bool]]], None]:
    import psycopg

    connection = psycopg.connect(store, autocommit=True)

    def run(sent: list[tuple[str, Any, bool]]) -> None:
        with connection.cursor() as cursor:
            for statement, parameters, many in sent:
                if many:
                    cursor.executemany(statement, parameters)
                else:
                    cursor.execute(statement, parameters or None)
                    if cursor.description is not None:
                        cursor.fetchall()

    return run


MEASUREMENT = Measurement(
    "transitions",
    "Deals go from qualified to proposal, which makes a quote, and on to negotiation, which makes a contract; each move is "
    "durable when it returns, and writes state, history, audit, document and notification. Clients are threads of one "
    "process. The raw driver sends the very statements of one client again.",
    measure,
)

"""Import: a large export through the public importer, beside what the bare csv module and driver do with the same file."""

from __future__ import annotations

import csv
import sqlite3
import time
from pathlib import Path
from typing import Any

from benchmarks import files
from benchmarks.alone import alone
from benchmarks.figures import Bench, Figure, Measurement
from benchmarks.postgresql import server

STORE, EXPORT = "large.db", "opportunities.csv"
_LAST = "SELECT max(seq) FROM (SELECT seq FROM opportunities WHERE seq > ? ORDER BY seq LIMIT ?)"
_SAME = {
    "opportunities": "SELECT * FROM opportunities WHERE seq > ? AND seq <= ? ORDER BY seq",
    "events": "SELECT * FROM events WHERE seq > ? AND seq <= ? ORDER BY seq",
    "audit": "SELECT * FROM audit WHERE seq > ? AND seq <= ? AND kind = 'opportunities' ORDER BY seq",
    "external_ids": "SELECT e.* FROM opportunities o JOIN external_ids e ON e.kind = 'opportunities' "
    "AND e.record_id = o.id WHERE o.seq > ? AND o.seq <= ? ORDER BY o.seq",
}
"""Table to the rows that an import wrote for its deals between two sequence numbers."""


def measure(bench: Bench) -> list[Figure]:
    folder = bench.folder
    alone(write_files, str(folder), bench.sizes.rows)
    read = alone(read_bare, str(folder))
    typed = alone(read_typed, str(folder))
    raw = alone(insert_raw, str(folder))
    first = alone(import_all, str(folder), str(folder / STORE))
    same = alone(insert_same, str(folder / STORE))
    again = alone(import_again, str(folder), str(folder / STORE))
    small = folder / "postgresql"
    small.mkdir(exist_ok=True)
    alone(write_files, str(small), bench.sizes.postgresql_rows)
    with server() as uri:
        remote = alone(import_all, str(small), uri)
    return [
        Figure("SQLite, first import", first["rows_per_s"], "rows/s", 20_000),
        Figure("SQLite, first import: peak memory", first["memory_mb"], "MB", 1_000, at_most=True),
        Figure("SQLite, the same file again (nothing changes)", again["rows_per_s"], "rows/s"),
        Figure("PostgreSQL, first import", remote["rows_per_s"], "rows/s"),
        Figure("csv module alone", read["rows_per_s"], "rows/s"),
        Figure("the importer's reading, checking and typing alone", typed["rows_per_s"], "rows/s"),
        Figure("csv module and raw driver, one plain table", raw["rows_per_s"], "rows/s"),
        Figure("raw driver, the very rows that the import wrote, nothing else", same["rows_per_s"], "rows/s"),
        Figure(
            "first import, of the speed of the csv module and raw driver", first["rows_per_s"] / raw["rows_per_s"], "x"
        ),
        Figure(
            "first import, of the raw driver's speed with the same rows", first["rows_per_s"] / same["rows_per_s"], "x"
        ),
    ]


def write_files(folder: str, rows: int) -> dict[str, Any]:
    files.write_people(Path(folder), rows)
    files.write_opportunities(Path(folder) / EXPORT, rows)
    return {}


def read_bare(folder: str) -> dict[str, Any]:
    with (Path(folder) / EXPORT).open(newline="") as stream:
        began = time.perf_counter()
        rows = sum(1 for _ in csv.reader(stream)) - 1
    return {"rows_per_s": rows / (time.perf_counter() - began)}


def read_typed(folder: str) -> dict[str, Any]:
    """The file as the importer reads it, into typed columns and rejects, and nothing written."""
    from sales_operations.connectors.batches import read
    from sales_operations.connectors.files import open_source
    from sales_operations.connectors.library import load_mapping
    from sales_operations.settings import load

    settings = load({"sales_operations": {}})
    source = open_source(Path(folder) / EXPORT)
    began = time.perf_counter()
    rows = sum(batch.read for batch in read(source, load_mapping("salesforce"), "opportunities", settings))
    return {"rows_per_s": rows / (time.perf_counter() - began)}


def insert_raw(folder: str) -> dict[str, Any]:
    database = Path(folder) / "raw.db"
    connection = sqlite3.connect(database)
    with (Path(folder) / EXPORT).open(newline="") as stream:
        began = time.perf_counter()
        rows = csv.reader(stream)
        names = ", ".join(f'"{name}" TEXT' for name in next(rows))
        connection.execute(f"CREATE TABLE opportunities ({names})")
        marks = ", ".join("?" * files.COLUMNS)
        count = connection.executemany(f"INSERT INTO opportunities VALUES ({marks})", rows).rowcount
        connection.commit()
    found = {"rows_per_s": count / (time.perf_counter() - began)}
    connection.close()
    database.unlink()
    return found


def insert_same(database: str) -> dict[str, Any]:
    """The deals' rows of all four tables into an empty store of the same tables and settings, a batch a transaction."""
    from sales_operations.connectors.source import BATCH_ROWS
    from sales_operations.workspace import open_real

    copy = Path(database).with_name("same.db")
    workspace = open_real({}, database=str(copy), clock=files.moment)
    source = sqlite3.connect(database)
    reached, count, spent = 0, 0, 0.0
    while True:
        last = source.execute(_LAST, (reached, BATCH_ROWS)).fetchone()[0]
        if last is None:
            break
        batch = {sql: source.execute(select, (reached, last)).fetchall() for sql, select in _SAME.items()}
        with workspace.engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            began = time.perf_counter()
            driver.execute("BEGIN IMMEDIATE")
            for table, rows in batch.items():
                driver.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
            driver.execute("COMMIT")
            spent += time.perf_counter() - began
        reached, count = last, count + len(batch["opportunities"])
    source.close()
    workspace.close()
    copy.unlink()
    return {"rows_per_s": count / spent}


def import_all(folder: str, database: str) -> dict[str, Any]:
    """Users, accounts, then the opportunities, which alone are timed."""
    return _import(folder, database, ("users", "accounts"))


def import_again(folder: str, database: str) -> dict[str, Any]:
    return _import(folder, database, ())


def _import(folder: str, database: str, before: tuple[str, ...]) -> dict[str, Any]:
    from sales_operations.connectors.importer import import_file
    from sales_operations.workspace import open_real

    workspace = open_real({}, database=database, clock=files.moment)
    for kind in before:
        import_file(workspace, kind, Path(folder) / f"{kind}.csv")
    began = time.perf_counter()
    summary = import_file(workspace, "opportunities", Path(folder) / EXPORT)
    spent = time.perf_counter() - began
    workspace.close()
    written = summary.created if before else summary.unchanged
    if written + summary.rejected != summary.read or not summary.rejected:
        raise RuntimeError(f"the import did something else than was to be measured: {summary.counts()}")
    return {"rows_per_s": summary.read / spent}


MEASUREMENT = Measurement(
    "import",
    f"An export of {files.COLUMNS} columns, one row in a hundred unusable, through `import_file`: checking, state, "
    "history, audit chain and the file of rejects included.",
    measure,
)

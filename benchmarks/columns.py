"""Columns: from the store into DuckDB, all of it and what changed, beside a cursor that reads the same rows."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

from benchmarks import files
from benchmarks.alone import alone
from benchmarks.figures import Bench, Figure, Measurement
from benchmarks.importing import EXPORT, STORE, import_all, write_files

CHANGED = "changed.csv"


def measure(bench: Bench) -> list[Figure]:
    folder, store = str(bench.folder), bench.folder / STORE
    if not store.exists():
        alone(write_files, folder, bench.sizes.rows)
        alone(import_all, folder, str(store))
    cursor = alone(read_by_cursor, str(store))
    whole = alone(refresh, str(store))
    alone(change, folder, str(store), bench.sizes.changes)
    part = alone(refresh, str(store))
    version = alone(refresh, str(store))
    return [
        Figure("from nothing", whole["rows"] / whole["seconds"], "rows/s"),
        Figure("from nothing: peak memory", whole["memory_mb"], "MB"),
        Figure("a cursor reading the same rows", cursor["rows"] / cursor["seconds"], "rows/s"),
        Figure("from nothing, of the cursor's speed", whole["rows"] / whole["seconds"] / cursor["rows"] * cursor["seconds"],
               "x"),
        Figure(f"{bench.sizes.changes:,} changed deals merged into {bench.sizes.rows:,}", part["seconds"], "s", 1, at_most=True),
        Figure("nothing changed", version["seconds"], "s"),
    ]  # fmt: skip


def read_by_cursor(store: str) -> dict[str, Any]:
    """The rows and columns that the refresh copies, through SQLAlchemy, ten thousand at a time."""
    from sqlalchemy import text

    from sales_operations.store import shapes
    from sales_operations.store.engine import open_engine, parse_url, reading

    engine = open_engine(parse_url(store))
    rows, began = 0, time.perf_counter()
    with reading(engine) as connection:
        for table, columns in shapes.MIRRORED.items():
            found = connection.execute(text(f"SELECT {', '.join(columns)} FROM {table}"))
            for part in found.partitions(10_000):
                rows += len(part)
    return {"rows": rows, "seconds": time.perf_counter() - began}


def refresh(store: str) -> dict[str, Any]:
    import adbc_driver_sqlite
    import duckdb  # loading the libraries is no part of the work

    from sales_operations.store import shapes
    from sales_operations.workspace import open_workspace

    assert duckdb
    assert adbc_driver_sqlite
    workspace = open_workspace({}, database=store, clock=files.moment)
    began = time.perf_counter()
    with workspace.columns() as db:
        spent = time.perf_counter() - began
        rows = sum(
            row[0] for table in shapes.MIRRORED for row in db.execute(f"SELECT count(*) FROM m_{table}").fetchall()
        )
    workspace.close()
    return {"rows": rows, "seconds": spent}


def change(folder: str, store: str, count: int) -> dict[str, Any]:
    """Import the first ``count`` deals again, each with another amount."""
    from sales_operations.connectors.importer import import_file
    from sales_operations.workspace import open_real

    changed = Path(folder) / CHANGED
    with (Path(folder) / EXPORT).open(newline="") as old, changed.open("w", newline="") as new:
        rows, writer = csv.reader(old), csv.writer(new)
        names = next(rows)
        place = names.index("Amount")
        writer.writerow(names)
        for _, row in zip(range(count), rows, strict=False):
            writer.writerow([*row[:place], f"1{row[place]}", *row[place + 1 :]])
    workspace = open_real({}, database=store, clock=files.moment)
    summary = import_file(workspace, "opportunities", changed)
    workspace.close()
    return {"updated": summary.updated}


MEASUREMENT = Measurement(
    "columns",
    "The imported store brought into the DuckDB file that all metrics read: every mirrored table and the validity "
    "intervals of every deal. The merge includes copying the file before, so that readers keep theirs.",
    measure,
)

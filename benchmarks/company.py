"""Large pipelines: the deals of the demonstration company, copied many times over, in columns ready to be read.

The copies are made in the columns file alone. It bears the identity and sequence number of the store beside it, so that
the product takes it for in step and reads it as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import files
from benchmarks.alone import alone

_COPIED = ("opportunities", "intervals", "activities")


def copied(folder: Path, copies: int) -> Path:
    """The demonstration store in ``folder`` whose columns hold the deals ``copies`` times."""
    store = folder / f"company_{copies}.db"
    if not store.exists():
        alone(build, str(store), copies)
    return store


def build(store: str, copies: int) -> dict[str, Any]:
    import duckdb

    from sales_operations.demo import store as demo
    from sales_operations.workspace import open_workspace

    demo.build(Path(store), files.moment)
    workspace = open_workspace({}, database=store, clock=files.moment)
    with workspace.columns():
        pass
    workspace.close()
    with duckdb.connect(str(Path(store).with_suffix(".duckdb"))) as db:
        for table in _COPIED:
            ids = "activity_id, opportunity_id" if table == "activities" else "opportunity_id"
            marked = ", ".join(f"{name} || '-' || copy AS {name}" for name in ids.split(", "))
            db.execute(
                f"INSERT INTO {table} SELECT deals.* REPLACE ({marked}) FROM {table} deals, range(1, {copies}) AS c(copy)"
            )
    return {}

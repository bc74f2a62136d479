"""Pipeline: the tracking metrics beside plain loops and one numpy.sum, and all of manage_pipeline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks import files
from benchmarks.alone import alone
from benchmarks.company import copied
from benchmarks.figures import Bench, Figure, Measurement


def measure(bench: Bench) -> list[Figure]:
    store = str(copied(bench.folder, bench.sizes.copies))
    tracked = alone(track, store, bench.sizes.repeats)
    looped = alone(loop, store, bench.sizes.repeats)
    for key in ("deals", "value", "weighted"):
        if abs(tracked[key] - looped[key]) > 1:  # each deal's weighted amount is rounded to the cent in one of them
            raise RuntimeError(f"tracking and the loops disagree about {key}: {tracked[key]} and {looped[key]}")
    managed = alone(manage, store)
    changed = alone(compare, store)
    most = str(copied(bench.folder, bench.sizes.many_copies))
    largest = alone(manage, most)
    Path(most).with_suffix(".duckdb").unlink()
    return [
        Figure("deals", tracked["deals"], ""),
        Figure("history rows", managed["history"], ""),
        Figure("tracking metrics over the columns", tracked["metrics"] * 1000, "ms"),
        Figure("track_pipeline() as called, columns opened and checked", tracked["call"] * 1000, "ms"),
        Figure("the plain loops over objects in memory", looped["loops"] * 1000, "ms"),
        Figure("one numpy.sum over the five columns", tracked["sum"] * 1000, "ms"),
        Figure("faster than the loops", looped["loops"] / tracked["metrics"], "x", 15),
        Figure("slower than the numpy.sum", tracked["metrics"] / tracked["sum"], "x", 30, at_most=True),
        Figure("manage_pipeline()", managed["seconds"], "s", 5, at_most=True),
        Figure("manage_pipeline(): peak memory", managed["memory_mb"], "MB", 4_000, at_most=True),
        Figure("what changed in 90 days", changed["seconds"], "s"),
        Figure(f"manage_pipeline() on {largest['deals']:,} deals", largest["seconds"], "s", 60, at_most=True),
        Figure(f"manage_pipeline() on {largest['deals']:,} deals: peak memory", largest["memory_mb"], "MB"),
    ]


def _best(work: Callable[[], object], repeats: int) -> float:
    """The shortest time of ``work`` in seconds: what the machine can do when nothing else disturbs it."""
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def _workspace(store: str) -> Any:
    from sales_operations.workspace import open_workspace

    return open_workspace({}, database=store, clock=files.moment)


def track(store: str, repeats: int) -> dict[str, Any]:
    import numpy as np

    from sales_operations.domain.clock import as_of_now
    from sales_operations.pipeline import PipelineTracker
    from sales_operations.pipeline.state import State
    from sales_operations.pipeline.tracker import tracking_of

    workspace = _workspace(store)
    tracker = PipelineTracker(workspace)
    found = asyncio.run(tracker.track_pipeline())
    called = _best(lambda: asyncio.run(tracker.track_pipeline()), repeats)
    at = as_of_now(workspace.clock, "UTC")
    with workspace.columns() as db:
        metrics = _best(
            lambda: tracking_of(State(db, workspace.settings, at, present=True, made_at=workspace.clock())), repeats
        )
        columns = db.execute(
            """SELECT CAST(coalesce(amount_minor, 0) AS DOUBLE) AS amount, probability,
                CAST(dense_rank() OVER (ORDER BY stage) AS DOUBLE) AS stage,
                CAST(dense_rank() OVER (ORDER BY sales_rep) AS DOUBLE) AS sales_rep,
                CAST(year(close_date) * 12 + month(close_date) AS DOUBLE) AS close_month FROM opportunities"""
        ).fetchnumpy()
    table = np.stack([np.ma.filled(column, 0.0) for column in columns.values()])
    return {
        "metrics": metrics,
        "call": called,
        "sum": _best(lambda: np.sum(table), repeats * 5),
        "deals": found["total_opportunities"],
        "value": found["total_pipeline_value"],
        "weighted": found["weighted_pipeline_value"],
    }


@dataclass
class Deal:
    """A deal as a plain program holds it in memory."""

    opportunity_id: str
    account_name: str
    amount: float
    stage: str
    probability: float
    close_date: str
    sales_rep: str


def loop(store: str, repeats: int) -> dict[str, Any]:
    with _workspace(store).columns() as db:
        rows = db.execute(
            """SELECT opportunity_id, account_name, coalesce(amount_minor, 0) / 100, stage, probability,
                coalesce(strftime(close_date, '%Y-%m-%d'), ''), sales_rep FROM opportunities"""
        ).fetchall()
    deals = [Deal(*row) for row in rows]
    del rows
    made = _loops(deals)
    return {"loops": _best(lambda: _loops(deals), repeats), **made}


def _loops(deals: list[Deal]) -> dict[str, Any]:
    """Each metric by a pass of its own over the objects."""
    made: dict[str, Any] = {
        "deals": len(deals),
        "value": sum(deal.amount for deal in deals),
        "weighted": sum(deal.amount * deal.probability for deal in deals),
    }
    keys: dict[str, Callable[[Deal], str]] = {
        "by_stage": lambda deal: deal.stage,
        "by_sales_rep": lambda deal: deal.sales_rep,
        "by_month": lambda deal: deal.close_date[:7],
    }
    for name, key in keys.items():
        groups: dict[str, dict[str, float]] = {}
        for deal in deals:
            group = groups.setdefault(key(deal), {"count": 0, "amount": 0.0, "weighted_amount": 0.0})
            group["count"] += 1
            group["amount"] += deal.amount
            group["weighted_amount"] += deal.amount * deal.probability
        made[name] = groups
    return made


def manage(store: str) -> dict[str, Any]:
    from sales_operations.pipeline import PipelineManager

    workspace = _workspace(store)
    began = time.perf_counter()
    asyncio.run(PipelineManager(workspace).manage_pipeline())
    spent = time.perf_counter() - began
    with workspace.columns() as db:
        [(history,)] = db.execute("SELECT count(*) FROM intervals").fetchall()
        [(deals,)] = db.execute("SELECT count(*) FROM opportunities").fetchall()
    return {"seconds": spent, "history": history, "deals": deals}


def compare(store: str) -> dict[str, Any]:
    from sales_operations.pipeline import PipelineChanges

    workspace = _workspace(store)
    start = (files.moment() - timedelta(days=90)).date().isoformat()
    began = time.perf_counter()
    asyncio.run(PipelineChanges(workspace).compare(start))
    return {"seconds": time.perf_counter() - began}


MEASUREMENT = Measurement(
    "pipeline",
    "The demonstration company's deals, copied to the number given, in columns. The loops are the plain way: a list of "
    "dataclass objects in memory, a pass for each metric; reading the objects is not counted. The numpy.sum adds up one "
    "array of amount, probability, stage, rep and month.",
    measure,
)

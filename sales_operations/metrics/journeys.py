"""The way of each deal through the stages, drawn from the validity intervals of its history.

All visits to a stage are added up, so a deal that goes back and forth is not counted as fast.
"""

from __future__ import annotations

from datetime import UTC, datetime

import narwhals as nw

from sales_operations.domain.clock import to_micros
from sales_operations.metrics.deals import IS_OPEN, OPEN_STAGES, only
from sales_operations.metrics.metric import Frame

MICROSECONDS = 1_000_000
"""In a second."""


def whole_seconds(start: nw.Expr, end: nw.Expr) -> nw.Expr:
    """Whole seconds from one number of microseconds to a later one; not every engine can subtract timestamps."""
    return ((end - start) // MICROSECONDS).cast(nw.Int64)


def was_in(stage: str) -> nw.Expr:
    """Whether a deal was ever in an open stage."""
    return ~nw.col(f"seconds_in_{stage}").is_null()


def journeys(intervals: Frame, until: datetime) -> Frame:
    """One row per deal: ``opened_at``, ``last_open_at``, ``seconds_in_<stage>`` for each open stage, up to ``until``.

    ``intervals`` has opportunity_id, valid_from and valid_to (naive UTC), the same as ``from_us`` and ``to_us`` in
    microseconds since the epoch, stage and status, none starting after ``until``. ``last_open_at`` is when the deal was
    last seen open: its closing, for a deal that is closed at ``until``. Both stand there in microseconds too, as ``_us``.
    Seconds are null for a stage in which the deal never was.
    """
    over, until_us = nw.col("valid_to") < nw.lit(until), to_micros(until.replace(tzinfo=UTC))
    end = nw.when(over).then(nw.col("valid_to")).otherwise(nw.lit(until))
    end_us = nw.when(over).then(nw.col("to_us")).otherwise(nw.lit(until_us))
    spans = intervals.select(
        "opportunity_id", "stage", "status", "valid_from", "from_us", end=end, end_us=end_us
    ).with_columns(seconds=whole_seconds(nw.col("from_us"), nw.col("end_us")))
    parts = [
        nw.col("valid_from").min().alias("opened_at"),
        nw.col("from_us").min().alias("opened_us"),
        only(IS_OPEN, nw.col("end")).max().alias("last_open_at"),
        only(IS_OPEN, nw.col("end_us")).max().alias("last_open_us"),
    ]
    for stage in OPEN_STAGES:
        here = nw.col("stage") == stage
        parts += [
            only(here, nw.col("seconds")).sum().alias(f"sum_{stage}"),
            only(here, nw.col("seconds")).count().alias(f"visits_{stage}"),
        ]
    seconds = {
        f"seconds_in_{stage}": only(nw.col(f"visits_{stage}") > 0, nw.col(f"sum_{stage}")).cast(nw.Int64)
        for stage in OPEN_STAGES
    }
    kept = ("opportunity_id", "opened_at", "opened_us", "last_open_at", "last_open_us")
    return spans.group_by("opportunity_id").agg(*parts).select(*kept, **seconds)


def with_journeys(deals: Frame, ways: Frame) -> Frame:
    """The deals with their journeys, and what follows from state and journey together.

    ``closed_at`` is null for open deals; ``cycle_seconds`` runs from opening to closing; ``seconds_in_stage`` is the
    time that an open deal has spent in the stage where it is now.
    """
    here: nw.Expr = nw.lit(None, nw.Int64)
    for stage in OPEN_STAGES:
        here = nw.when(nw.col("stage") == stage).then(nw.col(f"seconds_in_{stage}")).otherwise(here)
    closed_at = only(~IS_OPEN, nw.coalesce(nw.col("last_open_at"), nw.col("opened_at")))
    closed_us = only(~IS_OPEN, nw.coalesce(nw.col("last_open_us"), nw.col("opened_us")))
    cycle = whole_seconds(nw.col("opened_us"), closed_us)
    joined = deals.join(ways, on="opportunity_id", how="left")
    return joined.with_columns(closed_at=closed_at, seconds_in_stage=here, cycle_seconds=cycle)

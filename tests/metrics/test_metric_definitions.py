"""The definitions themselves: the same figures on every engine, exact sums, unknown where nothing is known."""

# ruff: noqa: DTZ001
# The column tables hold instants as naive UTC.

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import duckdb
import narwhals as nw
import pytest

from sales_operations.domain.stages import DEFAULT_PIPELINE, STAGE_NAMES
from sales_operations.metrics.catalog import METRICS
from sales_operations.metrics.deals import with_measures
from sales_operations.metrics.journeys import journeys, with_journeys
from sales_operations.metrics.metric import Additive, measure

UNTIL = datetime(2026, 6, 30)
SPARK_SCHEMA = (
    "opportunity_id string, pipeline string, pipeline_stage string, stage string, status string, amount_minor long, "
    "probability double, close_date date, sales_rep string, valid_from timestamp_ntz, valid_to timestamp_ntz, "
    "from_us long, to_us long"
)
STATUS = {"closed_won": "won", "closed_lost": "lost"}
SCHEMA = (
    "opportunity_id VARCHAR, pipeline VARCHAR, pipeline_stage VARCHAR, stage VARCHAR, status VARCHAR, "
    "amount_minor BIGINT, probability DOUBLE, close_date DATE, sales_rep VARCHAR, valid_from TIMESTAMP, "
    "valid_to TIMESTAMP, from_us BIGINT, to_us BIGINT"
)


def micros(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1)) // timedelta(microseconds=1)


def intervals(deals: int) -> list[tuple]:
    chance = Random(7)
    rows = []
    for number in range(deals):
        at = datetime(2026, 1, 1) + timedelta(minutes=chance.randrange(100_000))
        steps = chance.randrange(1, 6)
        for step in range(steps):
            end = at + timedelta(minutes=chance.randrange(1, 30_000)) if step < steps - 1 else datetime(9999, 12, 31)
            stage = chance.choice(STAGE_NAMES)
            money = (chance.choice([None, chance.randrange(10**7)]), chance.choice([None, 0.125, 0.333]))
            close = chance.choice([None, date(2026, 5, 5), date(2026, 9, 9)])
            who = ("default", stage, stage, STATUS.get(stage, "open"))
            rows.append(
                (f"d{number}", *who, *money, close, chance.choice(["Ada", None]), at, end, *map(micros, (at, end)))
            )
            at = end
    return rows


ENGINES = ["duckdb", "polars", pytest.param("spark", marks=pytest.mark.spark)]


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A Spark of one thread on this machine."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    for name, value in (("spark.sql.shuffle.partitions", "1"), ("spark.sql.session.timeZone", "UTC")):
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Any:
    """Makes the frame of so many deals' intervals in one engine."""

    def make(deals: int) -> nw.LazyFrame:
        rows = intervals(deals)
        if request.param == "spark":
            return nw.from_native(request.getfixturevalue("spark").createDataFrame(rows, SPARK_SCHEMA))
        return duckdb_frame(rows) if request.param == "duckdb" else polars_frame(rows)

    return make


def duckdb_frame(rows: list[tuple]) -> nw.LazyFrame:
    db = duckdb.connect(config={"threads": 1})
    db.execute(f"CREATE TABLE intervals({SCHEMA})")
    for row in rows:
        db.execute(f"INSERT INTO intervals VALUES ({', '.join('?' * 13)})", row)
    return nw.from_native(db.table("intervals"))


def polars_frame(rows: list[tuple]) -> nw.LazyFrame:
    return nw.from_native(nw.to_native(duckdb_frame(rows)).pl().lazy())


def prepared(history: nw.LazyFrame) -> nw.LazyFrame:
    history = history.filter(nw.col("valid_from") <= nw.lit(UNTIL))
    now = history.filter(nw.col("valid_to") > nw.lit(UNTIL))
    deals = with_journeys(with_measures(now, [DEFAULT_PIPELINE], UNTIL.date()), journeys(history, UNTIL))
    flag = nw.col("seconds_in_stage") > 1_000_000
    measured = {"due": nw.col("status") == "open", "closed_here": nw.col("status") != "open"}
    measured |= {"outcome": nw.lit("slipped"), "due_pushes": nw.col("close_month") % 3}
    return deals.with_columns(
        stale=nw.coalesce(flag, nw.lit(False)), pushed=nw.col("overdue"), idle=nw.col("overdue"), **measured
    )


def values(frame: nw.LazyFrame, by: list[str]) -> dict:
    rows = measure(frame, METRICS.values(), by).collect().rows(named=True)
    rows = [{key: value if key in by or value is None else float(value) for key, value in row.items()} for row in rows]
    return {tuple(row[key] for key in by): {name: metric.read(row) for name, metric in METRICS.items()} for row in rows}


@pytest.mark.parametrize("by", [[], ["stage"], ["sales_rep"], ["close_month"]], ids="".join)
def test_every_definition_gives_the_same_on_every_engine(engine, by):
    expected, found = values(prepared(duckdb_frame(intervals(120))), by), values(prepared(engine(120)), by)
    assert set(expected) == set(found)
    for group, row in expected.items():
        other = found[group]
        for name, metric in METRICS.items():
            # Whole numbers agree to the last digit; a quantile between two neighbours may differ in the last bit.
            same = (
                row[name] if isinstance(metric, Additive) or row[name] is None else pytest.approx(row[name], rel=1e-14)
            )
            assert other[name] == same, name
    assert len(expected) == {"": 1, "stage": 6, "sales_rep": 2, "close_month": 3}["".join(by)]


def test_what_adds_up_sums_over_groups_to_the_whole(engine):
    frame = prepared(engine(120))
    (whole,) = values(frame, []).values()
    groups = values(frame, ["stage", "sales_rep"]).values()
    for name, metric in METRICS.items():
        if isinstance(metric, Additive):
            assert sum(group[name] for group in groups) == whole[name]


def test_without_deals_counts_and_sums_are_zero_and_everything_else_is_unknown(engine):
    (found,) = values(prepared(engine(0)), []).values()
    for name, metric in METRICS.items():
        assert found[name] == (0 if isinstance(metric, Additive) else None)


@pytest.mark.parametrize(("amount", "probability", "expected"), [(1, 0.3335, 334), (10**9 + 7, 0.57, 570000003990)])
def test_a_weighted_amount_is_rounded_half_up_to_a_thousandth_of_a_cent(engine, amount, probability, expected):
    frame = engine(1).head(1).with_columns(amount_minor=nw.lit(amount), probability=nw.lit(probability))
    shown = with_measures(frame, [], date(2026, 1, 1)).select("weighted").collect().rows()
    assert shown == [(expected,)]

"""The deals as they were known at one instant, ready for the metrics: the one place here that acts on ``as_of``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import narwhals as nw

from sales_operations.domain.clock import AsOf
from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.periods import Period, period_of
from sales_operations.domain.stages import Pipeline
from sales_operations.metrics.deals import at_rates, with_measures
from sales_operations.metrics.journeys import journeys, with_journeys
from sales_operations.metrics.metric import Frame, Metric, measure
from sales_operations.store import shapes

if TYPE_CHECKING:
    import duckdb

    from sales_operations.settings import Settings

_COLUMNS = ("opportunity_id", "stage", "status", "amount_minor", "close_date", "weighted", "overdue")
_YEARS = range(1900, 9998)
UNASSIGNED = "unassigned"
"""Stands for the sales rep of a deal that has none."""


class State:
    """The deals at ``at``, over an open DuckDB connection with the product's column tables, one state at a time.

    ``present`` says that the current state is asked for: then it is read as the store lists it, else from the validity
    intervals. With ``known_at`` only what had been recorded by then counts, later corrections do not. ``made_at`` is the
    clock's reading, shown as the time of making. Timestamps are naive UTC.
    Raises InvalidInput for an instant outside the years 1900 to 9997.
    """

    def __init__(
        self,
        db: duckdb.DuckDBPyConnection,
        settings: Settings,
        at: AsOf,
        *,
        present: bool,
        made_at: datetime,
        known_at: AsOf | None = None,
    ) -> None:
        for name, instant in (("as_of", at), ("known_at", known_at or at)):
            if instant.day.year not in _YEARS:
                raise InvalidInput(f"{name}: {instant.shown} lies outside the years {_YEARS[0]} to {_YEARS[-1]}")
        self.db, self.settings, self.at, self.known_at = db, settings, at, known_at
        self.present = present and known_at is None
        self.made_at = made_at.astimezone(UTC).isoformat()
        self.until = at.instant.replace(tzinfo=None)

    def seen_from(self, at: AsOf) -> State:
        """The deals at another instant, by what is known of them here."""
        made_at = datetime.fromisoformat(self.made_at)
        other = State(self.db, self.settings, at, present=False, made_at=made_at, known_at=self.known_at)
        other.intervals = self.intervals
        return other

    def period(self, name: str, day: date | None = None) -> Period:
        """The company's month, quarter or year that holds ``day``, by default the day of this state."""
        return period_of(name, day or self.at.day, self.settings.company.fiscal_year_start)

    def table(self, name: str) -> Frame:
        """A table of the connection as a lazy frame."""
        return nw.from_native(self.db.table(name))

    @property
    def seen(self) -> dict[str, str | None]:
        """What every result says of where it was looked from."""
        return {"as_of": self.at.shown, "known_at": self.known_at.shown if self.known_at else None}

    @cached_property
    def intervals(self) -> Frame:
        """The validity intervals of all deals, deletions included, as far as they were known at ``known_at``."""
        source = "intervals"
        if self.known_at is not None:
            source = "known_intervals"
            known = shapes.intervals(self.settings.company.currency, known_at=self.known_at.micros)
            self.db.execute(f"CREATE OR REPLACE TEMP TABLE known_intervals AS {known}")
        instants = "epoch_us(valid_from) AS from_us, epoch_us(valid_to) AS to_us"
        return nw.from_native(self.db.sql(f"SELECT *, {instants} FROM {source}"))

    def valued(self, deals: Frame) -> Frame:
        """The deals with the open ones' amounts at the rates of the day of this state."""
        rates = self.db.execute("SELECT currency, factor, valid_from FROM rates ORDER BY valid_from").fetchall()
        if not rates or (self.present and rates[-1][2] <= self.at.day):  # then the amounts are at these rates already
            return deals
        factors = {currency: factor for currency, factor, since in rates if since <= self.at.day}
        return deals.with_columns(amount_minor=at_rates(factors, self.settings.company.currency))

    @cached_property
    def history(self) -> Frame:
        """The validity intervals that had begun by then, those in which the deal was deleted left out."""
        return self.intervals.filter(nw.col("valid_from") <= nw.lit(self.until), ~nw.col("deleted"))

    @cached_property
    def deals(self) -> Frame:
        """One row per deal known then and not deleted, with what ``metrics.deals.with_measures`` adds."""
        then = nw.col("valid_to") > nw.lit(self.until)
        known = self.table("opportunities") if self.present else self.history.filter(then)
        return with_measures(self.valued(known), self.pipelines, self.at.day)

    @cached_property
    def pipelines(self) -> list[Pipeline]:
        """The pipelines that are configured."""
        return [self.settings.pipeline(name) for name in self.settings.pipelines]

    @cached_property
    def journeyed(self) -> Frame:
        """The deals with their journeys (see ``metrics.journeys``), computed once and kept for this connection."""
        rep = nw.coalesce(nw.col("sales_rep"), nw.lit(UNASSIGNED))
        deals = self.deals.select(*_COLUMNS, sales_rep=rep)
        return self.kept("journeyed_deals", with_journeys(deals, journeys(self.history, self.until)))

    @cached_property
    def open(self) -> Frame:
        """The open deals among them."""
        return self.journeyed.filter(nw.col("status") == "open")

    def closed_since(self, start: datetime, end: datetime | None = None) -> Frame:
        """The deals whose closing lies in [start, end), or from ``start`` up to the instant of this state."""
        closed = nw.col("closed_at")
        upper = closed <= nw.lit(self.until) if end is None else closed < nw.lit(end)
        return self.journeyed.filter(closed >= nw.lit(start), upper)

    def closed_within(self, days: int) -> Frame:
        """The deals closed in the last ``days`` x 24 hours, the instant of this state included."""
        return self.closed_since(self.until - timedelta(days=days) + timedelta(microseconds=1))

    def start_of(self, day: date) -> datetime:
        """When a day begins in the company's time zone."""
        zone = ZoneInfo(self.settings.company.timezone)
        return datetime.combine(day, time.min, zone).astimezone(UTC).replace(tzinfo=None)

    def kept(self, name: str, frame: Frame) -> Frame:
        """The frame's rows, computed now into a temporary table of the connection."""
        self.db.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {nw.to_native(frame).sql_query()}')
        return self.table(name)

    def rows(self, frame: Frame) -> list[dict[str, Any]]:
        """The rows of a frame as plain Python values, whole numbers as int."""
        relation = nw.to_native(frame)
        return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]

    def measured(self, deals: Frame, metrics: Iterable[Metric]) -> dict[str, Any]:
        """One row: the columns of the metrics over all of ``deals``."""
        return self.rows(measure(deals, metrics))[0]

    def measured_by(self, deals: Frame, metrics: Sequence[Metric], key: str) -> dict[Any, dict[str, Any]]:
        """The same for each value of a column."""
        return {row[key]: row for row in self.rows(measure(deals, metrics, [key]))}

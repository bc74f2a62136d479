"""What the deals themselves say of a period, by their owner: won in it, and open and due in it by forecast category."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import narwhals as nw

from sales_operations.domain.clock import AsOf, to_micros
from sales_operations.domain.periods import Period
from sales_operations.domain.stages import DEFAULT_CATEGORIES, OpportunityStage
from sales_operations.forecasting.calls.organisation import Key
from sales_operations.metrics.deals import at_rates, category

if TYPE_CHECKING:
    import duckdb

    from sales_operations.settings import Settings

# Won is a deal from the day on which it entered the stage that it is in, as in every forecast.
_KNOWN = """
CREATE OR REPLACE TEMP TABLE deals_of_calls AS
WITH known AS (
    SELECT *, lag(stage) OVER before AS left_stage FROM intervals WHERE valid_from <= make_timestamp({until})
    WINDOW before AS (PARTITION BY opportunity_id ORDER BY valid_from)),
staged AS (
    SELECT * EXCLUDE (left_stage), max(CASE WHEN stage IS DISTINCT FROM left_stage THEN valid_from END)
        OVER (PARTITION BY opportunity_id) AS since
    FROM known QUALIFY row_number() OVER (PARTITION BY opportunity_id ORDER BY valid_from DESC) = 1)
SELECT * REPLACE (epoch_us(since) AS since) FROM staged WHERE NOT deleted AND status IN ('open', 'won')
"""
_WON = """
SELECT owner_id, sales_rep, CAST(sum(amount_minor) AS BIGINT) FROM deals_of_calls
WHERE status = 'won' AND since BETWEEN {first} AND {last} GROUP BY ALL
"""


@dataclass
class Said:
    """What the deals of one owner, or of many, come to: minor units; the categories are those of open deals alone."""

    closed: int = 0
    commit: int = 0
    best_case: int = 0
    pipeline: int = 0
    omitted: int = 0
    open_deals: int = 0
    amount_unknown: int = 0

    def __add__(self, other: Said) -> Said:
        return Said(*(one + two for one, two in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def open_amount(self) -> int:
        """The amount of all open deals that are due, whatever their category."""
        return self.commit + self.best_case + self.pipeline + self.omitted


class Deals:
    """The deals as known at ``at``, over an open DuckDB connection with the product's column tables."""

    def __init__(self, db: duckdb.DuckDBPyConnection, settings: Settings, at: AsOf) -> None:
        self._db, self._settings, self._at = db, settings, at
        self.names: dict[Key, str] = {}
        db.execute(_KNOWN.format(until=at.micros))

    def of(self, period: Period) -> dict[Key, Said]:
        """Owner to what the deals come to in a period. Who is no user has the name in place of the id."""
        found: defaultdict[Key, Said] = defaultdict(Said)
        for owner, closed in self.won(period.start, period.end).items():
            found[owner].closed = closed
        for owner_id, rep, named, stage, amount, count, unknown in self._due(period):
            said = found[self._owner(owner_id, rep)]
            label = named or DEFAULT_CATEGORIES[OpportunityStage(stage)]
            held = label if label in ("commit", "best_case", "omitted") else "pipeline"
            setattr(said, held, getattr(said, held) + int(amount or 0))
            said.open_deals += count
            said.amount_unknown += unknown
        return dict(found)

    def won(self, first: date, last: date) -> dict[Key, int]:
        """Owner to minor units won from the day ``first`` to the day ``last``, by what is known here."""
        bounds = {"first": self._begin(first), "last": self._begin(date.fromordinal(last.toordinal() + 1)) - 1}
        rows = self._db.execute(_WON.format(**bounds)).fetchall()
        return {self._owner(owner_id, rep): int(amount or 0) for owner_id, rep, amount in rows}

    def reps(self) -> dict[str, Key]:
        """The name that a user has as sales rep, everywhere deals are shown, to the user."""
        return {rep: ("rep", user) for user, rep in self._db.execute("SELECT user_id, sales_rep FROM users").fetchall()}

    def rates(self) -> dict[str, float]:
        """Currency to what one minor unit of it is worth in the company's, on the day looked from."""
        rows = self._db.execute("SELECT currency, factor, valid_from FROM rates ORDER BY valid_from").fetchall()
        return {currency: factor for currency, factor, since in rows if since <= self._at.day}

    def _due(self, period: Period) -> list[tuple[str | None, str, str | None, str, int | None, int, int]]:
        pipelines = [self._settings.pipeline(name) for name in self._settings.pipelines]
        due = nw.col("close_date").is_between(nw.lit(period.start), nw.lit(period.end))
        frame = nw.from_native(self._db.table("deals_of_calls")).filter(nw.col("status") == "open", due)
        valued = frame.with_columns(
            amount_minor=at_rates(self.rates(), self._settings.company.currency), named=category(pipelines)
        )
        unknown = nw.col("amount_minor").is_null().cast(nw.Int64).sum()
        grouped = valued.group_by("owner_id", "sales_rep", "named", "stage").agg(
            amount=nw.col("amount_minor").sum(), count=nw.len(), unknown=unknown
        )
        return list(nw.to_native(grouped).fetchall())

    def _owner(self, owner_id: str | None, rep: str) -> Key:
        key: Key = ("rep", owner_id or rep)
        self.names[key] = rep
        return key

    def _begin(self, day: date) -> int:
        return to_micros(datetime.combine(day, time.min, ZoneInfo(self._settings.company.timezone)))

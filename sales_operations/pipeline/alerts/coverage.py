"""Whether the deals due next quarter cover what is to be won in it: at one instant or at many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import narwhals as nw

from sales_operations.domain.periods import Period
from sales_operations.metrics.value import OPEN_AMOUNT, OPEN_AMOUNT_UNKNOWN, OPEN_DEALS, WON_AMOUNT
from sales_operations.pipeline.moments import Moments
from sales_operations.pipeline.reporting.quotas import Quotas
from sales_operations.pipeline.reports import RUN_RATE_DAYS
from sales_operations.pipeline.state import State

_QUARTERS = "CREATE OR REPLACE TEMP TABLE quarters(origin TIMESTAMP, begins DATE, ends DATE, since TIMESTAMP)"


@dataclass(frozen=True)
class Coverage:
    """The open deals due in the quarter after an instant, against what is to be won in it. Amounts in minor units.

    ``basis``: ``quota`` (of the users, else of the teams) or, where the quarter has none, ``run_rate``: what was won in
    the 90 days up to the instant. ``times`` is None where nothing was won and there is no quota, or where open deals have
    no close dates or no amounts.
    """

    day: date
    quarter: Period
    open_deals: int
    due: int
    due_minor: int
    target_minor: int | None
    basis: str
    times: float | None

    def gap(self, wanted: float) -> bool | None:
        """Whether it is less than wanted; None where it is unknown."""
        return None if self.times is None else self.times < wanted


def coverages(moments: Moments) -> dict[datetime, Coverage]:
    """Instant (naive UTC) to its coverage, for each at which a deal was known."""
    state = moments.state
    state.db.execute(_QUARTERS)
    quarters, days = {}, {}
    for row in state.rows(moments.deals.select("origin", "day").unique()):
        days[row["origin"]] = row["day"]
        quarters[row["origin"]] = quarter = state.period("quarter", row["day"]).shifted(1)
        since = row["origin"] - timedelta(days=RUN_RATE_DAYS)
        state.db.execute("INSERT INTO quarters VALUES (?, ?, ?, ?)", [row["origin"], quarter.start, quarter.end, since])
    deals = moments.deals.join(state.table("quarters"), on="origin", how="left")
    dated = deals.filter(nw.col("status") == "open", ~nw.col("close_date").is_null())
    due = dated.filter(nw.col("close_date").is_between(nw.col("begins"), nw.col("ends")))
    won = deals.filter(nw.col("status") == "won", nw.col("closed_at") > nw.col("since"))

    every = state.measured_by(deals, [OPEN_DEALS], "origin")
    with_date = state.measured_by(dated, [OPEN_DEALS], "origin")
    coming = state.measured_by(due, [OPEN_DEALS, OPEN_AMOUNT, OPEN_AMOUNT_UNKNOWN], "origin")
    before = state.measured_by(won, [WON_AMOUNT], "origin")
    quotas = {quarter: _quota(state, quarter) for quarter in set(quarters.values())}
    found = {}
    for origin, quarter in quarters.items():
        row = coming.get(origin, {})
        deals_due, due_minor = row.get(OPEN_DEALS.name, 0), row.get(OPEN_AMOUNT.name) or 0
        run_rate = before[origin][WON_AMOUNT.name] if origin in before else None
        target = quotas[quarter] or run_rate or None
        known = origin in with_date and not (deals_due and row[OPEN_AMOUNT_UNKNOWN.name] == deals_due)
        found[origin] = Coverage(
            day=days[origin],
            quarter=quarter,
            open_deals=every[origin][OPEN_DEALS.name],
            due=deals_due,
            due_minor=due_minor,
            target_minor=target,
            basis="quota" if quotas[quarter] else "run_rate",
            times=due_minor / target if known and target else None,
        )
    return found


def won_in(state: State, quarter: Period) -> int:
    """What was won in a quarter, in minor units, as far as a state knows."""
    closed = state.closed_since(state.start_of(quarter.start), state.start_of(quarter.end + timedelta(days=1)))
    return int(state.measured(closed, [WON_AMOUNT])[WON_AMOUNT.name] or 0)


def _quota(state: State, quarter: Period) -> int | None:
    """What is set for the quarter or, where nothing is, for its months; None where that is nothing or not known."""
    first = state.period("month", quarter.start)
    for periods in ([quarter], [first.shifted(step) for step in range(3)]):
        held = [quota for period in periods for quota in Quotas(state, period).holders[1].values()]
        if held:
            return None if None in held else sum(filter(None, held))
    return None

"""The deals as they were at several instants at once, so that what is said of today can be said of every past week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import narwhals as nw

from sales_operations.metrics.deals import at_rate, overdue
from sales_operations.metrics.journeys import journeys, with_journeys
from sales_operations.metrics.metric import Frame
from sales_operations.pipeline.state import UNASSIGNED, State

if TYPE_CHECKING:
    from sales_operations.domain.clock import AsOf

_ORIGINS = "CREATE OR REPLACE TEMP TABLE origins(number BIGINT, origin TIMESTAMP, origin_us BIGINT, day DATE)"
_SPANS = """
CREATE OR REPLACE TEMP TABLE spans AS
WITH i AS ({intervals}),
d AS (SELECT opportunity_id, row_number() OVER (ORDER BY opportunity_id) AS place FROM (SELECT DISTINCT opportunity_id FROM i))
SELECT o.number * (SELECT count(*) FROM d) + d.place AS opportunity_id, i.opportunity_id AS deal, o.origin, o.day, i.stage,
    i.status, i.valid_from, least(i.valid_to, o.origin) AS valid_to, i.from_us, least(i.to_us, o.origin_us) AS to_us,
    i.valid_to > o.origin AS holds, i.amount_minor, i.own_minor, i.currency, i.close_date, i.sales_rep
FROM i JOIN d USING (opportunity_id) JOIN origins o ON i.valid_from <= o.origin
"""
_STATES = """
SELECT s.*, r.factor FROM (FROM spans WHERE holds) s ASOF LEFT JOIN rates r ON r.currency = s.currency AND s.day >= r.valid_from
"""


@dataclass(frozen=True)
class Moments:
    """Deals at one or more instants.

    ``deals``: one row per instant and deal known then, with stage, status, amount_minor, close_date, overdue, sales_rep,
    what ``metrics.journeys`` adds, ``origin`` (the instant, naive UTC) and ``day`` (its date in the company's zone).
    ``state``: the newest look, whose history they are drawn from. ``undated``: whether what the store keeps without its
    history (next steps, main contacts) may be used, because the present is looked at.
    """

    state: State
    deals: Frame
    undated: bool

    @property
    def open(self) -> Frame:
        """The rows of deals that were open."""
        return self.deals.filter(nw.col("status") == "open")


def present(state: State) -> Moments:
    """The deals at the one instant of a state."""
    deals = state.journeyed.with_columns(origin=nw.lit(state.until, nw.Datetime("us")), day=nw.lit(state.at.day))
    return Moments(state, deals, undated=state.present)


def past(state: State, origins: Sequence[AsOf]) -> Moments:
    """The deals at each of some earlier instants, by what had happened by then; computed in one go for all of them."""
    state.db.execute(_ORIGINS)
    for number, at in enumerate(origins):
        row = [number, at.instant.replace(tzinfo=None), at.micros, at.day]
        state.db.execute("INSERT INTO origins VALUES (?, ?, ?, ?)", row)
    state.db.execute(_SPANS.format(intervals=nw.to_native(state.history).sql_query()))
    latest = max(at.instant for at in origins).replace(tzinfo=None)
    states = nw.from_native(state.db.sql(_STATES)).with_columns(
        amount_minor=at_rate(nw.col("factor"), state.settings.company.currency),
        overdue=overdue(nw.col("day")),
        sales_rep=nw.coalesce(nw.col("sales_rep"), nw.lit(UNASSIGNED)),
    )
    ways = with_journeys(states, journeys(state.table("spans"), latest))
    deals = ways.drop("opportunity_id", "holds", "factor").rename({"deal": "opportunity_id"})
    return Moments(state, state.kept("deals_at_moments", deals), undated=False)

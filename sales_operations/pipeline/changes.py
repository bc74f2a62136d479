"""What changed between two instants: the open pipeline at both, and buckets that add up to the difference, to the cent.

Each deal is in one bucket at the most. What happened to it is judged by its states at the two instants alone: first
whether it is gone, closed or new, then who holds it, then when it is due, then its forecast category, then its amount.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import narwhals as nw

from sales_operations.domain.clock import AsOf
from sales_operations.domain.errors import InvalidInput
from sales_operations.metrics.deals import IS_OPEN, category
from sales_operations.pipeline.face import Face, Result, instant_of
from sales_operations.pipeline.present import shown
from sales_operations.pipeline.scope import Scope

if TYPE_CHECKING:
    from sales_operations.pipeline.state import State

BUCKETS = {
    "created": "Deals that did not exist at the start.",
    "restored": "Deals that were deleted at the start.",
    "reopened": "Deals that were closed at the start.",
    "owner_in": "Deals that came from another rep, team or pipeline.",
    "pulled_in": "Deals whose close date moved into the period, from later or from earlier.",
    "category_in": "Deals that came into the forecast category.",
    "amount_up": "Deals that are worth more.",
    "amount_down": "Deals that are worth less.",
    "currency": "Deals whose own amount stayed, while its rate or its currency changed.",
    "category_out": "Deals that left the forecast category.",
    "pushed_out": "Deals whose close date moved out of the period, to later or to earlier.",
    "owner_out": "Deals that went to another rep, team or pipeline.",
    "deleted": "Deals that were deleted.",
    "lost": "Deals that were lost, at what they were worth at the start.",
    "won": "Deals that were won, at what they were worth at the start.",
}
"""Name to meaning, in the order in which they are shown. Amounts carry the sign with which they add up."""
DAYS = 7
"""So far back the start lies where nobody says when."""
_SHOWN = ("stage", "status", "sales_rep", "team", "close_date", "forecast_category", "amount")
_BOTH = ", ".join(
    f"{side}.{name} AS {name}_{when}" for side, when in (("a", "before"), ("b", "after")) for name in _SHOWN
)
_CHANGES = f"""
CREATE OR REPLACE TEMP TABLE changes AS
WITH a AS ({{start}}), b AS ({{end}})
SELECT coalesce(a.opportunity_id, b.opportunity_id) AS opportunity_id,
    CASE
        WHEN a.counted AND NOT b.counted THEN CASE
            WHEN b.deleted THEN 'deleted' WHEN b.status <> 'open' THEN b.status
            WHEN NOT b.held THEN 'owner_out' WHEN NOT b.due THEN 'pushed_out' ELSE 'category_out' END
        WHEN b.counted AND a.opportunity_id IS NULL THEN 'created'
        WHEN b.counted AND NOT a.counted THEN CASE
            WHEN a.deleted THEN 'restored' WHEN a.status <> 'open' THEN 'reopened'
            WHEN NOT a.held THEN 'owner_in' WHEN NOT a.due THEN 'pulled_in' ELSE 'category_in' END
        WHEN a.opportunity_id IS NULL AND b.held AND b.due AND NOT b.deleted AND b.status <> 'open' THEN 'between'
        WHEN NOT coalesce(b.counted, FALSE) THEN NULL
        WHEN a.worth = b.worth THEN 'unchanged'
        WHEN a.currency <> b.currency OR a.own_minor IS NOT DISTINCT FROM b.own_minor THEN 'currency'
        WHEN a.worth < b.worth THEN 'amount_up' ELSE 'amount_down'
    END AS bucket,
    coalesce(a.counted, FALSE) AS counted_before, coalesce(b.counted, FALSE) AS counted_after,
    CASE WHEN counted_before THEN a.worth ELSE 0 END AS worth_before,
    CASE WHEN counted_after THEN b.worth ELSE 0 END AS worth_after, {_BOTH}
FROM a FULL JOIN b ON a.opportunity_id = b.opportunity_id
"""
_AT = """SELECT count(*) FILTER (counted_{0}), sum(worth_{0}), count(*) FILTER (counted_{0} AND amount_{0} IS NULL)
FROM changes"""
_SUMS = "SELECT bucket, count(*), sum(worth_after - worth_before) FROM changes GROUP BY bucket"
_DEALS = """
SELECT c.* EXCLUDE (counted_before, counted_after), c.worth_after - c.worth_before AS change, o.name,
    coalesce(a.name, o.account_text) AS account_name
FROM changes c LEFT JOIN m_opportunities o ON o.id = c.opportunity_id LEFT JOIN m_accounts a ON a.id = o.account_id
WHERE c.bucket NOT IN ('unchanged', 'between') ORDER BY abs(change) DESC, opportunity_id
"""
_BETWEEN = """
SELECT status_after, count(*), sum(coalesce(amount_after, 0)) FROM changes WHERE bucket = 'between' GROUP BY status_after
"""


class PipelineChanges(Face):
    """Says how the open pipeline came from what it was to what it is."""

    async def compare(
        self,
        start: str | None = None,
        end: str | None = None,
        scope: Scope | None = None,
        known_at: str | None = None,
    ) -> Result:
        """``start`` and ``end`` (open pipeline at both), ``buckets`` (name, meaning, amount, count, deals) and more.

        The instants are dates or RFC 3339 instants; by default now and seven days before the end. Amounts are in major
        units of the company's currency, open deals at the rates of the day of each instant, unknown ones count 0.
        Raises InvalidInput for an end before the start and for a scope that no deal was ever in.
        """
        last = instant_of(self.workspace, end, "to")
        first = instant_of(self.workspace, _days_before(last) if start is None else start, "from")
        if first.micros > last.micros:
            raise InvalidInput(f"the end, {last.shown}, lies before the start, {first.shown}")
        return await self._look(last.shown, known_at, lambda state: compare(state, first, scope or Scope()))


def _days_before(last: AsOf) -> str:
    """The start, written as the end is: a date or an instant."""
    if len(last.shown) == len("2026-01-31"):
        return (last.day - timedelta(days=DAYS)).isoformat()
    return (last.instant - timedelta(days=DAYS)).isoformat()


def compare(end: State, first: AsOf, scope: Scope) -> Result:
    """The changes from an earlier instant to that of a state."""
    scope.check(end)
    currency = end.settings.company.currency
    end.db.execute(_CHANGES.format(start=_seen(end.seen_from(first), scope), end=_seen(end, scope)))
    sums = {bucket: (count, change) for bucket, count, change in end.db.execute(_SUMS).fetchall()}
    between = {status: (count, amount) for status, count, amount in end.db.execute(_BETWEEN).fetchall()}
    deals: dict[str, list[Result]] = {name: [] for name in BUCKETS}
    for row in end.rows(nw.from_native(end.db.sql(_DEALS))):
        deals[row["bucket"]].append(_deal(row, currency))
    buckets = [
        {"name": name, "meaning": meaning, **_worth(sums.get(name), currency), "deals": deals[name]}
        for name, meaning in BUCKETS.items()
    ]
    return {
        "from": first.shown,
        "to": end.at.shown,
        "known_at": end.seen["known_at"],
        "scope": scope.shown(),
        "currency": currency,
        "start": _pipeline(end, "before"),
        "end": _pipeline(end, "after"),
        "buckets": buckets,
        "unchanged": sums.get("unchanged", (0, 0))[0],
        "created_and_closed_between": {status: _worth(between.get(status), currency) for status in ("won", "lost")},
    }


def _seen(state: State, scope: Scope) -> str:
    """SQL for each deal's state at one instant: what it was, and whether and at what worth the scope counts it."""
    then = (nw.col("valid_from") <= nw.lit(state.until)) & (nw.col("valid_to") > nw.lit(state.until))
    deals = state.valued(state.intervals.filter(then)).with_columns(
        amount=nw.col("amount_minor"),
        forecast_category=category(state.pipelines),
        held=scope.held,
        due=scope.due,
    )
    counted = IS_OPEN & ~nw.col("deleted") & nw.col("held") & nw.col("due") & scope.categorised
    deals = deals.with_columns(worth=nw.coalesce(nw.col("amount"), nw.lit(0)), counted=counted)
    names = ("opportunity_id", "counted", "worth", "held", "due", "deleted", "own_minor", "currency", *_SHOWN)
    return str(nw.to_native(deals.select(*names)).sql_query())


def _pipeline(state: State, when: str) -> Result:
    [(count, worth, unknown)] = state.db.execute(_AT.format(when)).fetchall()
    return _worth((count, worth), state.settings.company.currency) | {"amount_unknown": unknown}


def _worth(found: tuple[int, int | None] | None, currency: str) -> Result:
    count, worth = found or (0, 0)
    return {"amount": shown(int(worth or 0), "money", currency), "count": count}


def _deal(row: Result, currency: str) -> Result:
    def state(when: str) -> Result | None:
        if row[f"stage_{when}"] is None:
            return None
        seen = {name: row[f"{name}_{when}"] for name in _SHOWN}
        dated = None if seen["close_date"] is None else seen["close_date"].isoformat()
        return seen | {"close_date": dated, "amount": shown(seen["amount"], "money", currency)}

    return {
        "opportunity_id": row["opportunity_id"],
        "name": row["name"],
        "account_name": row["account_name"],
        "change": shown(int(row["change"]), "money", currency),
        "before": state("before"),
        "after": state("after"),
    }

"""Won and open deals against the quotas: attainment and pace in the present periods, coverage of the coming quarters."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from sales_operations.domain.periods import MONTHS, Period
from sales_operations.metrics.attainment import (
    COVERAGE_OF_QUOTA,
    COVERAGE_OF_REMAINING_QUOTA,
    PROJECTED_ATTAINMENT,
    QUOTA_ATTAINMENT,
    QUOTA_PACE,
    QUOTA_REMAINING,
)
from sales_operations.metrics.deals import IS_WON
from sales_operations.metrics.metric import Frame
from sales_operations.metrics.value import (
    OPEN_AMOUNT,
    OPEN_AMOUNT_UNKNOWN,
    OPEN_DEALS,
    OPEN_WEIGHTED,
    WON_AMOUNT,
    WON_DEALS,
)
from sales_operations.pipeline.groups import head
from sales_operations.pipeline.present import figure, shown
from sales_operations.pipeline.state import State

AHEAD = 4
"""Periods that the coverage report looks at, the present one first."""
_WON = [WON_DEALS, WON_AMOUNT]
_OPEN = [OPEN_DEALS, OPEN_AMOUNT, OPEN_WEIGHTED, OPEN_AMOUNT_UNKNOWN]
_ATTAINED = [QUOTA_ATTAINMENT, QUOTA_PACE, QUOTA_REMAINING, PROJECTED_ATTAINMENT]
_COVERED = [COVERAGE_OF_QUOTA, COVERAGE_OF_REMAINING_QUOTA, QUOTA_REMAINING]
_RULES = {
    "won": "Deals won in the period, credited to the rep who owns them at as_of, and to that rep's team.",
    "total": "Over the reps that have a quota, or over the teams where only these have one.",
    "quota": "Quotas as last set, in the company's currency at the rate of the period's first day.",
}
_WHOLE = (
    "All deals of the company, of reps without a quota too, against the sum of the quotas; each rep against their own."
)


class Quotas:
    """The quotas of one period, and the deals that count towards them, by holder."""

    def __init__(self, state: State, period: Period) -> None:
        self.state, self.period = state, period
        self.elapsed = _elapsed(state, period)
        self.reps = self._of("user_id", "sales_rep")
        self.teams = self._of("team_id", "team")

    @property
    def holders(self) -> tuple[str, dict[str, int | None]]:
        """Column and quotas by holder that add up to the company's: those of reps, or of teams where no rep has one."""
        return ("sales_rep", self.reps) if self.reps else ("team", self.teams)

    def rows(self, column: str, quotas: dict[str, int | None]) -> dict[str, dict[str, Any]]:
        """Holder to the columns of the metrics, with ``quota`` and ``elapsed``."""
        if not quotas:
            return {}
        own, due_in = self._won(), self._due()
        if column == "team":
            teams = self.state.deals.select("opportunity_id", "team")
            own, due_in = (deals.join(teams, on="opportunity_id", how="left") for deals in (own, due_in))
        won = self.state.measured_by(own, _WON, column)
        due = self.state.measured_by(due_in, _OPEN, column)
        nothing = self.state.measured(self.state.journeyed.head(0), [*_WON, *_OPEN])
        return {
            name: nothing | won.get(name, {}) | due.get(name, {}) | {"quota": quota, "elapsed": self.elapsed}
            for name, quota in sorted(quotas.items())
        }

    def total(self, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """The sum of such rows; the quota is unknown where that of any holder is, or there is none."""
        names = [metric.name for metric in (*_WON, *_OPEN)]
        quotas = [row["quota"] for row in rows.values()]
        quota = None if not quotas or None in quotas else sum(quotas)
        added = {name: sum(row[name] for row in rows.values()) for name in names}
        return added | {"quota": quota, "elapsed": self.elapsed}

    def whole(self, quota: int | None) -> dict[str, Any]:
        """All deals of the company against a quota."""
        row = self.state.measured(self._won(), _WON) | self.state.measured(self._due(), _OPEN)
        return row | {"quota": quota, "elapsed": self.elapsed}

    def _of(self, key: str, name: str) -> dict[str, int | None]:
        """Holder to quota in minor units; None where a quota's currency has no rate."""
        called = nw.col("period").str.to_lowercase()
        here = called.is_in(self.period.names)
        begun = nw.col("period_start") == nw.lit(self.period.start)
        set_ = self.state.table("quotas").filter(here, begun, ~nw.col(key).is_null())
        if key == "team_id":  # a rep's own quota may name the team as well
            set_ = set_.filter(nw.col("user_id").is_null())
        names = self.state.table("users").select(key, holder=name).unique()
        sums = set_.group_by(key).agg(
            quota=nw.col("amount_minor").sum(), unknown=nw.col("amount_minor").is_null().any()
        )
        rows = self.state.rows(sums.join(names, on=key, how="left"))
        return {row["holder"] or row[key]: None if row["unknown"] else row["quota"] for row in rows}

    def _won(self) -> Frame:
        after = self.state.start_of(self.period.shifted(1).start)
        start = self.state.start_of(self.period.start)
        closed = self.state.closed_since(start, after if after <= self.state.until else None)
        return closed.filter(IS_WON)

    def _due(self) -> Frame:
        due = nw.col("close_date").is_between(nw.lit(self.period.start), nw.lit(self.period.end))
        return self.state.open.filter(due)


def quota_attainment(state: State) -> dict[str, Any]:
    """For each present period that quotas are set for: won, remaining, pace and projection, in total, by rep and team."""
    periods: list[dict[str, Any]] = []
    for period in _present_periods(state):
        quotas = Quotas(state, period)
        column, held = quotas.holders
        if not held:
            continue
        total = quotas.total(quotas.rows(column, held))
        periods.append(
            {
                "period": period.label,
                "elapsed": quotas.elapsed,
                "total": _attained(total, state) | {"over": column},
                "sales_reps": _listed(quotas, "sales_rep", quotas.reps),
                "teams": _listed(quotas, "team", quotas.teams),
            }
        )
    deals = sum(one["total"]["won_deals"] for one in periods)
    return head(state, deals, [*_ATTAINED], **_RULES) | {"periods": periods}


def coverage(state: State) -> dict[str, Any]:
    """For the present quarter and the three after it, and for each rep now: open pipeline due, against the quota.

    Months or years take the place of quarters where only such quotas are set. ``quota`` and what hangs on it are None
    where none is.
    """
    kind = _kind_of_quotas(state)
    now = state.period(kind)
    entries = []
    for step in range(AHEAD):
        quotas = Quotas(state, now.shifted(step))
        _, held = quotas.holders
        quota = None if not held or None in held.values() else sum(value or 0 for value in held.values())
        entries.append({"period": quotas.period.label} | _covered(quotas.whole(quota), state))
    present = Quotas(state, now)
    column, held = present.holders
    rows = present.rows(column, held)
    deals = sum(entry["open_deals"] for entry in entries)
    told = {"periods": _WHOLE, "quota": _RULES["quota"]}
    return head(state, deals, [OPEN_AMOUNT, OPEN_WEIGHTED, *_COVERED], **told) | {
        "periods": entries,
        "by": column,
        "holders": [{"name": name} | _covered(row, state) for name, row in rows.items()],
    }


def _present_periods(state: State) -> list[Period]:
    return [state.period(kind) for kind in MONTHS]


def _kind_of_quotas(state: State) -> str:
    """The kind of period that quotas are set for now; quarter before month before year, and quarter where none are."""
    found = [period.name for period in _present_periods(state) if Quotas(state, period).holders[1]]
    return min(found, key=("quarter", "month", "year").index, default="quarter")


def _elapsed(state: State, period: Period) -> float:
    start, after = state.start_of(period.start), state.start_of(period.shifted(1).start)
    return min(max((state.until - start) / (after - start), 0.0), 1.0)


def _listed(quotas: Quotas, column: str, held: dict[str, int | None]) -> list[dict[str, Any]]:
    return [{column: name} | _attained(row, quotas.state) for name, row in quotas.rows(column, held).items()]


def _attained(row: dict[str, Any], state: State) -> dict[str, Any]:
    return {
        "quota": shown(row["quota"], "money", state.settings.company.currency),
        "won_deals": figure(WON_DEALS, row, state),
        "won_amount": figure(WON_AMOUNT, row, state),
        "remaining": figure(QUOTA_REMAINING, row, state),
        "attainment": figure(QUOTA_ATTAINMENT, row, state),
        "pace": figure(QUOTA_PACE, row, state),
        "open_due_amount": figure(OPEN_AMOUNT, row, state),
        "open_due_weighted": figure(OPEN_WEIGHTED, row, state),
        "projected_attainment": figure(PROJECTED_ATTAINMENT, row, state),
    }


def _covered(row: dict[str, Any], state: State) -> dict[str, Any]:
    return {
        "quota": shown(row["quota"], "money", state.settings.company.currency),
        "won_amount": figure(WON_AMOUNT, row, state),
        "remaining": figure(QUOTA_REMAINING, row, state),
        "open_deals": figure(OPEN_DEALS, row, state),
        "open_amount": figure(OPEN_AMOUNT, row, state),
        "open_weighted": figure(OPEN_WEIGHTED, row, state),
        "amount_unknown": figure(OPEN_AMOUNT_UNKNOWN, row, state),
        COVERAGE_OF_QUOTA.name: figure(COVERAGE_OF_QUOTA, row, state),
        COVERAGE_OF_REMAINING_QUOTA.name: figure(COVERAGE_OF_REMAINING_QUOTA, row, state),
    }

"""How far the data can be trusted: what is missing, past, standing still or twice, and how much money that touches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from sales_operations.metrics.deals import IS_LOST, IS_OPEN, probability
from sales_operations.metrics.metric import Frame
from sales_operations.metrics.value import AMOUNT, DEALS, WEIGHTED_AMOUNT
from sales_operations.pipeline.groups import head
from sales_operations.pipeline.present import deal, figure, share, shown, top_rows
from sales_operations.pipeline.state import UNASSIGNED, State
from sales_operations.pipeline.watch import Watch
from sales_operations.pipeline.window import WINDOW_DAYS

LISTED = 20
"""At most this many deals are listed with a check; its ``count`` tells how many there are."""
NO_REASON = ("", "not_given", "not given", "unknown", "none", "n/a", "other")
"""Loss reasons, in small letters, that are none."""
_WEIGHTED, _AMOUNT, _ESTIMATE = "weighted_amount", "amount", "probability_x_median_amount"


@dataclass(frozen=True)
class _Check:
    name: str
    meaning: str
    fails: nw.Expr
    priced_by: str = _WEIGHTED
    """``weighted_amount``, ``amount`` (closed deals weigh nothing), or an estimate where the amount itself is missing."""
    known: bool = True
    """Whether it can be judged at all."""


def _checks(watch: Watch) -> Iterator[_Check]:
    yield _Check(
        "amount_missing",
        "Open deals without an amount, or without a rate for its currency; priced at the median amount of open deals.",
        nw.col("amount_minor").is_null(),
        _ESTIMATE,
    )
    yield _Check("close_date_missing", "Open deals without a close date.", nw.col("close_date").is_null())
    yield _Check("close_date_past", "Open deals whose close date has passed.", nw.col("overdue"))
    yield _Check(
        "stale",
        "Open deals that have been in their stage longer than nine of ten won deals were.",
        nw.col("stale"),
        known=watch.has_limits,
    )
    yield _Check("owner_missing", "Open deals that belong to nobody.", nw.col("sales_rep") == UNASSIGNED)
    yield _Check("account_missing", "Open deals without an account.", nw.col("account").is_null())
    yield _Check(
        "duplicate",
        "Open deals of one account with the same amount and product as another: likely the same deal twice.",
        nw.col("twins") > 1,
    )


def data_quality(state: State) -> dict[str, Any]:
    """For each check: how many deals fail it, out of how many, and the money that these touch; and over all checks once.

    ``share`` and the counts are None where a check cannot be judged. ``lost_without_reason`` looks at the deals lost in
    the window, all others at the open ones.
    """
    watch = Watch(state)
    deals = state.kept("checked_deals", _with_records(state, watch))
    number = state.measured(deals, [DEALS])[DEALS.name]
    median = state.rows(deals.select(median=nw.col("amount_minor").median()))[0]["median"]
    checks = list(_checks(watch))
    entries = [_entry(state, check, deals, number, median) for check in checks]
    any_fails = nw.lit(False)
    for check in checks:
        any_fails = any_fails | nw.coalesce(check.fails, nw.lit(False))
    troubled = state.measured(deals.filter(any_fails), [DEALS, AMOUNT, WEIGHTED_AMOUNT])
    unexplained = _Check(
        "lost_without_reason",
        f"Deals lost in the last {WINDOW_DAYS} days without a reason; priced at their amount.",
        nw.coalesce(nw.col("loss_reason").str.to_lowercase().is_in(NO_REASON), nw.lit(True)),
        _AMOUNT,
    )
    reasons = state.table("m_opportunities").select("loss_reason", opportunity_id="id")
    lost = state.closed_within(WINDOW_DAYS).filter(IS_LOST).join(reasons, on="opportunity_id", how="left")
    lost_number = state.measured(lost, [DEALS])[DEALS.name]
    entries.append(_entry(state, unexplained, lost, lost_number, None))
    defined = {check.name: check.meaning for check in (*checks, unexplained)}
    return head(state, number, [WEIGHTED_AMOUNT], **defined) | {
        "open_deals_with_a_problem": share(troubled[DEALS.name], number)
        | {
            "count": troubled[DEALS.name],
            "amount": figure(AMOUNT, troubled, state),
            "weighted_amount": figure(WEIGHTED_AMOUNT, troubled, state),
        },
        "checks": entries,
    }


def _with_records(state: State, watch: Watch) -> Frame:
    """The watched open deals with ``account``, ``chance`` and ``twins``: how many there are of the same kind."""
    account = nw.coalesce(nw.col("account_id"), nw.col("account_text"))
    known = state.table("m_opportunities").select("product", opportunity_id="id", account=account)
    chances = state.deals.filter(IS_OPEN).select("opportunity_id", chance=probability(state.pipelines))
    deals = watch.deals.join(known, on="opportunity_id", how="left").join(chances, on="opportunity_id", how="left")
    same = ["account", "amount_minor", "product"]
    whole = ~nw.col("account").is_null() & ~nw.col("amount_minor").is_null()
    twins = nw.when(whole).then(nw.len().over(*same)).otherwise(nw.lit(1))
    return deals.with_columns(twins=twins)


def _entry(state: State, check: _Check, deals: Frame, number: int, median: float | None) -> dict[str, Any]:
    told = {"check": check.name, "meaning": check.meaning, "n": number, "priced_by": check.priced_by}
    if not check.known:
        return told | {"count": None, "share": None, "priced": None, "deals": []}
    failing = deals.filter(check.fails)
    row = state.measured(failing, [DEALS, AMOUNT, WEIGHTED_AMOUNT])
    count = row[DEALS.name]
    priced: Any = figure(WEIGHTED_AMOUNT, row, state)
    if check.priced_by == _AMOUNT:
        priced = figure(AMOUNT, row, state)
    elif check.priced_by == _ESTIMATE:
        priced = 0 if not count else None
        if count and median is not None:
            chances = state.rows(failing.select(chances=nw.col("chance").sum()))[0]["chances"]
            priced = shown(round(chances * median), "money", state.settings.company.currency)
    listed = [deal(one, state) for one in top_rows(state, failing, LISTED)]
    return told | {"count": count, "share": count / number if number else None, "priced": priced, "deals": listed}

"""By what the deals are told apart: rep, team and pipeline as they were, source, product and segment as they stand."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw

from sales_operations.domain.errors import InvalidInput
from sales_operations.domain.periods import Period
from sales_operations.metrics.metric import Frame
from sales_operations.pipeline.state import UNASSIGNED, State
from sales_operations.pipeline.window import Window

_THEN, _NOW = ("sales_rep", "team", "pipeline"), ("lead_source", "product", "segment")
MONTH = "month"
DIMENSIONS = (*_THEN, *_NOW, MONTH)
UNKNOWN = "unknown"
"""The group of the deals that have no value."""
NOTES = {
    **dict.fromkeys(_THEN, "Each deal counts under the value that it had at as_of."),
    **dict.fromkeys(
        _NOW, "Each deal counts under the value in its present record: changes of it are not kept in its history."
    ),
    "team": "Each deal counts under the present team of the rep that it had at as_of.",
    "product": "Each deal counts under the product in its present record, not its line items; changes of it are not kept.",
    "segment": "Each deal counts under the segment in the present record of its account; changes of it are not kept.",
    MONTH: "Each deal counts in the month of its closing, in the company's time zone; open deals are those at its end.",
}
"""Dimension to what its values are."""


def check(by: str) -> None:
    """Raise InvalidInput for a dimension that does not exist."""
    if by not in DIMENSIONS:
        raise InvalidInput(f"by: dimension {by!r} does not exist; use one of {', '.join(DIMENSIONS)}")


def grouped(state: State, deals: Frame, by: str) -> Frame:
    """Journeyed deals with their value of a dimension, other than the month, as ``group``; never null."""
    if by == "sales_rep":
        return deals.with_columns(group=nw.coalesce(nw.col("sales_rep"), nw.lit(UNASSIGNED)))
    if by in _THEN:
        values = state.deals.select("opportunity_id", group=nw.col(by))
    else:
        values = state.table("m_opportunities").select("id", "account_id", "lead_source", "product")
        if by == "segment":
            segments = state.table("m_accounts").select("segment", account_id="id")
            values = values.join(segments, on="account_id", how="left")
        values = values.select(opportunity_id="id", group=nw.col(by))
    labelled = deals.join(values, on="opportunity_id", how="left")
    return labelled.with_columns(group=nw.coalesce(nw.col("group"), nw.lit(UNKNOWN)))


def by_month(deals: Frame, months: Sequence[tuple[Period, Window]]) -> Frame:
    """Deals closed in these months, with the label of the month as ``group``."""
    label: nw.Expr = nw.lit(None, nw.String)
    for month, window in months:
        label = nw.when(nw.col("closed_at") >= nw.lit(window.start)).then(nw.lit(month.label)).otherwise(label)
    return deals.with_columns(group=label).filter(~nw.col("group").is_null())

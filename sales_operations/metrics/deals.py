"""The frame of deals that the metrics are asked of: one row per deal, in its state at one instant.

Columns that come in: opportunity_id, pipeline, pipeline_stage, stage (one of the six), status (open, won, lost),
amount_minor (whole minor units of the company's currency, null where unknown; open deals ``at_rates``), probability
(0..1, null where unknown), forecast_category (null where unknown), close_date, sales_rep.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import narwhals as nw

from sales_operations.domain.stages import DEFAULT_PROBABILITIES, OpportunityStage, Pipeline
from sales_operations.metrics.metric import Frame

OPEN_STAGES = tuple(stage.value for stage in OpportunityStage if not stage.is_closed)
"""The stages of open deals, in order."""

WEIGHT_STEPS = 1000
"""Weighted money is counted in thousandths of a minor unit: whole numbers, so that groups add up exactly, and fine
enough that a million deals stay within a cent of the exact sum. 2**53 minor units still fit 64 bits."""

IS_OPEN = nw.col("status") == "open"
IS_WON = nw.col("status") == "won"
IS_LOST = nw.col("status") == "lost"


def whole(condition: nw.Expr) -> nw.Expr:
    """1 where a condition holds, 0 where it does not."""
    return condition.cast(nw.Int64)


def only(condition: nw.Expr, value: nw.Expr) -> nw.Expr:
    """A value where a condition holds, null elsewhere."""
    return nw.when(condition).then(value)


def probability(pipelines: Iterable[Pipeline]) -> nw.Expr:
    """Each deal's probability; where it is unknown, the one that its pipeline's stage is configured with."""
    default: nw.Expr = nw.lit(0.0)
    for canonical, chance in DEFAULT_PROBABILITIES.items():
        if not chance:
            continue
        default = nw.when(nw.col("stage") == canonical.value).then(nw.lit(chance)).otherwise(default)
    for pipeline in pipelines:
        for own in pipeline.stages:
            if own.probability != DEFAULT_PROBABILITIES[own.canonical]:
                here = (nw.col("pipeline") == pipeline.name) & (nw.col("pipeline_stage") == own.name)
                default = nw.when(here).then(nw.lit(own.probability)).otherwise(default)
    return nw.coalesce(nw.col("probability"), default)


def category(pipelines: Iterable[Pipeline]) -> nw.Expr:
    """Each deal's forecast category; where it is unknown, the one that its pipeline's stage is configured with."""
    default: nw.Expr = nw.lit(None, nw.String)
    for pipeline in pipelines:
        for own in pipeline.stages:
            here = (nw.col("pipeline") == pipeline.name) & (nw.col("pipeline_stage") == own.name)
            default = nw.when(here).then(nw.lit(own.category)).otherwise(default)
    return nw.coalesce(nw.col("forecast_category"), default)


def at_rates(factors: Mapping[str, float], company: str) -> nw.Expr:
    """Amounts of open deals at the rates of one day; closed ones keep that of their closing.

    ``factors``: currency to what one minor unit of it is worth in the company's; a currency without one is unknown.
    ``own_minor`` and ``currency`` hold the deal's own amount. Halves are rounded up, because engines differ in them.
    """
    factor: nw.Expr = nw.lit(None, nw.Float64)
    for currency, worth in factors.items():
        factor = nw.when(nw.col("currency") == currency).then(nw.lit(worth)).otherwise(factor)
    return at_rate(factor, company)


def at_rate(factor: nw.Expr, company: str) -> nw.Expr:
    """The same with each deal's own factor, null where it is unknown."""
    abroad = (nw.col("own_minor").cast(nw.Float64) * factor + 0.5).floor().cast(nw.Int64)
    at_home = nw.col("currency").is_null() | (nw.col("currency") == company)
    return nw.when(~IS_OPEN | at_home).then(nw.col("amount_minor")).otherwise(abroad)


def weighted(chance: nw.Expr) -> nw.Expr:
    """Amount x probability of a deal, in whole thousandths of a minor unit, half up; null where the amount is unknown.

    Half up as a floor, because the engines' own rounding of halves differs.
    """
    return (nw.col("amount_minor").cast(nw.Float64) * chance * float(WEIGHT_STEPS) + 0.5).floor().cast(nw.Int64)


def overdue(day: nw.Expr) -> nw.Expr:
    """Whether an open deal's close date lies before a day."""
    return IS_OPEN & nw.coalesce(nw.col("close_date") < day, nw.lit(False))


def with_measures(deals: Frame, pipelines: Iterable[Pipeline], day: date) -> Frame:
    """The deals with what several metrics need: ``weighted``, ``close_month``, ``overdue``.

    ``close_month`` is year x 12 + month - 1; ``overdue`` says that an open deal's close date lies before ``day``.
    """
    close = nw.col("close_date")
    return deals.with_columns(
        weighted=weighted(probability(pipelines)),
        close_month=close.dt.year() * 12 + close.dt.month() - 1,
        overdue=overdue(nw.lit(day)),
    )

"""The key figures of a span of time, held against their targets and against the span before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import narwhals as nw

from sales_operations.domain.clock import AsOf, day_of, iso, to_micros
from sales_operations.domain.periods import Period
from sales_operations.metrics.conversion import CLOSED_DEALS, WIN_RATE_BY_COUNT
from sales_operations.metrics.deals import IS_OPEN
from sales_operations.metrics.health import COVERAGE_OF_RUN_RATE
from sales_operations.metrics.metric import Metric, Unit
from sales_operations.metrics.productivity import REPS, WON_DEALS_PER_REP
from sales_operations.metrics.value import (
    DEAL_SIZE,
    OPEN_AMOUNT,
    OPEN_AMOUNT_UNKNOWN,
    OPEN_DEALS,
    SIZED_WON_DEALS,
    WON_AMOUNT,
)
from sales_operations.metrics.velocity import CYCLE_LENGTH, TIMED_WON_DEALS
from sales_operations.pipeline.present import LEVEL, shown, win_rate
from sales_operations.pipeline.reports import RUN_RATE_DAYS
from sales_operations.pipeline.samples import samples
from sales_operations.pipeline.state import UNASSIGNED, State
from sales_operations.pipeline.window import Window, window_of

DAYS_A_MONTH = 365.25 / 12
_FORECAST = "forecast_accuracy"


@dataclass(frozen=True)
class Measured:
    """A figure over ``n`` deals, reps or forecasts: ``why`` it is unknown, where it is; its interval, where it has one."""

    value: float | None
    n: int
    why: str | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Kpi:
    """How a figure is measured: ``of`` counts what; ``below`` says that less is better."""

    unit: Unit
    of: str
    definition: str
    measure: Callable[[State, Window], Measured]
    below: bool = False


def scorecard(state: State, period: Period | None, forecast: Mapping[str, Any] | None) -> dict[str, Any]:
    """The result of ``PipelineKpis.scorecard`` for a state."""
    window = window_of(state, period)
    before = window.before(state)
    targets = state.settings.pipeline_management.kpi_targets.model_dump()
    kpis = [_forecast_accuracy(forecast, targets[_FORECAST])]
    for name, kpi in _KPIS.items():
        kpis.append(_held(name, kpi, targets[name], kpi.measure(state, window), kpi.measure(state, before)))
    deals = state.measured(window.closed(state), [CLOSED_DEALS])[CLOSED_DEALS.name]
    deals_before = state.measured(before.closed(state), [CLOSED_DEALS])[CLOSED_DEALS.name]
    description = f"deals closed in {before.period.label}" if before.period else "deals closed in the same span before"
    return {
        "kpis": kpis,
        "met": sum(kpi["met"] is True for kpi in kpis),
        "unknown": sum(kpi["met"] is None for kpi in kpis),
        "window": window.shown(state, deals),
        "before": {"description": description, "days": before.days, "deals": deals_before},
        "level": LEVEL,
        "currency": state.settings.company.currency,
        **state.seen,
        "calculated_at": state.made_at,
    }


def _held(name: str, kpi: Kpi, target: float, now: Measured, before: Measured) -> dict[str, Any]:
    sign = -1 if kpi.below else 1
    change = None if now.value is None or before.value is None else now.value - before.value
    bounds = None if now.low is None or now.high is None else (now.low, now.high)
    earlier = None if before.low is None or before.high is None else (before.low, before.high)
    return {
        "name": name,
        "value": now.value,
        "low": now.low,
        "high": now.high,
        "unit": kpi.unit,
        "n": now.n,
        "of": kpi.of,
        "target": target,
        "better": "below" if kpi.below else "above",
        "met": None if now.value is None else (now.value - target) * sign > 0,
        "target_outside_interval": None if bounds is None else not bounds[0] <= target <= bounds[1],
        "unknown_because": now.why,
        "before": {"value": before.value, "low": before.low, "high": before.high, "n": before.n},
        "change": change,
        "trend": None if change is None else "level" if not change else "better" if change * sign > 0 else "worse",
        "intervals_apart": bounds[0] > earlier[1] or earlier[0] > bounds[1] if bounds and earlier else None,
        "definition": kpi.definition,
    }


def _forecast_accuracy(forecast: Mapping[str, Any] | None, target: float) -> dict[str, Any]:
    basis = (forecast or {}).get("confidence_basis") or {}
    wape, origins = basis.get("wape"), basis.get("origins", 0)
    what = (
        f"the {forecast['method']} forecasts of the last {origins} {forecast['period']}s" if forecast else "forecasts"
    )
    definition = (
        f"1 - the sum of the absolute errors of {what} over what was won in them; each forecast made from what was known "
        "at the same point of its own period."
    )
    if forecast is None:
        why = "no forecast was asked for"
    else:
        why = str(forecast.get("refused") or "no forecast of an earlier period could be judged")
    now = Measured(None if wape is None else max(0.0, 1 - wape), origins, why if wape is None else None)
    kpi = Kpi("share", "forecasts", definition, lambda state, window: now)
    return _held(_FORECAST, kpi, target, now, Measured(None, 0, "earlier accuracy is not kept"))


def _coverage(state: State, window: Window) -> Measured:
    end = window.end - timedelta(microseconds=1)
    opened = state.open if end == state.until else state.seen_from(_instant(state, window)).deals.filter(IS_OPEN)
    row = state.measured(opened, [OPEN_AMOUNT, OPEN_DEALS, OPEN_AMOUNT_UNKNOWN])
    won = state.closed_since(window.end - timedelta(days=RUN_RATE_DAYS), window.end)
    row |= state.measured(won, [WON_AMOUNT])
    value = COVERAGE_OF_RUN_RATE.read(row)
    nothing_won = f"nothing was won in the {RUN_RATE_DAYS} days up to the end"
    why = "no open deal has an amount" if row[WON_AMOUNT.name] else nothing_won
    return Measured(value, row[OPEN_DEALS.name], why if value is None else None)


def _instant(state: State, window: Window) -> AsOf:
    micros = to_micros(window.end.replace(tzinfo=state.at.instant.tzinfo)) - 1
    return AsOf(micros, iso(micros), day_of(micros, state.settings.company.timezone))


def _win_rate(state: State, window: Window) -> Measured:
    rate = win_rate(state.measured(window.closed(state), [WIN_RATE_BY_COUNT]))
    why = None if rate["n"] else "no deal was closed"
    return Measured(rate["value"], rate["n"], why, rate["low"], rate["high"])


def _mean(metric: Metric, counted: Metric, of: str, state: State, window: Window) -> Measured:
    closed = window.closed(state)
    row = state.measured(closed, [metric, counted])
    sample = samples(closed)[None]
    interval = sample.size if metric is DEAL_SIZE else sample.cycle_length
    currency = state.settings.company.currency
    value, low, high = (shown(one, metric.unit, currency) for one in (metric.read(row), *(interval or (None, None))))
    return Measured(value, row[counted.name], None if value is not None else f"no deal was won {of}", low, high)


def _per_rep(state: State, window: Window) -> Measured:
    closed = nw.col("closed_at")
    here = (closed >= nw.lit(window.start)) & (closed < nw.lit(window.end))
    at_work = (nw.col("opened_at") < nw.lit(window.end)) & (closed.is_null() | (closed >= nw.lit(window.start)))
    deals = state.journeyed.filter(at_work, nw.col("sales_rep") != UNASSIGNED)
    row = state.measured(deals.with_columns(closed_here=nw.coalesce(here, nw.lit(False))), [WON_DEALS_PER_REP])
    won = WON_DEALS_PER_REP.read(row)
    if won is None:
        return Measured(None, 0, "no sales rep had a deal")
    return Measured(won / (window.days / DAYS_A_MONTH), row[REPS])


_KPIS: dict[str, Kpi] = {
    "pipeline_coverage": Kpi(
        "times",
        "open deals",
        f"{COVERAGE_OF_RUN_RATE.name}: the open pipeline at the end of the span over the amount won in the {RUN_RATE_DAYS} "
        "days up to it.",
        _coverage,
    ),
    "sales_cycle_days": Kpi(
        "days",
        "won deals",
        CYCLE_LENGTH.meaning,
        partial(_mean, CYCLE_LENGTH, TIMED_WON_DEALS, "whose opening is known"),
        below=True,
    ),
    "win_rate": Kpi("share", "closed deals", WIN_RATE_BY_COUNT.meaning, _win_rate),
    "deal_size": Kpi(
        "money", "won deals", DEAL_SIZE.meaning, partial(_mean, DEAL_SIZE, SIZED_WON_DEALS, "with a known amount")
    ),
    "won_deals_per_rep_month": Kpi(
        "deals",
        "reps",
        f"{WON_DEALS_PER_REP.meaning[:-1]}; divided by the months of {DAYS_A_MONTH:.2f} days in the span.",
        _per_rep,
    ),
}
